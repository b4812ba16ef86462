/** Attacks that only ask: they know a function, and what it was asked is counted. */
import { describe, expect, test } from "vitest";
import {
  type Attack,
  attack,
  boundary,
  geoda,
  hopSkipJump,
  l1,
  l2,
  linf,
  type NormName,
  nes,
  norms,
  randomNoise,
  spsa,
  square,
  zoo,
} from "../../src/attack/index.ts";
import { fieldOf } from "../../src/attack/square-windows.ts";
import { planesOf } from "../../src/attack/transform/planes.ts";
import { normal, seedKey, size, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { labelModel, type ScoreModel, scoreModel } from "../../src/model/index.ts";

type Floats = Tensor<"float32">;

/** A multilayer perceptron in plain numbers, whose answers to a row do not depend on other rows, and what it was asked. */
function perceptron(inputShape: readonly number[], classes: number, hidden = 16) {
  const n = size(inputShape);
  const [w, v] = [normal(seedKey(1), n * hidden), normal(seedKey(2), hidden * classes)];
  const asked: Floats[] = [];
  const model = scoreModel({ classes, inputShape }, async (x) => {
    asked.push({ ...x, data: x.data.slice() });
    const out = new Float32Array(x.shape[0]! * classes);
    for (let i = 0; i < x.shape[0]!; i++)
      for (let h = 0; h < hidden; h++) {
        let a = 0;
        for (let j = 0; j < n; j++) a += (4 * w[h * n + j]! * (x.data[i * n + j]! - 0.5)) / Math.sqrt(n);
        for (let k = 0; k < classes; k++) out[i * classes + k]! += Math.tanh(a) * v[h * classes + k]!;
      }
    return tensor(out, [x.shape[0]!, classes]);
  });
  return { model, asked };
}

const labelsOf = async (model: ScoreModel, x: Floats) => (await model.labels(x)).slice();

/** wᵀx + b against 0, in the middle of a wide box: the least distance is |wᵀx + b| / ‖w‖ in the dual norm. */
function linear(d: number, n: number) {
  const w = normal(seedKey(5), d);
  const x = tensor(normal(seedKey(6), n * d), [n, d]);
  const margin = Array.from({ length: n }, (_, i) => w.reduce((s, c, j) => s + c * x.data[i * d + j]!, 0.3));
  const labels = margin.map((z) => (z > 0 ? 1 : 0));
  const model = labelModel({ classes: 2, inputShape: [d] }, async ({ data, shape }) =>
    Array.from({ length: shape[0]! }, (_, i) => (w.reduce((s, c, j) => s + c * data[i * d + j]!, 0.3) > 0 ? 1 : 0)),
  );
  const dual = { l2: l2.distance(w), linf: l1.distance(w), l1: linf.distance(w), l0: Number.NaN };
  const least = (i: number, norm: NormName) => Math.abs(margin[i]!) / dual[norm];
  return { model, x, labels, least };
}

const N = 8;
const image = [1, 6, 6];
const x: Floats = { dtype: "float32", shape: [N, ...image], data: uniform(seedKey(8), N * 36) };
const bounded: [string, Attack<"scores" | "labels">, NormName[]][] = [
  ["square", square({ queries: 60 }), ["linf", "l2", "l1"]],
  ["nes", nes({ queries: 110, samples: 20 }), ["linf", "l2"]],
  ["spsa", spsa({ queries: 110, samples: 20 }), ["linf", "l2"]],
  ["random-noise", randomNoise({ queries: 100 }), ["linf", "l2", "l1", "l0"]],
] as never;
const minimal: [string, Attack<"scores" | "labels">, NormName[]][] = [
  ["zoo", zoo({ queries: 900, coordinates: 18, learningRate: 0.1 }), ["l2"]],
  ["boundary", boundary({ queries: 400 }), ["l2"]],
  ["hop-skip-jump", hopSkipJump({ queries: 400, firstEstimate: 30 }), ["l2", "linf"]],
  ["geoda", geoda({ queries: 400 }), ["l2", "linf", "l1"]],
] as never;
const EPSILON = { linf: 0.12, l2: 0.6, l1: 3, l0: 4 };
const queries = { square: 60, nes: 110, spsa: 110, "random-noise": 100, zoo: 900, boundary: 400, "hop-skip-jump": 400, geoda: 400 };

describe.each([...bounded, ...minimal])("%s", (name, chosen, inNorms) => {
  test.each(inNorms)("in %s asks what it counts, within its budget, and does not depend on company", async (which) => {
    const { model, asked } = perceptron(image, 3);
    const labels = await labelsOf(model, x);
    const options = { attack: chosen, norm: norms[which], seed: 3, ...(chosen.kind === "bounded" && { epsilon: EPSILON[which] }) };
    const runs = [];
    for (const batch of [1, 7, N]) {
      asked.length = 0;
      const result = await attack(model, { x, labels }, { ...options, batch });
      // the judge asks about the clean inputs, then about each candidate, again where the boundary is a rounding away
      const judged = asked.reduce((sum, { shape }) => sum + shape[0]!, 0) - result.forwards;
      expect(judged).toBeGreaterThanOrEqual(2 * N);
      expect(judged).toBeLessThanOrEqual(chosen.kind === "bounded" ? 2 * N : 5 * N);
      for (const s of result.samples) {
        expect(s.forwards).toBeLessThanOrEqual(queries[name as keyof typeof queries]);
        expect(s.backwards).toBe(0);
        if (chosen.kind === "bounded" && !s.success) expect(s.forwards).toBe(queries[name as keyof typeof queries]);
      }
      runs.push(result);
    }
    for (const other of runs.slice(1)) {
      expect(other.samples).toEqual(runs[0]!.samples);
      expect(other.adversarial.data).toEqual(runs[0]!.adversarial.data);
    }
    if (chosen.kind === "minimal") expect(runs[0]!.samples.every((s) => s.success && s.distance! > 0)).toBe(true);
  });
});

test("Square asks only about points of ball and box, and keeps what is better", async () => {
  for (const shape of [[1, 6, 6], [36], [6, 6], [3, 3, 4], [4, 3, 3], [1, 1, 36]]) {
    const { model, asked } = perceptron(shape, 3);
    const given = tensor(x.data, [N, ...shape]);
    const labels = await labelsOf(model, given);
    for (const which of ["linf", "l2", "l1"] as const) {
      const epsilon = EPSILON[which] / 4;
      asked.length = 0;
      const fixed = [0, 7];
      const one = { x: tensor(x.data.slice(0, 36), [1, ...shape]), labels: [labels[0]!] };
      await attack(model, one, { attack: square({ queries: 40 }), norm: norms[which], epsilon, constraints: { fixed } });
      const clean = x.data.subarray(0, 36);
      const tops: number[] = [];
      for (const { data } of asked) {
        const delta = Float64Array.from(data, (v, j) => v - clean[j]!);
        expect(norms[which].distance(delta)).toBeLessThanOrEqual(epsilon);
        expect(data.every((v) => v >= 0 && v <= 1)).toBe(true);
        for (const j of fixed) expect(delta[j]).toBe(0);
        tops.push(norms[which].distance(delta));
      }
      // it is no walk in the middle of the ball
      expect(Math.max(...tops)).toBeGreaterThan(0.5 * epsilon);
    }
  }
});

test.each([
  ["nes", nes({ queries: 500, samples: 500, sigma: 0.01 })],
  ["spsa", spsa({ queries: 500, samples: 500, delta: 0.01 })],
  ["zoo", zoo({ queries: 500, difference: 0.01, coordinates: 36 })],
] as const)("%s asks about points a share of each feature's own range apart", async (_, chosen) => {
  const { model, asked } = perceptron([36], 3);
  const high = Float32Array.from({ length: 36 }, (_, k) => 10 ** (k % 3));
  const one = tensor(
    high.map((v) => v / 2),
    [1, 36],
  );
  await attack(
    model,
    { x: one, labels: await labelsOf(model, one) },
    { attack: chosen as Attack, norm: l2, constraints: { low: 0, high }, ...(chosen.kind === "bounded" && { epsilon: 1e-3 }) },
  );
  // the largest portion is an estimate's
  const { data } = asked.reduce((a, b) => (b.shape[0]! > a.shape[0]! ? b : a));
  high.forEach((width, k) => {
    let [sum, moved] = [0, 0];
    for (let i = k; i < data.length; i += 36) {
      const d = (data[i]! - one.data[k]!) / width;
      if (Math.abs(d) > 1e-6) moved++;
      sum += d * d;
    }
    expect(Math.sqrt(sum / moved)).toBeCloseTo(0.01, 2.5);
  });
});

test("Square takes for channels what transformations take for them", () => {
  for (const shape of [
    [1, 6, 6],
    [6, 6],
    [3, 3, 4],
    [4, 3, 3],
    [6, 6, 3],
    [6, 6, 1],
    [10, 8, 6],
    [32, 5, 5],
  ]) {
    const [field, picture] = [fieldOf(shape), planesOf(shape)];
    expect(field.neighbours).toBe(true);
    const stripes = field.stripes.map(({ channels }) => channels.map((places) => [...places]));
    const expected = Array.from({ length: picture.width }, (_, j) =>
      Array.from({ length: picture.channels }, (_, c) =>
        Array.from({ length: picture.height }, (_, i) => c * picture.strides[0] + i * picture.strides[1] + j * picture.strides[2]),
      ),
    );
    expect(stripes).toEqual(expected);
  }
  for (const shape of [[36], [1, 1, 36], [36, 1, 1], [1, 36, 1], [3, 1, 12]]) expect(fieldOf(shape).neighbours).toBe(false);
});

test("more questions never find less, and what a longer run returns is no worse", async () => {
  const { model } = perceptron(image, 3);
  const labels = await labelsOf(model, x);
  const margin = async (z: Floats) => {
    const scores = await model.scores(z);
    return Array.from(labels, (y, i) => {
      const row = [...scores.data.subarray(3 * i, 3 * i + 3)];
      return row[y]! - Math.max(...row.filter((_, j) => j !== y));
    });
  };
  let last = await margin(x);
  for (const queries of [1, 100]) {
    const result = await attack(model, { x, labels }, { attack: square({ queries }), norm: linf, epsilon: 0.02 });
    const now = await margin(result.adversarial);
    if (queries > 1) for (let i = 0; i < N; i++) expect(now[i]!).toBeLessThanOrEqual(last[i]!);
    last = now;
  }
});

test.each([
  ["boundary", (queries: number) => boundary({ queries }), ["l2"], 3000, 0.15],
  ["hop-skip-jump", (queries: number) => hopSkipJump({ queries }), ["l2", "linf"], 5000, 0.15],
  ["geoda", (queries: number) => geoda({ queries }), ["l2", "linf"], 3000, 0.12],
  ["geoda", (queries: number) => geoda({ queries }), ["l1"], 3000, 0.25],
] as const)("%s nears the closed-form least distance of a linear model", async (_, make, inNorms, budget, within) => {
  const { model, x, labels, least } = linear(20, 4);
  for (const which of inNorms) {
    const result = await attack(model, { x, labels }, { attack: make(budget), norm: norms[which], range: [-100, 100] });
    for (const s of result.samples) {
      expect(s.success).toBe(true);
      expect(s.distance! / least(s.index, which)).toBeGreaterThanOrEqual(1 - 1e-4);
      expect(s.distance! / least(s.index, which)).toBeLessThanOrEqual(1 + within);
      expect(s.forwards).toBeLessThanOrEqual(budget);
    }
  }
});

test("targets are reached from points of their class, given or found", async () => {
  const { model } = perceptron(image, 3);
  const labels = await labelsOf(model, x);
  const targets = labels.map((y) => (y + 1) % 3);
  const starts = tensor(uniform(seedKey(40), 20 * 36), [20, ...image]);
  for (const chosen of [
    hopSkipJump({ queries: 500, starts }),
    boundary({ queries: 500, starts }),
    geoda({ queries: 500, starts, tries: 20 }),
  ]) {
    const result = await attack(model, { x, labels }, { attack: chosen, norm: l2, targets });
    for (const s of result.samples) expect(s.success).toBe(s.adversarialPredicted === targets[s.index]);
    expect(result.samples.filter((s) => s.success).length).toBeGreaterThan(N / 2);
  }
  for (const chosen of [
    square({ queries: 300 }),
    nes({ queries: 600, sigma: 0.01 }),
    spsa({ queries: 600, samples: 20, learningRate: 0.05 }),
  ]) {
    const result = await attack(model, { x, labels }, { attack: chosen, norm: linf, epsilon: 0.45, targets });
    expect(result.samples.filter((s) => s.success).length).toBeGreaterThan(N / 2);
  }
});

test("a sample without a start stays as it is, and costs no more than the tries", async () => {
  const model = labelModel({ classes: 2, inputShape: [4] }, async ({ shape }) => new Int32Array(shape[0]!));
  const given = tensor(uniform(seedKey(1), 8), [2, 4]);
  for (const chosen of [hopSkipJump({ tries: 30 }), boundary({ tries: 30 }), geoda({ tries: 30 })]) {
    const result = await attack(model, { x: given, labels: [0, 0] }, { attack: chosen });
    expect(result.samples.map((s) => [s.success, s.forwards])).toEqual([
      [false, 30],
      [false, 30],
    ]);
    expect(result.adversarial.data).toEqual(given.data);
  }
});

test("probabilities that saturate still tell the way, by their logarithms", async () => {
  const { model } = perceptron(image, 3);
  const labels = await labelsOf(model, x);
  const soft = scoreModel({ classes: 3, inputShape: image, output: "probabilities" }, async (z) => {
    const scores = await model.scores(z);
    return tensor(
      Array.from({ length: z.shape[0]! }, (_, i) => {
        const e = [...scores.data.subarray(3 * i, 3 * i + 3)].map((v) => Math.exp(v));
        return e.map((v) => v / e.reduce((a, b) => a + b));
      }).flat(),
      [z.shape[0]!, 3],
    );
  });
  const options = { attack: square({ queries: 150 }), norm: linf, epsilon: 0.12 };
  const [hard, through] = [await attack(model, { x, labels }, options), await attack(soft, { x, labels }, options)];
  expect(through.robustAccuracy).toBe(hard.robustAccuracy);
});

test("a budget is a whole number", async () => {
  const { model } = perceptron(image, 3);
  const options = { attack: square({ queries: 0 }), norm: linf, epsilon: 0.1 };
  await expect(attack(model, { x, labels: await labelsOf(model, x) }, options)).rejects.toMatchObject({ code: "attack-queries" });
});
