/** What an input may be: projections that end legal, lattices, one-hot groups, refusals. */
import { describe, expect, test } from "vitest";
import { checkLegal } from "../../src/attack/domain.ts";
import { attack, domain, l1, l2, legalise, linf, norms, pgd } from "../../src/attack/index.ts";
import { startRow } from "../../src/attack/iterate.ts";
import { CounterfoilError, normal, seedKey, tensor, uniform } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { openClassifier } from "../../src/model/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";

const codeOf = (f: () => unknown): string => {
  try {
    f();
    return "nothing";
  } catch (e) {
    return e instanceof CounterfoilError ? e.code : String(e);
  }
};

describe("the projection onto an L1 ball in a box", () => {
  test("is the nearest point: no random legal point is nearer", () => {
    for (let k = 0; k < 60; k++) {
      const n = 6;
      const x = uniform(seedKey(k), n);
      const far = Float32Array.from(normal(seedKey(k + 500), n), (v, i) => x[i]! + v);
      const z = far.slice();
      const box = domain([n]);
      const epsilon = 0.2 + (k % 10) / 5;
      l1.project(z, x, epsilon, box);
      const delta = (p: Float32Array) => Float64Array.from(p, (v, i) => v - x[i]!);
      expect(l1.distance(delta(z))).toBeLessThanOrEqual(epsilon + 1e-5);
      expect(z.every((v) => v >= 0 && v <= 1)).toBe(true);
      const away = (p: Float32Array) => p.reduce((s, v, i) => s + (v - far[i]!) ** 2, 0);
      for (let t = 0; t < 200; t++) {
        const other = Float32Array.from(uniform(seedKey(1000 * k + t), n));
        const shrink = Math.min(1, epsilon / Math.max(l1.distance(delta(other)), 1e-9));
        for (let i = 0; i < n; i++) other[i] = x[i]! + shrink * (other[i]! - x[i]!);
        expect(away(other)).toBeGreaterThanOrEqual(away(z) - 1e-4);
      }
    }
  });
  test("of a large picture fills the ball, with one multiplier for all that move", () => {
    const n = 3 * 64 * 64;
    const [x, noise] = [uniform(seedKey(1), n), normal(seedKey(2), n, 0, 0.5)];
    const far = x.map((v, i) => v + noise[i]!);
    const z = far.slice();
    l1.project(z, x, 12, domain([n]));
    expect(l1.distance(Float64Array.from(z, (v, i) => v - x[i]!))).toBeCloseTo(12, 4);
    const inner = [...z.keys()].filter((i) => z[i] !== x[i] && z[i]! > 0 && z[i]! < 1);
    const multipliers = inner.map((i) => Math.abs(far[i]! - x[i]!) - Math.abs(z[i]! - x[i]!));
    expect(Math.max(...multipliers) - Math.min(...multipliers)).toBeLessThan(1e-6);
    expect(inner.length).toBeGreaterThan(5);
  });
  test("of a ball that holds the box is a clip", () => {
    const z = Float32Array.from([-1, 0.5, 3]);
    l1.project(z, Float32Array.from([0.2, 0.2, 0.2]), 100, domain([3]));
    expect([...z]).toEqual([0, 0.5, 1]);
  });
});

test.each(["linf", "l2", "l1", "l0"] as const)("legal in %s: ball, box, lattice, groups, fixed features", (which) => {
  const norm = norms[which];
  const within = domain([10], {
    high: [1, 1, 1, 1, 1, 1, 1, 1, 1, 9],
    step: [0, 0, 0.25, 0, 0, 0, 0, 0, 0, 1],
    fixed: [4],
    groups: [[5, 6, 7]],
  });
  for (let k = 0; k < 200; k++) {
    const x = uniform(seedKey(k), 10);
    x[2] = 0.5;
    x[9] = 4;
    x.set([0, 1, 0], 5);
    const z = Float32Array.from(normal(seedKey(k + 999), 10), (v, i) => x[i]! + 2 * v);
    const epsilon = which === "l0" ? 4 : 0.3 + k / 100;
    legalise(z, x, norm, epsilon, within);
    expect(norm.distance(Float64Array.from(z, (v, i) => v - x[i]!))).toBeLessThanOrEqual(epsilon);
    z.forEach((v, i) => {
      expect(v).toBeGreaterThanOrEqual(within.low[i]!);
      expect(v).toBeLessThanOrEqual(within.high[i]!);
    });
    expect(z[4]).toBe(x[4]);
    expect(z[2]! * 4).toBeCloseTo(Math.round(z[2]! * 4), 6);
    expect(z[9]).toBe(Math.round(z[9]!));
    expect([...z.slice(5, 8)].sort()).toEqual([0, 0, 1]);
  }
});

/** Bits of float32 as a whole number, in the order of the numbers. */
const neighbour = (v: number, by: number): number => {
  const f = Float32Array.of(v);
  const bits = new Int32Array(f.buffer);
  bits[0] = bits[0]! + (v < 0 ? -by : by);
  return v === 0 ? by * 2 ** -149 : f[0]!;
};

