/** What every attack must keep to, and one that is known in closed form. */
import { describe, expect, test } from "vitest";
import { attack, deepfool, domain, fgsm, l2, linf, norms, pgd, transfer, victimOf } from "../../src/attack/index.ts";
import { projectExactly } from "../../src/attack/norm.ts";
import { CounterfoilError, normal, seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { argmax, type GradientModel, openClassifier } from "../../src/model/index.ts";
import { classifier, dense, flatten, inferenceGraph, relu, sequential } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";

const run = { threads: 1 } as const;
const N = 40;
const layer = sequential(flatten(), dense(24), relu(), dense(4))([1, 5, 5], seedKey(3));
const bytes = write(inferenceGraph(layer, layer.params));
const x: Tensor<"float32"> = { dtype: "float32", shape: [N, 1, 5, 5], data: uniform(seedKey(4), N * 25) };
const labels = Int32Array.from({ length: N }, (_, i) => i % 4);
const attacks = {
  fgsm: fgsm(),
  pgd: pgd({ steps: 10 }),
  "pgd-far": pgd({ steps: 7, relativeStep: 3 }),
  "pgd-still": pgd({ steps: 5, randomStart: false }),
};

async function opened<T>(use: (victim: GradientModel) => Promise<T>): Promise<T> {
  const victim = await openClassifier(bytes, run);
  try {
    return await use(victim);
  } finally {
    await victim.release();
  }
}

describe.each(Object.entries(attacks))("%s", (_, chosen) => {
  test.each(["linf", "l2"] as const)("in %s stays in the ball and the range, and its successes are the file's own answers", (which) =>
    opened(async (victim) => {
      const epsilon = which === "linf" ? 0.08 : 0.5;
      const result = await attack(victim, { x, labels }, { ...run, attack: chosen, norm: norms[which], epsilon, restarts: 2 });
      const answers = await victim.scores(result.adversarial);
      for (const s of result.samples) {
        const mine = result.adversarial.data.subarray(s.index * 25, (s.index + 1) * 25);
        const clean = x.data.subarray(s.index * 25, (s.index + 1) * 25);
        const delta = Array.from(mine, (v, j) => v - clean[j]!);
        const distance = which === "linf" ? Math.max(...delta.map(Math.abs)) : Math.hypot(...delta);
        expect(distance).toBeLessThanOrEqual(epsilon);
        expect(Math.min(...mine)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...mine)).toBeLessThanOrEqual(1);
        const best = answers.data.subarray(s.index * 4, s.index * 4 + 4);
        const answer = best.indexOf(Math.max(...best));
        if (s.success) {
          expect(answer).not.toBe(s.label);
          expect(s.adversarialPredicted).toBe(answer);
          expect(Math.abs(s.distance! - distance)).toBeLessThan(1e-9);
        } else expect(answer).toBe(s.label);
      }
      const right = result.samples.filter((s) => s.predicted === s.label).length / N;
      expect(result.cleanAccuracy).toBe(right);
      expect(result.robustAccuracy).toBeLessThanOrEqual(right);
    }),
  );

  test("does not depend on batch size or company", () =>
    opened(async (victim) => {
      const options = { ...run, attack: chosen, norm: linf, epsilon: 0.05, seed: 9 };
      const all = await attack(victim, { x, labels }, { ...options, batch: 40 });
      const small = await attack(victim, { x, labels }, { ...options, batch: 7 });
      expect(small.samples).toEqual(all.samples);
      expect(small.adversarial.data).toEqual(all.adversarial.data);
    }));

  test("with ε = 0 changes nothing", () =>
    opened(async (victim) => {
      const result = await attack(victim, { x, labels }, { ...run, attack: chosen, norm: linf, epsilon: 0 });
      expect(result.robustAccuracy).toBe(result.cleanAccuracy);
      expect(result.adversarial.data).toEqual(x.data);
    }));
});

