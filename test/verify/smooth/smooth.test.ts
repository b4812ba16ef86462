/** Certificates by smoothing: true where the radius is known, as often as α says; the same however they are computed; refused where they mean nothing. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { CounterfoilError, fold, normal, rows, seedKey, type Tensor } from "../../../src/base/index.ts";
import { toy } from "../../../src/data/index.ts";
import { type LabelModel, labelModel, openModel } from "../../../src/model/index.ts";
import { dense, relu, sequential } from "../../../src/nn/index.ts";
import { write } from "../../../src/onnx/index.ts";
import { fit as train } from "../../../src/train/index.ts";
import { certifiedAt, type SmoothOptions, smooth, smoothed, smoothingCeiling } from "../../../src/verify/index.ts";

const run = { threads: 1 } as const;

/** sign(w·x + b) in `d` dimensions; the smoothed one is the same, and its radius |w·x + b| / ‖w‖. */
function halfSpaces(d: number, seed = 0) {
  const w = normal(fold(seedKey(seed), "w"), d);
  const b = 0.3;
  const length = Math.hypot(...w);
  const signed = (x: Float32Array): number => (x.reduce((sum, v, i) => sum + v * w[i]!, 0) + b) / length;
  const model = labelModel({ classes: 2, inputShape: [d] }, async (x) =>
    Array.from({ length: x.shape[0]! }, (_, i) => (signed(rows(x, i, i + 1).data) > 0 ? 1 : 0)),
  );
  /** A point at a signed distance from the boundary. */
  const at = (distance: number): Float32Array => w.map((v) => (v / length) * (distance - b / length));
  return { model, signed, at };
}

const points = (all: readonly Float32Array[]): Tensor<"float32"> => ({
  dtype: "float32",
  shape: [all.length, all[0]!.length],
  data: Float32Array.from(all.flatMap((x) => [...x])),
});

const constant = (d = 2): LabelModel => labelModel({ classes: 3, inputShape: [d] }, async (x) => new Array<number>(x.shape[0]!).fill(2));

describe("a linear classifier, whose radius is known", () => {
  const n = 400;
  const { model, signed } = halfSpaces(10);
  const x: Tensor<"float32"> = { dtype: "float32", shape: [n, 10], data: normal(seedKey(3), n * 10, 0, 0.5) };
  const truth = Array.from({ length: n }, (_, i) => signed(rows(x, i, i + 1).data));
  const labels = truth.map((t) => (t > 0 ? 1 : 0));
  const wrong = async (options: SmoothOptions): Promise<number> => {
    const { samples } = await smooth(model, { x, labels }, options);
    return samples.filter((s) => s.predicted !== null && (s.predicted !== s.label || s.radius > Math.abs(truth[s.index]!))).length;
  };

  test.each([0, 1, 2])("no radius is beyond it at α = 1e-7 (seed %i)", async (seed) => {
    expect(await wrong({ sigma: 0.5, draws: 500, alpha: 1e-7, seed })).toBe(0);
  });

  test("at α = 0.2 radii are beyond it, and no oftener than that", async () => {
    const share = (await wrong({ sigma: 0.5, draws: 500, alpha: 0.2 })) / n;
    expect(share).toBeGreaterThan(0.1);
    // three standard deviations of 400 coins
    expect(share).toBeLessThan(0.2 + 3 * Math.sqrt((0.2 * 0.8) / n));
  });

  test("many copies come near it", async () => {
    const { model, at } = halfSpaces(4);
    const distances = [-1.5, -0.5, 0.25, 1];
    const given = { x: points(distances.map(at)), labels: distances.map((d) => (d > 0 ? 1 : 0)) };
    const { samples, cleanAccuracy, abstained } = await smooth(model, given, { sigma: 1, draws: 40_000 });
    for (const [i, d] of distances.entries()) {
      expect(samples[i]!.radius).toBeLessThanOrEqual(Math.abs(d));
      expect(samples[i]!.radius).toBeGreaterThan(Math.abs(d) - 0.06);
    }
    expect([cleanAccuracy, abstained]).toEqual([1, 0]);
  });

  test("on its boundary there is nothing to certify, nor to predict", async () => {
    const tie = { x: points(new Array(60).fill(halfSpaces(10).at(0))), labels: new Array<number>(60).fill(0) };
    const result = await smooth(model, tie, { sigma: 0.5, alpha: 1e-5 });
    for (const s of result.samples) expect(s).toMatchObject({ predicted: null, radius: 0 });
    expect(result).toMatchObject({ abstained: 1, cleanAccuracy: 0, averageRadius: 0 });
    expect([...(await smoothed(model, { sigma: 0.5, alpha: 1e-5 }).labels(tie.x))]).toEqual(new Array(60).fill(-1));
  });
});