describe.each([
  [0, 1, 1 / 255],
  [0, 1, 2 / 255],
  [-1, 1, 1 / 255],
  [-1, 1, 2 / 255],
  [0, 255, 1],
  [0, 255, 1 / 255],
  [0, 255, 2 / 255],
  [0, 1, 1 / 65535],
] as const)("the lattice from %d to %d in steps of %d", (low, high, step) => {
  const n = 64;
  const within = domain([n], { low, high, step });
  const levels = Math.floor((high - low) / step + 1e-6);
  const value = (k: number) => Math.fround(low + k * step);
  const levelsOf = (v: Float32Array) => Array.from(v, (c) => Math.round((c - low) / step));
  const samples = Array.from({ length: 12 }, (_, k) => {
    const at = Array.from(uniform(seedKey(k), n), (u, i) => (i === 0 ? 0 : i === 1 ? levels : Math.floor(u * (levels + 1))));
    return { at, x: Float32Array.from(at, value) };
  });
  const clamped = (k: number) => Math.min(Math.max(k, 0), levels);

  test("its own points are legal", () => {
    for (const { x } of samples) expect(() => checkLegal(x, n, within)).not.toThrow();
  });

  test("8 steps of 8 are reached on both sides, to an ulp of float32, and the ends of the box are", () => {
    for (const [k, { at, x }] of samples.entries()) {
      const side = Array.from(uniform(seedKey(k + 50), n), (u) => (u < 0.5 ? -1 : 1));
      for (const by of [-1, 0, 1]) {
        const z = x.map((v, i) => neighbour(Math.fround(v + 8 * step * side[i]!), by));
        legalise(z, x, linf, 8 * step, within);
        expect([...z]).toEqual(at.map((l, i) => value(clamped(l + 8 * side[i]!))));
      }
      const one = x.slice();
      const to = clamped(at[5]! + 8) - at[5]! === 8 ? 8 : -8;
      one[5] = value(at[5]! + to);
      const moved = one.slice();
      for (const norm of [l2, l1, norms.l0]) {
        legalise(one, x, norm, norm.name === "l0" ? 1 : 8 * step, within);
        expect([...one]).toEqual([...moved]);
      }
      const ends = x.map((_, i) => (side[i]! < 0 ? low : high));
      legalise(ends, x, linf, high - low, within);
      expect([...ends]).toEqual(side.map((s) => value(s < 0 ? 0 : levels)));
    }
  });

  test.each(["linf", "l2", "l1", "l0"] as const)("the ball of %s is kept, and what is not legal is not given", (which) => {
    const norm = norms[which];
    for (const [k, { at, x }] of samples.entries())
      for (const size of [0, 0.3, 1, 5]) {
        const epsilon = which === "l0" ? 3 : 3.3 * step;
        const noise = normal(seedKey(k + 100), n);
        // size 0: by an ulp, which is no step at all
        const z = x.map((v, i) => (size === 0 ? neighbour(v, Math.sign(noise[i]!)) : v + size * step * noise[i]!));
        legalise(z, x, norm, epsilon, within);
        const now = levelsOf(z);
        expect([...z]).toEqual(now.map((l, i) => (l === at[i] ? x[i]! : value(l))));
        const delta = now.map((l, i) => (l - at[i]!) * step);
        expect(norm.distance(delta)).toBeLessThanOrEqual(epsilon * (1 + 1e-6));
        if (size === 0) expect(z).toEqual(x);
        if (size === 5) expect(norm.distance(delta)).toBeGreaterThan(0);
        for (const v of z) expect(v >= low && v <= high).toBe(true);
      }
  });
});

test("beside values that take no steps the ball of L2 is kept to the last bit, in steps that float32 rounds", () => {
  const within = domain([8], { step: [0, 0, 0, 0, ...new Array(4).fill(1 / 255)] });
  for (let k = 0; k < 300; k++) {
    const x = uniform(seedKey(k), 8).map((v, i) => (i < 4 ? v : Math.fround(Math.round(v * 255) / 255)));
    const z = Float32Array.from(normal(seedKey(k + 999), 8), (v, i) => x[i]! + 0.02 * v);
    const epsilon = (1 + (k % 8)) / 255;
    legalise(z, x, l2, epsilon, within);
    expect(l2.distance(Float64Array.from(z, (v, i) => v - x[i]!))).toBeLessThanOrEqual(epsilon);
    expect(z).not.toEqual(x);
  }
});