test("targets are reached, or it is no success", () =>
  opened(async (victim) => {
    const targets = new Array<number>(N).fill(2);
    const result = await attack(victim, { x, labels }, { ...run, attack: pgd({ steps: 20 }), norm: linf, epsilon: 0.3, targets });
    for (const s of result.samples) expect(s.success).toBe(s.label !== 2 && s.adversarialPredicted === 2);
    expect(result.samples.filter((s) => s.success).length).toBeGreaterThan(N / 4);
  }));

test("more steps and restarts never find less", () =>
  opened(async (victim) => {
    const options = { ...run, attack: pgd({ steps: 10 }), norm: l2, epsilon: 0.3 };
    const once = await attack(victim, { x, labels }, options);
    const often = await attack(victim, { x, labels }, { ...options, restarts: 5 });
    expect(often.robustAccuracy).toBeLessThanOrEqual(once.robustAccuracy);
    expect(once.gradientEvaluations).toBe(10 * once.samples.filter((s) => s.predicted === s.label).length);
  }));

/**
 * Logistic regression P(y = 1) = σ(wᵀx + b) as two logits (0, wᵀx + b). FGSM's loss is ζ(ε‖w‖₁ − y(wᵀx + b)) for labels
 * y = ±1 and ζ(z) = log(1 + eᶻ). Goodfellow et al. 2014, arXiv:1412.6572, §5 (the sign of y(wᵀx + b) as in its gradient).
 */
test("FGSM on logistic regression is the closed form", async () => {
  const d = 30;
  const w = normal(seedKey(11), d);
  const [b, epsilon] = [0.3, 0.07];
  const e = builder();
  const v = input("float32", [2, d], "x", ["N", d]);
  const score = e.Add(e.MatMul(v, e.constant(tensor(w, [d, 1]))), e.constant(tensor([b], [1])));
  const victim = await openClassifier(
    write({ inputs: [v], outputs: [e.Concat(e.Mul(score, e.scalar(0, score)), score, { axis: 1 })] }),
    run,
  );
  const n = 60;
  // far from the edges of a wide range, so that nothing is clipped
  const points: Tensor<"float32"> = { dtype: "float32", shape: [n, d], data: normal(seedKey(12), n * d) };
  const y = Int32Array.from({ length: n }, (_, i) => i % 2);
  const result = await attack(victim, { x: points, labels: y }, { ...run, attack: fgsm(), norm: linf, epsilon, range: [-100, 100] });
  const scores = await victim.scores(result.adversarial);
  const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  const norm1 = w.reduce((s, c) => s + Math.abs(c), 0);
  let checked = 0;
  for (const s of result.samples) {
    if (s.predicted !== s.label) continue;
    checked++;
    const sign = s.label === 1 ? 1 : -1;
    const z = b + w.reduce((t, c, j) => t + c * points.data[s.index * d + j]!, 0);
    const closed = softplus(epsilon * norm1 - sign * z);
    const ours = softplus(-sign * (scores.data[2 * s.index + 1]! - scores.data[2 * s.index]!));
    expect(Math.abs(ours - closed)).toBeLessThan(1e-5 * Math.max(1, closed));
    expect(s.success).toBe(epsilon * norm1 - sign * z > 0);
  }
  expect(checked).toBeGreaterThan(15);
  await victim.release();
});

