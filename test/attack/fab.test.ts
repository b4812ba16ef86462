/** FAB, where the nearest point of another class is known. */
import { describe, expect, test } from "vitest";
import { towardsPlane } from "../../src/attack/hyperplane.ts";
import { attack, fab, l1, l2, linf, norms } from "../../src/attack/index.ts";
import { normal, seedKey, tensor, uniform } from "../../src/base/index.ts";
import { linearModel, seen, smallNet } from "./linear-model.ts";

const run = { threads: 1 } as const;
type Which = "linf" | "l2" | "l1";

/** The least ‖d‖ with w·d ≥ gain and x + d in [0, 1]ⁿ: halving the radius, whose largest gain is each norm's own. ∞ where there is none. */
function least(which: Which, x: ArrayLike<number>, w: Float64Array, gain: number): number {
  const order = [...w.keys()].sort((a, b) => Math.abs(w[b]!) - Math.abs(w[a]!));
  const room = (j: number) => (w[j]! > 0 ? 1 - x[j]! : x[j]!);
  const size = (t: number): number[] => {
    let left = t;
    return order.map((j) => {
      if (which !== "l1") return Math.min(room(j), which === "linf" ? t : t * Math.abs(w[j]!));
      const d = Math.min(room(j), left);
      left -= d;
      return d;
    });
  };
  let [low, high] = [0, 1e5];
  for (let k = 0; k < 200; k++) {
    const t = (low + high) / 2;
    if (size(t).reduce((s, d, k) => s + d * Math.abs(w[order[k]!]!), 0) >= gain) high = t;
    else low = t;
  }
  return high > 9e4 ? Number.POSITIVE_INFINITY : norms[which].distance(size(high));
}

describe.each(["linf", "l2", "l1"] as const)("in %s", (which) => {
  test("the way to a plane is the shortest that the box allows", () => {
    const n = 12;
    const box = { low: new Float32Array(n), high: new Float32Array(n).fill(1) };
    for (let k = 0; k < 60; k++) {
      const x = uniform(seedKey(k), n).map((v) => (v < 0.2 ? 0 : v > 0.8 ? 1 : v));
      const w = normal(seedKey(k + 100), n).map((v, j) => (j % 5 === 4 ? 0 : v));
      const gain = (k % 2 ? 1 : -1) * 0.05 * (k + 1);
      const d = towardsPlane(norms[which], x, w, gain, box);
      const reached = d.reduce((s, v, j) => s + v * w[j]!, 0);
      d.forEach((v, j) => {
        expect(x[j]! + v).toBeGreaterThanOrEqual(-1e-9);
        expect(x[j]! + v).toBeLessThanOrEqual(1 + 1e-9);
      });
      const shortest = least(
        which,
        x,
        Float64Array.from(w, (v) => Math.sign(gain) * v),
        Math.abs(gain),
      );
      if (shortest === Number.POSITIVE_INFINITY) expect(Math.abs(reached)).toBeLessThan(Math.abs(gain));
      else {
        expect(reached).toBeCloseTo(gain, 6);
        expect(norms[which].distance(d)).toBeCloseTo(shortest, 6);
      }
    }
  });

  test.each([2, 4])("on a linear model of %i classes it finds the least distance, to one part in 100", async (classes) => {
    const n = 15;
    const w = normal(seedKey(7), n * classes, 0, 2);
    const model = await linearModel(w, new Array<number>(classes).fill(0.1));
    const x = tensor(
      uniform(seedKey(8), 12 * n).map((v) => (v < 0.1 ? 0 : v)),
      [12, n],
    );
    const labels = await model.labels(x);
    const z = await model.scores(x);
    const result = await attack(model, { x, labels }, { ...run, attack: fab({ steps: 20 }), norm: norms[which] });
    for (const s of result.samples) {
      const mine = x.data.subarray(s.index * n, (s.index + 1) * n);
      const distances = [...new Array(classes).keys()]
        .filter((c) => c !== s.label)
        .map((c) => {
          const gap = Float64Array.from({ length: n }, (_, j) => w[j * classes + c]! - w[j * classes + s.label]!);
          return least(which, mine, gap, z.data[s.index * classes + s.label]! - z.data[s.index * classes + c]!);
        });
      expect(s.success).toBe(true);
      expect(s.distance).toBeGreaterThan(Math.min(...distances) * 0.9999);
      expect(s.distance).toBeLessThan(Math.min(...distances) * 1.01);
    }
    await model.release();
  });
});

test("finds the same alone, by sevens and all together, and leaves fixed features be", async () => {
  const model = await smallNet();
  const data = await seen(model, 10);
  const constraints = { fixed: [0, 7, 24] };
  for (const norm of [linf, l2, l1]) {
    const options = { ...run, attack: fab({ steps: 3 }), norm, seed: 5, constraints, restarts: 2 };
    const all = await attack(model, data, { ...options, batch: 128 });
    expect(all.samples.every((s) => s.success)).toBe(true);
    for (const batch of [1, 7]) {
      const few = await attack(model, data, { ...options, batch });
      expect(few.samples.map((s) => s.backwards)).toEqual(all.samples.map((s) => s.backwards));
      few.samples.forEach((s, i) => {
        expect(Math.abs(s.distance! - all.samples[i]!.distance!)).toBeLessThan(1e-4);
      });
    }
    expect(all.adversarial.data.findIndex((v, i) => constraints.fixed.includes(i % 25) && v !== data.x.data[i])).toBe(-1);
    // a restart keeps what was found before
    const once = await attack(model, data, { ...options, restarts: 1 });
    all.samples.forEach((s, i) => {
      expect(s.distance).toBeLessThanOrEqual(once.samples[i]!.distance!);
    });
  }
  await model.release();
});

test("within an ensemble it lets go of what is turned within ε, and turns as many", async () => {
  const model = await smallNet();
  const data = await seen(model, 20);
  const options = { ...run, norm: l2, epsilon: 0.3 };
  const whole = await attack(model, data, { ...options, attack: fab({ steps: 10 }) });
  const brief = await attack(model, data, { ...options, attack: fab({ steps: 10, stopWithin: true }) });
  expect(brief.robustAccuracy).toBeLessThanOrEqual(whole.robustAccuracy);
  expect(brief.robustAccuracy).toBeGreaterThan(0);
  for (const s of brief.samples) expect(s.backwards).toBeLessThanOrEqual(s.success ? 30 : whole.samples[s.index]!.backwards);
  expect(brief.gradientEvaluations).toBeLessThan(0.8 * whole.gradientEvaluations);
  await model.release();
});

test("reaches a class of the caller's", async () => {
  const model = await smallNet();
  const data = await seen(model, 12);
  const targets = data.labels.map((y) => (y + 2) % 4);
  const result = await attack(model, data, { ...run, attack: fab({ steps: 30 }), norm: l2, targets });
  for (const s of result.samples) if (s.success) expect(s.adversarialPredicted).toBe(targets[s.index]);
  expect(result.samples.filter((s) => s.success).length).toBeGreaterThan(7);
  await model.release();
});
