/** What every attack of the catalogue keeps to. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Attack, type AttackResult, attack, catalogue, type NormName, norms, row } from "../../src/attack/index.ts";
import { seedKey, type Tensor, uniform } from "../../src/base/index.ts";
import { type GradientModel, labelModel, openClassifier, scoreModel } from "../../src/model/index.ts";
import { dense, flatten, inferenceGraph, relu, sequential } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";

const run = { threads: 1 } as const;
const [N, D, K] = [12, 36, 4];
const layer = sequential(flatten(), dense(20), relu(), dense(K))([1, 6, 6], seedKey(3));
const x: Tensor<"float32"> = { dtype: "float32", shape: [N, 1, 6, 6], data: uniform(seedKey(4), N * D) };
/** Features that may not change. */
const FIXED = [0, 1, 2, 3, 4, 5];
const EPSILON: Readonly<Record<NormName, number>> = { linf: 0.1, l2: 0.6, l1: 2, l0: 5 };

let model: GradientModel;
/** The same of data from 0 to 255: it divides by 255 first. */
let wide: GradientModel;
let labels: Int32Array;
beforeAll(async () => {
  const file = write(inferenceGraph(layer, layer.params));
  model = await openClassifier(file, run);
  wide = await openClassifier(file, { ...run, preprocessing: { scale: 1 / 255 } });
  // its own answers, so that every sample is attacked; but for one clean error
  labels = await model.labels(x);
  labels[5] = (labels[5]! + 1) % K;
});
afterAll(async () => {
  await model.release();
  await wide.release();
});

/** Each attack with little to do, in each of its norms. */
const rows = Object.entries(catalogue).flatMap(([name, { make, takes }]) => {
  const small = make({ ...(takes.includes("steps") && { steps: 6 }), ...(takes.includes("queries") && { queries: 120 }) });
  return small.norms.map((norm) => [name, norm, small] as const);
});

const attacked = (chosen: Attack, norm: NormName, options: object = {}): Promise<AttackResult> =>
  attack(model as never, { x, labels }, { ...run, attack: chosen as never, norm: norms[norm], epsilon: EPSILON[norm], ...options });

