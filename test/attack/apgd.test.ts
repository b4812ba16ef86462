/** Auto-PGD: its schedule, and what it must find on models whose worst case is known. */
import { describe, expect, test } from "vitest";
import { checkpoints, climb, edgeStart } from "../../src/attack/apgd-climb.ts";
import { domain } from "../../src/attack/domain.ts";
import { apgdCe, apgdDlr, apgdTargeted, attack, l1, l2, linf, norms, pgd } from "../../src/attack/index.ts";
import { normal, seedKey, tensor, uniform } from "../../src/base/index.ts";
import { linearModel, seen, smallNet } from "./linear-model.ts";

const run = { threads: 1 } as const;
const EPSILON = { linf: 0.05, l2: 0.3, l1: 1, l0: 0 };

describe("the checkpoints", () => {
  test("of 100 iterations are the published ones", () => expect(checkpoints(100)).toEqual([22, 41, 57, 70, 80, 87, 93, 99]));
  test.each([10, 20, 50, 77, 1000])("of %i are ⌈p·N⌉", (n) => {
    const p = [0, 0.22];
    while (p.at(-1)! <= 1) p.push(p.at(-1)! + Math.max(p.at(-1)! - p.at(-2)! - 0.03, 0.06));
    const w = p.filter((q) => q > 0 && q <= 1 + 1e-9).map((q) => Math.ceil(q * n - 1e-9));
    expect(checkpoints(n)).toEqual([...new Set(w)]);
  });
});

test.each(["linf", "l2", "l1"] as const)("a run in %s starts on the edge of the ball, and moves what is free", (which) => {
  const n = 50;
  const x = new Float32Array(n).fill(0.5);
  const within = domain([n], { low: -100, high: 100, fixed: [3, 4] });
  const z = edgeStart(x, seedKey(1), { norm: norms[which], epsilon: 2, targeted: false, domain: within });
  expect(norms[which].distance(Float64Array.from(z, (v, i) => v - x[i]!))).toBeCloseTo(2, 4);
  expect([z[3], z[4]]).toEqual([0.5, 0.5]);
});

test("after a restart momentum comes from the best point, not from the abandoned one", () => {
  const within = domain([1], { low: -100, high: 100 });
  const zero = Float32Array.of(0);
  const steps = climb(zero, zero, { norm: linf, epsilon: 50, targeted: false, domain: within }, { steps: 10 }, (point) => ({ point }));
  const points: number[] = [];
  let asked = steps.next();
  // the loss falls from the start on: at the checkpoint, iteration 3, the climb returns to 0
  for (const [k, slope] of [1, 1, 1, 1, 0, 0].entries()) {
    if (asked.done) break;
    points.push(asked.value[0]!.point[0]!);
    asked = steps.next([{ logits: Float32Array.of(1, 0), gain: -1, loss: -k, gradient: Float32Array.of(slope) }]);
  }
  // 25 + 0.75·0 + 0.25·(25 − 0)
  expect(points).toEqual([0, 50, 50, 50, 25, 31.25]);
});

/** The largest fall of w·x over ball and box, by the dual of both: greedy in L1, one multiplier in L2, each coordinate on its own in L∞. */
function largestFall(which: "linf" | "l2" | "l1", w: Float64Array, room: (j: number) => number, epsilon: number): number {
  const order = [...w.keys()].sort((a, b) => Math.abs(w[b]!) - Math.abs(w[a]!));
  if (which === "linf") return order.reduce((s, j) => s + Math.abs(w[j]!) * Math.min(epsilon, room(j)), 0);
  if (which === "l1") {
    let left = epsilon;
    return order.reduce((s, j) => {
      const d = Math.min(left, room(j));
      left -= d;
      return s + d * Math.abs(w[j]!);
    }, 0);
  }
  let [low, high] = [0, 1e6];
  const at = (t: number) => order.map((j) => Math.min(t * Math.abs(w[j]!), room(j)));
  for (let k = 0; k < 200; k++) {
    const t = (low + high) / 2;
    if (Math.hypot(...at(t)) > epsilon) high = t;
    else low = t;
  }
  return at(low).reduce((s, d, k) => s + d * Math.abs(w[order[k]!]!), 0);
}