describe("groups", () => {
  const ask = (x: number[], z: number[], fixed: number[] = []) => {
    const out = Float32Array.from(z);
    legalise(out, Float32Array.from(x), linf, Number.POSITIVE_INFINITY, domain([3], { groups: [[0, 1, 2]], fixed }));
    return [...out];
  };
  test("move to the largest feature, from x's own only for more", () => {
    expect(ask([0, 1, 0], [0.9, 0.8, 0])).toEqual([1, 0, 0]);
    expect(ask([0, 1, 0], [1, 1, 0])).toEqual([0, 1, 0]);
    expect(ask([0, 0, 1], [0.5, 0.5, 0.5])).toEqual([0, 0, 1]);
  });
  test("are x's where one of their features may not change", () => {
    expect(ask([0, 1, 0], [1, 1, 0], [1])).toEqual([0, 1, 0]);
    expect(ask([0, 1, 0], [1, 0.2, 0], [2])).toEqual([0, 1, 0]);
  });
  test("are chosen before whole steps are made", () => {
    const out = Float32Array.of(0.6, 0.5, 0.7);
    legalise(out, Float32Array.of(1, 0, 0), linf, 1, domain([3], { step: 1, groups: [[0, 1, 2]] }));
    expect([...out]).toEqual([0, 0, 1]);
  });
  test("have one feature on in the data", () => {
    const within = domain([4], { groups: [[1, 2, 3]] });
    const check = (...x: number[]) => codeOf(() => checkLegal(Float32Array.from(x), 4, within));
    expect(check(0.5, 0, 1, 0, 0.2, 1, 0, 0)).toBe("nothing");
    expect(check(0.5, 0, 1, 0, 0.2, 0, 0, 0)).toBe("input-group");
    expect(check(0.5, 0, 1, 1)).toBe("input-group");
    expect(check(0.5, 0.5, 0.5, 0)).toBe("input-group");
  });
});

test("random points of L0 lie anywhere in each feature's box, and take features that may move", () => {
  const within = domain([4], { low: [0, -1, 5, 0], high: [255, 1, 6, 1], fixed: [3] });
  const x = Float32Array.of(250, 0, 5, 0.5);
  const seen = [0, 1, 2].map(() => ({ low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }));
  for (let k = 0; k < 300; k++) {
    const z = new Float32Array(4);
    startRow(z, x, seedKey(k), { norm: norms.l0, epsilon: 2, targeted: false, domain: within });
    expect(norms.l0.distance(Float64Array.from(z, (v, i) => v - x[i]!))).toBe(2);
    expect(z[3]).toBe(0.5);
    seen.forEach((s, i) => {
      if (z[i] === x[i]) return;
      s.low = Math.min(s.low, z[i]!);
      s.high = Math.max(s.high, z[i]!);
    });
  }
  for (const [i, { low, high }] of seen.entries()) {
    const [least, most] = [within.low[i]!, within.high[i]!];
    expect((low - least) / (most - least)).toBeLessThan(0.05);
    expect((high - least) / (most - least)).toBeGreaterThan(0.95);
  }
});

test("the steepest steps are those of the dual norms", () => {
  const g = Float32Array.from([0.5, -2, 0, 1]);
  const out = new Float32Array(4);
  const along = () => g.reduce((s, v, i) => s + v * out[i]!, 0);
  linf.steepest(g, out);
  expect(along()).toBeCloseTo(3.5, 6);
  l2.steepest(g, out);
  expect(along()).toBeCloseTo(Math.hypot(0.5, 2, 1), 5);
  l1.steepest(g, out);
  expect([...out]).toEqual([0, -1, 0, 0]);
  expect(along()).toBe(2);
});

test("success is counted on the lattice: what rounding undoes is no success", async () => {
  // class 1 from x₀ = 0.6 on; the lattice of tenths
  const e = builder();
  const v = input("float32", [2, 1], "x", ["N", 1]);
  const score = e.Sub(v, e.scalar(0.6, v));
  const model = await openClassifier(write({ inputs: [v], outputs: [e.Concat(e.Neg(score), score, { axis: 1 })] }));
  const at = async (epsilon: number) => {
    const { samples, adversarial } = await attack(
      model,
      { x: tensor([0.5], [1, 1]), labels: [0] },
      { attack: pgd({ steps: 5 }), epsilon, constraints: { step: 0.1 } },
    );
    return [samples[0]!.success, adversarial.data[0]];
  };
  expect(await at(0.09)).toEqual([false, 0.5]);
  expect((await at(0.25))[0]).toBe(true);
  await model.release();
});

test("refusals", () => {
  expect(codeOf(() => domain([3], { low: [0, 0] }))).toBe("constraint-size");
  expect(codeOf(() => domain([3], { low: 1, high: 0 }))).toBe("constraint-range");
  expect(codeOf(() => domain([3], { step: [0, -1, 0] }))).toBe("constraint-step");
  expect(codeOf(() => domain([3], { step: Number.NaN }))).toBe("constraint-step");
  expect(codeOf(() => domain([3], { fixed: [3] }))).toBe("constraint-feature");
  expect(codeOf(() => domain([3], { groups: [[0, 7]] }))).toBe("constraint-feature");
});