describe.each(rows)("%s in %s", (_, norm, chosen) => {
  test("stays legal; its successes are the file's own answers; a clean error is not attacked", async () => {
    const result = await attacked(chosen, norm);
    const answers = await model.labels(result.adversarial);
    for (const s of result.samples) {
      const [mine, clean] = [row(result.adversarial, s.index), row(x, s.index)];
      expect(mine.every((v) => v >= 0 && v <= 1)).toBe(true);
      const distance = norms[norm].distance(Float64Array.from(mine, (v, j) => v - clean[j]!));
      if (chosen.kind === "bounded") expect(distance).toBeLessThanOrEqual(EPSILON[norm]);
      if (s.success) {
        expect(answers[s.index]).not.toBe(s.label);
        expect(answers[s.index]).toBe(s.adversarialPredicted);
        expect(s.distance).toBeCloseTo(distance, 9);
        if (chosen.kind !== "own") expect(s.distance).toBeLessThanOrEqual(EPSILON[norm]);
      } else if (chosen.kind === "bounded") expect(answers[s.index]).toBe(s.label);
      if (s.predicted !== s.label) expect(s).toMatchObject({ index: 5, success: true, distance: 0, forwards: 0, backwards: 0 });
      else expect(s.forwards + s.backwards).toBeGreaterThan(0);
      if (chosen.access !== "gradient") expect(s.backwards).toBe(0);
    }
    expect(result.gradientEvaluations).toBe(result.samples.reduce((n, s) => n + s.backwards, 0));
  });

  test("finds the same again, whatever the batch", async () => {
    const [all, some, again] = [
      await attacked(chosen, norm, { batch: N }),
      await attacked(chosen, norm, { batch: 5 }),
      await attacked(chosen, norm, { batch: N }),
    ];
    expect(again.samples).toEqual(all.samples);
    expect(again.adversarial.data).toEqual(all.adversarial.data);
    // what is found for all samples at once takes all at once
    expect(some.samples.map((s) => s.success)).toEqual(all.samples.map((s) => s.success));
    for (const [i, s] of some.samples.entries()) expect(s.distance).toBeCloseTo(all.samples[i]!.distance!, 3);
  });

  if (chosen.kind !== "own")
    test("leaves fixed features alone, and takes whole steps where it must", async () => {
      const step = 1 / 16;
      const onGrid = { ...x, data: x.data.map((v) => Math.round(v / step) * step) };
      const right = await model.labels(onGrid);
      const { adversarial, samples } = await attack(
        model as never,
        { x: onGrid, labels: right },
        { ...run, attack: chosen as never, norm: norms[norm], epsilon: 2 * EPSILON[norm], constraints: { fixed: FIXED, step } },
      );
      for (const { index } of samples) {
        const [mine, clean] = [row(adversarial, index), row(onGrid, index)];
        for (const j of FIXED) expect(mine[j]).toBe(clean[j]);
        for (const v of mine) expect(Math.abs(v / step - Math.round(v / step))).toBeLessThan(1e-4);
      }
    });

  if (chosen.kind === "bounded")
    test("with ε = 0 changes nothing", async () => {
      const { adversarial, robustAccuracy, cleanAccuracy } = await attacked(chosen, norm, { epsilon: 0 });
      expect(adversarial.data).toEqual(x.data);
      expect(robustAccuracy).toBe(cleanAccuracy);
    });

  if (chosen.targets)
    test("reaches a target, or it is no success", async () => {
      const targets = labels.map((y) => (y + 1) % K);
      const { samples, adversarial } = await attacked(chosen, norm, { targets });
      const answers = await model.labels(adversarial);
      for (const s of samples) {
        expect(s.success).toBe(
          s.adversarialPredicted === targets[s.index] && (chosen.kind === "own" || s.distance! <= EPSILON[norm] * (1 + 1e-9)),
        );
        if (s.success) expect(answers[s.index]).toBe(targets[s.index]);
      }
    });

  test("asks a model for no more than it says", async () => {
    const by = { classes: K, inputShape: [1, 6, 6] };
    const mute = labelModel(by, (z) => model.labels(z));
    const told = scoreModel(by, (z) => model.scores(z));
    const options = { ...run, attack: chosen as never, norm: norms[norm], epsilon: EPSILON[norm] };
    for (const [access, less] of [
      ["labels", mute],
      ["scores", told],
    ] as const) {
      const enough =
        chosen.access === "labels" ||
        (chosen.access === "scores" && access === "scores") ||
        (chosen.access === "logits" && access === "scores");
      const found = attack(less as never, { x, labels }, options).then(
        (r) => r.n,
        (e) => e.code,
      );
      expect(await found).toBe(enough ? N : "attack-access");
    }
  });
});

describe.each(
  Object.entries(catalogue).flatMap(([name, { make, takes }]) => {
    const enough = make({ ...(takes.includes("steps") && { steps: 10 }), ...(takes.includes("queries") && { queries: 600 }) });
    return enough.norms.map((norm) => [name, norm, enough] as const);
  }),
)("%s in %s", (_, norm, chosen) => {
  test("finds of data from 0 to 255 what it finds of data from 0 to 1", async () => {
    const times = (v: Tensor<"float32">) => ({ ...v, data: v.data.map((c) => 255 * c) });
    // counts do not grow
    const factor = norm === "l0" ? 1 : 255;
    const epsilon = 1.5 * EPSILON[norm];
    const options = { ...run, attack: chosen as never, norm: norms[norm] };
    const small = await attack(model as never, { x, labels }, { ...options, epsilon });
    const large = await attack(wide as never, { x: times(x), labels }, { ...options, epsilon: factor * epsilon, range: [0, 255] });
    expect(small.samples.some((s) => s.success && s.distance! > 0)).toBe(true);
    const differing = small.samples.filter((s, i) => {
      const other = large.samples[i]!;
      const [a, b] = [s.distance!, other.distance! / factor];
      return s.success !== other.success || (chosen.kind === "minimal" && Math.abs(a - b) > 0.02 * a + 1e-5);
    });
    // a rounding may turn one
    expect(differing.length, differing.map((s) => `${s.index}: ${s.distance}`).join()).toBeLessThanOrEqual(1);
  });
});

test("the catalogue names attacks as they name themselves", () => {
  for (const [name, { make }] of Object.entries(catalogue)) expect(make({}).name).toBe(name);
});