test("where all copies agree the radius is the ceiling, and no more", async () => {
  const given = { x: points([Float32Array.of(0, 1)]), labels: [2] };
  const result = await smooth(constant(), given, { sigma: 0.25, draws: 100_000 });
  expect(result.ceiling).toBe(smoothingCeiling(0.25, 100_000));
  expect(result.ceiling / 0.25).toBeCloseTo(3.811, 3);
  expect(result.samples).toEqual([
    {
      index: 0,
      label: 2,
      base: 2,
      predicted: 2,
      radius: result.ceiling,
      selected: 2,
      selectionVotes: 100,
      votes: 100_000,
      lower: expect.any(Number),
    },
  ]);
  // multiples of σ/2 under it
  expect(result.certified.map((c) => c.radius)).toEqual([0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]);
  expect(result.certified.every((c) => c.accuracy === 1)).toBe(true);
  expect(certifiedAt(result.samples, result.ceiling)).toBe(0);
});

test("what is in no class counts for none", async () => {
  const none = labelModel({ classes: 3, inputShape: [2] }, async (x) => new Array<number>(x.shape[0]!).fill(-1));
  const x = points([Float32Array.of(0, 1)]);
  const { samples } = await smooth(none, { x, labels: [0] }, { sigma: 1 });
  expect(samples[0]).toMatchObject({ base: -1, predicted: null, votes: 0, lower: 0 });
  expect([...(await smoothed(none, { sigma: 1 }).labels(x))]).toEqual([-1]);
});

test("the noise is normal, of σ, uncut, and other in the two rounds and for every copy", async () => {
  const d = 50;
  const seen: number[] = [];
  const model = labelModel({ classes: 2, inputShape: [d] }, async (x) => {
    seen.push(...x.data);
    return new Array<number>(x.shape[0]!).fill(0);
  });
  const x = points([new Float32Array(d).fill(0.5), new Float32Array(d).fill(0.5)]);
  await smooth(model, { x, labels: [0, 0] }, { sigma: 2, draws: 300 });
  // the two samples as they are come first
  const noise = seen.slice(2 * d).map((v) => v - 0.5);
  expect(noise.length).toBe(2 * 400 * d);
  const mean = noise.reduce((a, b) => a + b, 0) / noise.length;
  const moment = (k: number): number => noise.reduce((sum, v) => sum + (v / 2) ** k, 0) / noise.length;
  expect(Math.abs(mean)).toBeLessThan(0.04);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03);
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.25);
  expect(new Set(Array.from({ length: 800 }, (_, k) => noise.slice(k * d, k * d + 4).join())).size).toBe(800);
});

describe("a network's file", async () => {
  const moons = toy("moons", fold(seedKey(0), "data"), 600);
  const { graph } = await train(sequential(dense(16), relu(), dense(2))([2], seedKey(1)), moons, moons, { ...run, epochs: 12, batch: 50 });
  const model = await openModel(write(graph), { ...run, access: "labels" });
  afterAll(() => model.release());
  const data = { x: rows(moons.x, 0, 12), labels: moons.y.slice(0, 12) };
  const options = { sigma: 0.3, draws: 400, radii: [0, 0.2, 0.4] } as const;
  const whole = await smooth(model, data, options);

  test("is told with all that it rests on", () => {
    expect(whole).toMatchObject({ n: 12, norm: "l2", sigma: 0.3, alpha: 0.001, draws: 400, selection: 100, seed: 0 });
    expect(whole.runtime).toMatch(/onnxruntime/);
    expect(whole.cleanAccuracy).toBeGreaterThan(0.6);
    expect(whole.certified[0]).toEqual({ radius: 0, accuracy: whole.cleanAccuracy });
    const accuracies = whole.certified.map((c) => c.accuracy);
    expect(accuracies).toEqual(accuracies.toSorted((a, b) => b - a));
    for (const s of whole.samples) expect(s.radius).toBeLessThanOrEqual(whole.ceiling);
  });

  test.each([1, 7, 64, 1000])("gets the same at %i copies at a time", async (batch) => {
    expect(await smooth(model, data, { ...options, batch })).toEqual(whole);
  });

  test("gets the same sample by sample, and other noise by another seed", async () => {
    const one = await smooth(model, { x: rows(data.x, 5, 6), labels: data.labels.slice(5, 6) }, { ...options, indices: [5] });
    expect(one.samples[0]).toEqual({ ...whole.samples[5], index: 0 });
    const votes = (r: typeof whole) => r.samples.map((s) => s.votes);
    expect(votes(await smooth(model, data, { ...options, seed: 1 }))).not.toEqual(votes(whole));
  });

  test("keeps its class, or abstains, at whatever is nearer than its radius", async () => {
    const vote = smoothed(model, { sigma: 0.3, draws: 400 });
    expect(vote.access).toBe("labels");
    for (const s of whole.samples.filter((s) => s.predicted !== null)) {
      const centre = rows(data.x, s.index, s.index + 1).data;
      const around = Array.from({ length: 16 }, (_, k) => {
        const angle = (2 * Math.PI * k) / 16;
        return Float32Array.of(centre[0]! + 0.999 * s.radius * Math.cos(angle), centre[1]! + 0.999 * s.radius * Math.sin(angle));
      });
      for (const y of await vote.labels(points(around))) expect([s.predicted, -1]).toContain(y);
    }
  });

  test("says how far it is, and stops when it is told to", async () => {
    const told: number[] = [];
    await smooth(model, data, { ...options, batch: 150, onProgress: (done, total) => void told.push(done / total) });
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(1);
    const stop = new AbortController();
    const stopped = smooth(model, data, { ...options, signal: stop.signal, onProgress: (done) => done > 2000 && stop.abort() });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
  });
});