test("a projection ends inside the ball, whatever float32 does", () => {
  for (let k = 0; k < 200; k++) {
    const clean = uniform(seedKey(k), 50);
    const far = Float32Array.from(normal(seedKey(k + 1000), 50), (v, i) => clean[i]! + v);
    for (const [norm, epsilon] of [
      [linf, 0.1 + k / 1e3],
      [l2, 0.5 + k / 1e3],
    ] as const) {
      const z = far.slice();
      projectExactly(z, clean, norm, epsilon, domain([50]));
      const delta = Float64Array.from(z, (v, i) => v - clean[i]!);
      expect(norm.distance(delta)).toBeLessThanOrEqual(epsilon);
      expect(z.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
  }
});

test.each(["linf", "l2"] as const)("a gradient that is NaN stops nothing (%s)", async (which) => {
  // class 0 wins where √(x⁺) + x > −0.8; the root's slope at 0 is infinite, the rectifier's is 0: their product is NaN
  const e = builder();
  const input0 = input("float32", [1, 1], "x", ["N", 1]);
  const score = e.Add(e.Sqrt(e.Relu(input0)), input0);
  const graph = {
    inputs: [input0],
    outputs: [e.Concat(score, e.Add(e.Mul(input0, e.scalar(0, input0)), e.scalar(-0.8, input0)), { axis: 1 })],
  };
  const victim = await openClassifier(write(graph), run);
  const start = tensor([-0.5, 0, 0.3], [3, 1]);
  const options = { ...run, attack: pgd({ steps: 20 }), norm: norms[which], epsilon: 1, range: [-1, 1] as const, restarts: 3 };
  const result = await attack(victim, { x: start, labels: [0, 0, 0] }, options);
  await victim.release();
  expect(result.samples[0]!.success).toBe(true);
});

test("a sample whose target is its own class is neither attacked nor broken", () =>
  opened(async (victim) => {
    const right = await victim.labels(x);
    const targets = new Array<number>(N).fill(0);
    const result = await attack(victim, { x, labels: right }, { ...run, attack: pgd({ steps: 2 }), norm: linf, epsilon: 0, targets });
    expect(result.robustAccuracy).toBe(1);
    for (const s of result.samples) if (s.label === 0) expect(s).toMatchObject({ success: false, forwards: 0, backwards: 0 });
  }));

test("whole levels of ε are reached on a lattice", () =>
  opened(async (victim) => {
    const step = 1 / 255;
    const onGrid = { ...x, data: x.data.map((v) => Math.round(v / step) * step) };
    const right = await victim.labels(onGrid);
    const options = { ...run, attack: fgsm(), norm: linf, epsilon: 8 * step, constraints: { step } };
    const { adversarial, samples } = await attack(victim, { x: onGrid, labels: right }, options);
    const levels = adversarial.data.map((v, j) => Math.round((v - onGrid.data[j]!) / step));
    expect(Math.max(...levels)).toBe(8);
    const free = await attack(victim, { x: onGrid, labels: right }, { ...options, constraints: {} });
    expect(samples.map((s) => s.success)).toEqual(free.samples.map((s) => s.success));
    expect(samples.some((s) => s.success)).toBe(true);
  }));

test("what draws nothing at random runs once", () =>
  opened(async (victim) => {
    const options = { ...run, attack: fgsm(), norm: linf, epsilon: 0.02 };
    const [once, often] = [await attack(victim, { x, labels }, options), await attack(victim, { x, labels }, { ...options, restarts: 9 })];
    expect(often.gradientEvaluations).toBe(once.gradientEvaluations);
    expect(often.restarts).toBe(1);
  }));

test("of a smallest perturbation beyond ε the distance is said, and the input is not handed on", () =>
  opened(async (victim) => {
    const result = await attack(victim, { x, labels }, { ...run, attack: deepfool(), norm: l2, epsilon: 1e-6 });
    for (const s of result.samples) {
      if (s.predicted !== s.label) continue;
      expect(s.success).toBe(false);
      expect(s.adversarialPredicted).toBe(s.predicted);
      expect(result.adversarial.data.subarray(25 * s.index, 25 * s.index + 25)).toEqual(x.data.subarray(25 * s.index, 25 * s.index + 25));
    }
    expect(result.medianDistance!).toBeGreaterThan(1e-6);
    const { matrix } = await transfer({ a: victim }, { a: victim }, { x, labels }, { ...run, attack: deepfool(), norm: l2, epsilon: 1e-6 });
    expect(matrix[0]![0]!.turned).toBe(0);
  }));

test("the best iterate is kept, not the last", async () => {
  // class 1 wins only in 0.57 ± 0.02; steps of 0.07 from 0.5 hit it, and leave it again
  const e = builder();
  const input0 = input("float32", [1, 1], "x", ["N", 1]);
  const lead = e.Sub(e.scalar(0.02, input0), e.Abs(e.Sub(input0, e.scalar(0.571, input0))));
  const victim = await openClassifier(write({ inputs: [input0], outputs: [e.Concat(e.Neg(lead), lead, { axis: 1 })] }), run);
  const data = { x: tensor([0.5], [1, 1]), labels: [0] };
  const chosen = pgd({ steps: 2, relativeStep: 0.35, randomStart: false });
  const meter = victimOf(victim, "gradient", run);
  const threat = { norm: linf, epsilon: 0.2, targeted: false, domain: domain([1]) };
  const batch = { x: data.x, labels: Int32Array.of(0), keys: [seedKey(0)], restart: 0 };
  const [best, last] = await chosen.run(meter.victim, batch, threat);
  await meter.release();
  expect(await victim.labels(best!)).toEqual(Int32Array.of(1));
  expect(await victim.labels(last!)).toEqual(Int32Array.of(0));
  const { samples } = await attack(victim, data, { ...run, attack: chosen, norm: linf, epsilon: 0.2 });
  expect(samples[0]!.success).toBe(true);
  await victim.release();
});

test("clean samples without an answer are refused, and ε wider than the data", async () => {
  // a root that only some inputs have: the model opens, and a sample without is named
  const e = builder();
  const input0 = input("float32", [1, 1], "x", ["N", 1]);
  const root = e.Sqrt(e.Sub(input0, e.scalar(0.2, input0)));
  const victim = await openClassifier(write({ inputs: [input0], outputs: [e.Concat(root, e.Neg(root), { axis: 1 })], metadata: {} }), run);
  const data = { x: tensor([0.9, 0.1], [2, 1]), labels: [0, 0] };
  await expect(attack(victim, data, { ...run, attack: fgsm(), epsilon: 0.1 })).rejects.toThrow(/NaN at sample 1/);
  await victim.release();
  await opened(async (model) => {
    const holes = { ...model, labels: async (z: Tensor<"float32">) => (await model.labels(z)).map((c, i) => (i === 3 ? -1 : c)) };
    await expect(attack(holes, { x, labels }, { ...run, attack: fgsm(), epsilon: 0.1 })).rejects.toThrow(/NaN at sample 3/);
    await expect(attack(model, { x, labels }, { ...run, attack: fgsm(), epsilon: 8 })).rejects.toThrow(/8\/255/);
  });
});

test("scores that are no numbers are no answer", () => {
  expect([...argmax(tensor([0, Number.NaN, Number.NaN, 0, 2, 1, 3, 3], [4, 2]))]).toEqual([-1, -1, 0, 0]);
});

describe("refusals", () => {
  const options = { ...run, attack: fgsm(), norm: linf, epsilon: 0.1 };
  const refused = (change: object, data: { x: Tensor<"float32">; labels: ArrayLike<number> } = { x, labels }) =>
    opened((victim) => attack(victim, data, { ...options, ...change })).then(
      () => "nothing",
      (error) => (error instanceof CounterfoilError ? error.code : String(error)),
    );
  test.each([
    ["epsilon", { epsilon: -1 }],
    ["epsilon", { epsilon: Number.NaN }],
    ["restarts", { restarts: 0 }],
    ["batch", { batch: 0 }],
  ])("%s: %o", async (code, change) => expect(await refused(change)).toBe(code));
  test("labels and sizes", async () => {
    expect(await refused({}, { x, labels: labels.map((v) => v + 1) })).toBe("label-range");
    expect(await refused({}, { x, labels: labels.slice(1) })).toBe("label-count");
    expect(await refused({}, { x: tensor(new Float32Array(36), [1, 1, 6, 6]), labels: [0] })).toBe("input-size");
    // as many numbers, but other axes
    const wide = classifier("cnn", [3, 8, 10], 3, 0);
    const victim = await openClassifier(write(inferenceGraph(wide, wide.params)), run);
    expect(() => victim.samples(tensor(new Float32Array(240), [1, 8, 10, 3]))).toThrow(/order of axes/);
    await victim.release();
  });
  test("targets out of range", async () => expect(await refused({ targets: new Array(N).fill(4) })).toMatch(/label-range|target/));
});
