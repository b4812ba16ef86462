/** Metrics beside numpy and scipy (test/golden/gan.py), and what each must say of samples whose truth is known. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fold, normal, rows, seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { dataset, gather, grid, loadData, loadPools, type Mixture, poolOf, ring, stackedMnist, unitsOf } from "../../src/data/index.ts";
import {
  accuracyOf,
  calibration,
  cells,
  digits,
  evaluateGan,
  frechet,
  kernelDistance,
  memorisation,
  neighbourhood,
  parzen,
  recipe,
  rmseToOptimal,
  sourceOf,
  stacked,
  trainSyntheticTestReal,
  twoSample,
} from "../../src/gan/index.ts";
import { nearest } from "../../src/gan/metric/distances.ts";
import { upperTail } from "../../src/gan/metric/two-sample.ts";

type Numbers = Tensor<"float32">;

const run = { threads: 1 } as const;
const golden = JSON.parse(readFileSync(new URL("../golden/gan.json", import.meta.url), "utf8"));

/** As test/golden/gan.py makes them. */
function features(n: number, d: number, seed: number): Numbers {
  const data = Float32Array.from({ length: n * d }, (_, k) => {
    const u = Math.sin(12.9898 * (Math.floor(k / d) + 1) + 78.233 * ((k % d) + 1) + 3.7 * seed) * 43758.5453;
    return (u - Math.floor(u)) * (1 + 0.1 * seed);
  });
  return { dtype: "float32", shape: [n, d], data };
}

const gaussian = (n: number, d: number, seed: number, std = 1): Numbers => ({
  dtype: "float32",
  shape: [n, d],
  data: normal(fold(seedKey(seed), "metric"), n * d).map((v) => v * std),
});

/** `n` points of a mixture whose deviation is `times` its own. */
function drawn({ means, std }: Mixture, n: number, seed: number, times = 1): Numbers {
  const off = normal(fold(seedKey(seed), "drawn"), 2 * n);
  const data = off.map((v, k) => means[Math.floor(k / 2) % means.length]![(k % 2) as 0 | 1] + std * times * v);
  return { dtype: "float32", shape: [n, 2], data };
}

describe("beside numpy and scipy", () => {
  const [a, b] = [features(300, 6, 0), features(400, 6, 2)];
  test("Fréchet distance", () => expect(frechet(a, b)).toBeCloseTo(golden.frechet, 6));
  test("kernel distance", async () => expect(await kernelDistance(a, b, run)).toBeCloseTo(golden.kid, 4));
  test("precision, recall, density, coverage", async () => {
    const { k, ...found } = await neighbourhood(a, b, run);
    expect(k).toBe(5);
    for (const [name, v] of Object.entries(found)) expect(v, name).toBeCloseTo(golden.neighbours[name], 6);
  });
  test("Parzen windows", async () => {
    const found = await parzen(a, features(100, 6, 1), features(150, 6, 3), run);
    for (const name of ["logLikelihood", "error", "sigma"] as const) expect(found[name], name).toBeCloseTo(golden.parzen[name], 4);
    expect([found.samples, found.test]).toEqual([300, 150]);
  });
});

test("the Fréchet distance of normal samples is that of their moments", () => {
  // ‖μ‖² + d(1 − 2)², of N(0, 1) and N(μ, 4) in d = 3 dimensions
  const [a, b] = [gaussian(20_000, 3, 1), gaussian(20_000, 3, 2, 2)];
  const moved = { ...b, data: b.data.map((v) => v + 1) };
  expect(frechet(a, moved)).toBeCloseTo(3 + 3, 0);
  expect(frechet(a, a)).toBeCloseTo(0, 6);
  expect(() => frechet(rows(a, 0, 1), b)).toThrow(/two samples or more/);
});