test.each(["forest", "labels", "conv-int8"])("a file that is no network of ours will do: %s.onnx", async (name) => {
  const bytes = readFileSync(new URL(`../../golden/classifiers/${name}.onnx`, import.meta.url));
  const model = await openModel(new Uint8Array(bytes), { ...run, access: "labels" });
  const d = model.inputShape.reduce((a, b) => a * b);
  const x: Tensor<"float32"> = { dtype: "float32", shape: [4, ...model.inputShape], data: normal(seedKey(2), 4 * d) };
  const labels = [...(await model.labels(x))];
  const result = await smooth(model, { x, labels }, { sigma: 0.05, draws: 100 });
  expect(result.baseAccuracy).toBe(1);
  expect(result.cleanAccuracy).toBeGreaterThanOrEqual(0.5);
  expect(await smooth(model, { x, labels }, { sigma: 0.05, draws: 100, batch: 3 })).toEqual(result);
  await model.release();
});

test("a vote is open where the binomial test cannot tell two classes apart", async () => {
  const { votes } = JSON.parse(readFileSync(new URL("../../golden/smooth.json", import.meta.url), "utf8")) as {
    votes: [number, number, number][];
  };
  for (const [most, fewer, p] of votes) {
    const asked = (alpha: number) => {
      let k = 0;
      const model = labelModel({ classes: 3, inputShape: [1] }, async (x) =>
        Array.from({ length: x.shape[0]! }, () => (k++ < most ? 1 : 0)),
      );
      return smoothed(model, { sigma: 1, draws: most + fewer, alpha }).labels(points([Float32Array.of(0)]));
    };
    if (p < 1) expect([...(await asked(p * (1 + 1e-9)))], `${most} : ${fewer}`).toEqual([1]);
    expect([...(await asked(p * (1 - 1e-9)))], `${most} : ${fewer}`).toEqual([-1]);
  }
});

describe("refusals", () => {
  const x = points([Float32Array.of(0, 1)]);
  const cases: readonly [code: string, options: Partial<SmoothOptions>, labels?: number[]][] = [
    ["sigma", { sigma: 0 }],
    ["sigma", { sigma: -1 }],
    ["sigma", { sigma: Number.NaN }],
    ["sigma", { sigma: Number.POSITIVE_INFINITY }],
    ["alpha", { alpha: 0 }],
    ["alpha", { alpha: 1 }],
    ["draws", { draws: 0 }],
    ["draws", { draws: 9 }],
    ["draws", { draws: 100.5 }],
    ["selection", { selection: 0 }],
    ["radius", { radii: [0.1, -1] }],
    ["batch", { batch: 0 }],
    ["label-range", {}, [3]],
    ["label-count", {}, [0, 1]],
  ];
  test.each(cases)("%s: %j", async (code, options, labels = [0]) => {
    const error = await smooth(constant(), { x, labels }, { sigma: 1, ...options }).catch((e) => e);
    expect(error).toBeInstanceOf(CounterfoilError);
    expect(error.code).toBe(code);
  });
  test("so few copies that nothing could be said", async () => {
    expect(smoothingCeiling(1, 10)).toBeGreaterThan(0);
    expect([...(await smoothed(constant(), { sigma: 1, draws: 11 }).labels(x))]).toEqual([2]);
    expect(() => smoothingCeiling(1, 9)).toThrow(/≥ 10.*α = 0.001/);
    // two-sided: a vote needs one more
    expect(() => smoothed(constant(), { sigma: 1, draws: 10 })).toThrow(/≥ 11.*α = 0.001/);
  });
});
