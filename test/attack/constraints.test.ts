/** What an input may be: projections that end legal, lattices, one-hot groups, refusals. */
import { describe, expect, test } from "vitest";
import { attack, domain, l1, l2, legalise, linf, norms, pgd } from "../../src/attack/index.ts";
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
  expect(codeOf(() => domain([3], { fixed: [3] }))).toBe("constraint-feature");
  expect(codeOf(() => domain([3], { groups: [[0, 7]] }))).toBe("constraint-feature");
});