describe("a two-sample test", () => {
  test.each([
    ["of one distribution is a guess", 1, 0.45, 0.55],
    ["of a wider one is not", 3, 0.6, 1],
  ])("%s", async (_, times, low, high) => {
    const found = await twoSample(drawn(ring, 4_000, 1), drawn(ring, 4_000, 2, times), { ...run, steps: 300 });
    expect(found.accuracy).toBeGreaterThan(low);
    expect(found.accuracy).toBeLessThan(high);
    expect(found.pValue < 1e-6).toBe(times > 1);
    expect([found.trained, found.tested]).toEqual([3_000, 1_000]);
  });
  test("its p-value is the normal tail", () => {
    for (const [z, p] of [
      [0, 0.5],
      [1.6449, 0.05],
      [-1.6449, 0.95],
      [3.0902, 0.001],
    ] as const)
      expect(upperTail(z)).toBeCloseTo(p, 4);
  });
});

describe("how far a discriminator is from the best", () => {
  const range = [-4.4, 4.4] as const;
  const density = ({ means, std }: Mixture, x: number, y: number) =>
    means.reduce(
      (sum, [a, b]) => sum + Math.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * std * std)) / (2 * Math.PI * std * std * means.length),
      0,
    );
  const wide = { ...grid, std: 2 * grid.std };
  const samples = drawn(wide, 400_000, 3);
  const best = async ({ shape, data }: Numbers) =>
    Float64Array.from({ length: shape[0]! }, (_, i) => {
      const [x, y] = [data[2 * i]!, data[2 * i + 1]!];
      return Math.log(density(grid, x, y) + 1e-30) - Math.log(density(wide, x, y) + 1e-30);
    });
  const share = async (x: Numbers) => (await best(x)).map((v) => 1 / (1 + Math.exp(-v)));
  const shifted = async (x: Numbers) => (await best(x)).map((v) => v + 3);

  test.each([
    ["the best", best, "log-odds", 0, 0.03],
    ["the best, by least squares", share, "share", 0, 0.03],
    ["log odds, read as shares", best, "share", 1, 100],
    ["the best, shifted, of an objective that does not fix the constant", shifted, "shifted-log-odds", 0, 0.03],
    ["the best, shifted, of one that does", shifted, "log-odds", 0.2, 1],
    ["none: ½ everywhere", async (x: Numbers) => new Float64Array(x.shape[0]!), "log-odds", 0.2, 0.5],
  ] as const)("%s", async (_, logits, optimum, low, high) => {
    const rmse = await rmseToOptimal(grid, samples, range, { logits, optimum });
    expect(rmse).toBeGreaterThanOrEqual(low);
    expect(rmse).toBeLessThan(high);
  });
  test("½ is the best where nothing differs", async () => {
    const none = async (x: Numbers) => new Float64Array(x.shape[0]!);
    expect(await rmseToOptimal(grid, drawn(grid, 400_000, 4), range, { logits: none, optimum: "log-odds" })).toBeLessThan(0.04);
  });
  test("a calibration halves what is judged real", () => {
    const logits = uniform(seedKey(1), 1001).map((v) => 5 * v - 20);
    const c = calibration(logits);
    expect(logits.reduce((sum, v) => sum + 1 / (1 + Math.exp(c - v)), 0) / 1001).toBeCloseTo(0.5, 6);
    expect(accuracyOf([2, 3, 4], [0, 1, -1], null)).toBe(1);
    expect(accuracyOf([2, 3, 4], [5, 6, 7], 0)).toBe(0.5);
  });
});

test("copies are told from fresh samples", async () => {
  const train = gaussian(2_000, 8, 1);
  const copied = { ...rows(train, 0, 500), data: rows(train, 0, 500).data.map((v) => v + 1e-3) };
  const found = await memorisation(train, gaussian(1_000, 8, 2), copied, run);
  expect([found.copies, found.training]).toEqual([1, 2_000]);
  expect([...found.index.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4]);
  const fresh = await memorisation(train, gaussian(1_000, 8, 2), gaussian(1_000, 8, 3), run);
  expect(fresh.copies).toBeLessThan(0.03);
  expect(fresh.generated / fresh.heldOut).toBeCloseTo(1, 1);
});