describe.each([
  ["apgd-ce", apgdCe()],
  ["apgd-dlr", apgdDlr()],
  ["apgd-t", apgdTargeted()],
])("%s on a linear model of two classes", (_, chosen) => {
  test.each(["linf", "l2", "l1"] as const)("in %s finds the worst point of ball and box, and wins where there is one", async (which) => {
    const n = 20;
    const w = normal(seedKey(1), 2 * n, 0, 0.5);
    const model = await linearModel(w, [0.1, -0.2]);
    const x = tensor(uniform(seedKey(2), 16 * n), [16, n]);
    const labels = await model.labels(x);
    const epsilon = { linf: 0.12, l2: 0.5, l1: 0.6 }[which];
    const result = await attack(model, { x, labels }, { ...run, attack: chosen, norm: norms[which], epsilon });
    const [before, after] = [await model.scores(x), await model.scores(result.adversarial)];
    const margin = (z: typeof before, i: number) => z.data[2 * i + labels[i]!]! - z.data[2 * i + 1 - labels[i]!]!;
    let stand = 0;
    for (const s of result.samples) {
      const gap = Float64Array.from({ length: n }, (_, j) => w[2 * j + 1 - s.label]! - w[2 * j + s.label]!);
      const room = (j: number) => (gap[j]! > 0 ? 1 - x.data[s.index * n + j]! : x.data[s.index * n + j]!);
      const most = largestFall(which, gap, room, epsilon);
      const fall = margin(before, s.index) - margin(after, s.index);
      expect(fall).toBeLessThan(most + 1e-5);
      expect(s.success).toBe(margin(before, s.index) < most);
      if (s.success) continue;
      stand++;
      // steps of L1 halt at ε/10, those of the others are halved eight times
      expect(fall).toBeGreaterThan(most * (which === "l1" ? 0.97 : 0.995));
    }
    expect(stand).toBeGreaterThan(2);
    expect(stand).toBeLessThan(16);
    await model.release();
  });
});

describe.each([
  ["apgd-ce", apgdCe({ steps: 12 })],
  ["apgd-dlr", apgdDlr({ steps: 12 })],
  ["apgd-t", apgdTargeted({ steps: 12 })],
])("%s", (_, chosen) => {
  test("finds the same alone, by sevens and all together, and leaves fixed features be", async () => {
    const model = await smallNet();
    const data = await seen(model, 12);
    const constraints = { fixed: [0, 7, 24] };
    for (const norm of [linf, l2, l1]) {
      const options = { ...run, attack: chosen, norm, epsilon: EPSILON[norm.name], seed: 5, constraints };
      const all = await attack(model, data, { ...options, batch: 128 });
      expect(all.samples.some((s) => s.success)).toBe(true);
      expect(all.samples.some((s) => !s.success)).toBe(true);
      for (const batch of [1, 7]) {
        const few = await attack(model, data, { ...options, batch });
        expect(few.samples.map((s) => [s.success, s.backwards])).toEqual(all.samples.map((s) => [s.success, s.backwards]));
        expect(few.adversarial.data.findIndex((v, i) => Math.abs(v - all.adversarial.data[i]!) > 1e-4)).toBe(-1);
      }
      expect(all.adversarial.data.findIndex((v, i) => constraints.fixed.includes(i % 25) && v !== data.x.data[i])).toBe(-1);
    }
    await model.release();
  });

  test.each([2, 3])("works with %i classes, and asks no more about what it has won", async (classes) => {
    const model = await smallNet(classes);
    const data = await seen(model, 20);
    const options = { ...run, norm: linf, epsilon: classes === 2 ? 0.25 : 0.1 };
    const result = await attack(model, data, { ...options, attack: chosen });
    const plain = await attack(model, data, { ...options, attack: pgd({ steps: 12 }) });
    const count = (r: typeof result) => r.samples.filter((s) => s.success).length;
    expect(count(result)).toBeGreaterThanOrEqual(count(plain));
    const most = 13 * (chosen.name === "apgd-t" ? classes - 1 : 1);
    for (const s of result.samples) {
      if (s.success) expect(s.backwards).toBeLessThanOrEqual(most);
      else expect(s.backwards).toBe(most);
    }
    expect(result.samples.some((s) => s.success && s.backwards < 10)).toBe(true);
    await model.release();
  });

  test("reaches a class", async () => {
    const model = await smallNet();
    const data = await seen(model, 20);
    const targets = data.labels.map((y) => (y + 1) % 4);
    const result = await attack(model, data, { ...run, attack: chosen, norm: linf, epsilon: 0.3, targets });
    for (const s of result.samples) expect(s.success).toBe(s.adversarialPredicted === targets[s.index]);
    expect(result.samples.filter((s) => s.success).length).toBeGreaterThan(3);
    await model.release();
  });

  test("with ε = 0 changes nothing", async () => {
    const model = await smallNet();
    const data = await seen(model, 5);
    for (const norm of [linf, l2, l1]) {
      const result = await attack(model, data, { ...run, attack: chosen, norm, epsilon: 0 });
      expect(result.robustAccuracy).toBe(1);
      expect(result.adversarial.data).toEqual(data.x.data);
    }
    await model.release();
  });
});