describe("extractors", () => {
  test("ours for digits knows them, and stacked ones", async () => {
    const known = await digits(run);
    const data = await loadData("mnist:test", { limit: 2_000 });
    const { features: f, classes } = await known.answers(data.x);
    expect(f.shape).toEqual([2_000, 64]);
    expect(classes!.filter((c, i) => c === data.y[i]).length / 2_000).toBeGreaterThan(0.985);
    expect(known.sha256).toMatch(/^[0-9a-f]{64}$/);
    const three = gather(
      await stackedMnist("test", { size: 200 }),
      Uint32Array.from({ length: 200 }, (_, i) => i),
    );
    const found = await stacked(known).answers(three.x);
    expect(found.features.shape).toEqual([200, 192]);
    expect(found.classes!.filter((c, i) => c === three.labels[i]).length / 200).toBeGreaterThan(0.94);
    await known.release();
  });
  test("cells are means", async () => {
    const x = { dtype: "float32", shape: [1, 1, 16, 16], data: Float32Array.from({ length: 256 }, (_, i) => Number(i % 16 < 8)) } as const;
    const { features: f } = await cells.answers(x);
    expect(f.shape).toEqual([1, 64]);
    expect([...f.data.subarray(0, 8)]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });
});

test("a classifier of real samples is as good as its data", async () => {
  const [train, test] = [await loadData("mnist:train", { limit: 1_000 }), await loadData("mnist:test", { limit: 500 })];
  expect(await trainSyntheticTestReal(train, test, 10, run)).toBeGreaterThan(0.85);
  expect(await trainSyntheticTestReal({ ...train, y: train.y.map((_, i) => i % 10) }, test, 10, run)).toBeLessThan(0.3);
});

test("distances of close points are not lost in rounding", async () => {
  const at = (d: number, off: number): Numbers => ({ dtype: "float32", shape: [1, d], data: new Float32Array(d).fill(1 + off) });
  for (const d of [1, 2, 16]) {
    const { squared } = await nearest(at(d, 1e-4), at(d, 0), run);
    expect(Math.sqrt(squared[0]! / d)).toBeCloseTo(1e-4, 6);
  }
});

test("a discriminator of packs is not asked about single points", async () => {
  const pools = await loadPools("ring8", { limit: 1_000 });
  const oddsOf = (pack: number) => {
    const gan = recipe(pools.train, { pack, key: seedKey(0) });
    const network = (layer: typeof gan.generator) => ({ layer, weights: { ...layer.params, ...layer.buffers }, classes: null });
    return sourceOf(gan, { generator: network(gan.generator), discriminator: network(gan.discriminator) }).judge!.optimum;
  };
  expect([oddsOf(1), oddsOf(2)]).toEqual(["shifted-log-odds", null]);
});

test("vectors in units of their own are compared number by number", async () => {
  const n = 1_000;
  // what is generated is wrong in the small number alone
  const of = (seed: number, small: number) => {
    const u = uniform(seedKey(seed), 2 * n);
    return tensor(
      u.map((v, i) => (i % 2 === 0 ? 1e4 * v : small * v)),
      [n, 2],
    );
  };
  const pool = (seed: number) => {
    const data = dataset({ name: `table ${seed}`, x: of(seed, 1e-3) });
    return { ...poolOf(data), units: unitsOf(data) };
  };
  const source = {
    classes: null,
    judge: null,
    sample: async (m: number, seed: number) => ({ x: rows(of(seed + 10, 1e-5), 0, m), labels: null }),
  };
  const r = await evaluateGan(source, { train: pool(1), test: pool(2), mixture: null }, { ...run, n: 400 });
  expect(r.coverage).toBeLessThan(0.4 * r.floor.coverage);
  expect(r.extractor.name).toBe("the numbers themselves, each over its range");
  expect(r.freshDiscriminatorAccuracy).toBeGreaterThan(0.9);
  expect([r.kidFloor, r.frechetFloor]).toEqual([expect.any(Number), expect.any(Number)]);
});
