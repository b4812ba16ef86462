/** Attacks that move pixels: rotations and shifts, and flows. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attack, spatial, stAdv } from "../../src/attack/index.ts";
import { row } from "../../src/attack/iterate.ts";
import { after, moved, shifted, turned } from "../../src/attack/transform/homography.ts";
import { planes, planesOf } from "../../src/attack/transform/planes.ts";
import { sampled } from "../../src/attack/transform/sampling.ts";
import { seedKey, type Tensor, uniform } from "../../src/base/index.ts";
import { type GradientModel, labelModel } from "../../src/model/index.ts";
import { convolutional, opened, pictures, run, SIDE } from "./pictures.ts";

let model: GradientModel;
const data = pictures(7, 30);

beforeAll(async () => {
  model = await opened(convolutional, 1);
});
afterAll(() => model.release());

describe("rotation and translation", () => {
  test("the grid finds a sample turned exactly where trying every move by hand does", async () => {
    const result = await attack(model, data, { ...run, attack: spatial({ rotation: 15, translation: 1 / 12, angles: 5, shifts: 3 }) });
    const clean = await model.labels(data.x);
    for (let i = 0; i < 30; i++) {
      const tried: Float32Array[] = [];
      for (const degrees of [-15, -7.5, 0, 7.5, 15])
        for (const right of [-1, 0, 1])
          for (const down of [-1, 0, 1])
            tried.push(moved(after(shifted(right, down), turned(degrees)), planes(1, SIDE, SIDE), 0).apply(row(data.x, i)));
      const all: Tensor<"float32"> = { ...data.x, shape: [45, 1, SIDE, SIDE], data: Float32Array.from(tried.flatMap((z) => [...z])) };
      const answers = await model.labels(all);
      const wrong = clean[i] !== data.labels[i] || answers.some((a) => a !== data.labels[i]);
      expect(result.samples[i]!.success).toBe(wrong);
      expect(result.samples[i]!.forwards).toBeLessThanOrEqual(45);
    }
    expect(result.robustAccuracy).toBeLessThan(result.cleanAccuracy);
  });

  test("labels are enough, count the same questions, and a larger grid never finds less", async () => {
    const asked: number[] = [];
    const only = labelModel({ classes: 3, inputShape: [1, SIDE, SIDE] }, async (x) => {
      asked.push(x.shape[0]!);
      return model.labels(x);
    });
    const small = { rotation: 12, translation: 1 / 12, angles: 3, shifts: 3 };
    const byLabels = await attack(only, data, { ...run, attack: spatial({ access: "labels", ...small }) });
    const byScores = await attack(model, data, { ...run, attack: spatial(small) });
    expect(byLabels.samples.map((s) => [s.success, s.forwards])).toEqual(byScores.samples.map((s) => [s.success, s.forwards]));
    // the judge asks about clean inputs and candidates; the rest is the attack's
    const standing = byLabels.samples.filter((s) => s.forwards > 0).length;
    expect(asked.reduce((a, b) => a + b, 0)).toBe(30 + standing + byLabels.forwards);
    const wide = await attack(model, data, { ...run, attack: spatial({ ...small, angles: 5 }) });
    expect(wide.robustAccuracy).toBeLessThanOrEqual(byScores.robustAccuracy);
  });

  test("draws depend on the sample alone; more of them never find less; targets are reached", async () => {
    const few = await attack(model, data, { ...run, attack: spatial({ queries: 4 }) });
    const batches = await attack(model, data, { ...run, batch: 7, attack: spatial({ queries: 4 }) });
    expect(batches.samples).toEqual(few.samples);
    expect(batches.adversarial.data).toEqual(few.adversarial.data);
    const more = await attack(model, data, { ...run, attack: spatial({ queries: 20 }) });
    expect(more.robustAccuracy).toBeLessThanOrEqual(few.robustAccuracy);
    const targets = Array.from(data.labels, (y) => (y + 1) % 3);
    const goal = await attack(model, data, { ...run, attack: spatial({ queries: 60 }), targets });
    for (const s of goal.samples) expect(s.success).toBe(s.adversarialPredicted === targets[s.index]);
    expect(goal.samples.some((s) => s.success)).toBe(true);
    expect(() => spatial({ queries: 0 })).toThrow(/spatial-tries/);
  });

  test("features that are fixed stay as they are", async () => {
    const fixed = Array.from({ length: 3 * SIDE }, (_, i) => i);
    const result = await attack(model, data, { ...run, attack: spatial({ queries: 6 }), constraints: { fixed } });
    for (let i = 0; i < 30; i++) expect(row(result.adversarial, i).slice(0, 3 * SIDE)).toEqual(row(data.x, i).slice(0, 3 * SIDE));
  });
});

describe("flow", () => {
  test("the slope in the places is that of finite differences", () => {
    const picture = planesOf([2, 5, 4]);
    const x = uniform(seedKey(1), 40);
    const dy = uniform(seedKey(2), 40, -1, 1);
    // places between pixels, some outside
    const rows = Float64Array.from(uniform(seedKey(3), 20, -0.8, 4.8));
    const columns = Float64Array.from(uniform(seedKey(4), 20, -0.8, 3.8));
    const slopes = sampled(picture, picture, { rows, columns }, 0.4).toPlaces(x, dy);
    const value = (r: Float64Array, c: Float64Array) =>
      sampled(picture, picture, { rows: r, columns: c }, 0.4)
        .apply(x)
        .reduce((s, v, i) => s + v * dy[i]!, 0);
    const h = 1e-3;
    for (let p = 0; p < 20; p++) {
      const bump = (v: Float64Array, by: number) => v.map((u, i) => (i === p ? u + by : u));
      if (Math.abs(rows[p]! - Math.round(rows[p]!)) > 2 * h)
        expect((value(bump(rows, h), columns) - value(bump(rows, -h), columns)) / (2 * h)).toBeCloseTo(slopes.rows[p]!, 3);
      if (Math.abs(columns[p]! - Math.round(columns[p]!)) > 2 * h)
        expect((value(rows, bump(columns, h)) - value(rows, bump(columns, -h))) / (2 * h)).toBeCloseTo(slopes.columns[p]!, 3);
    }
  });

  test("stAdv turns most samples by moving pixels less than one, and makes no new values", async () => {
    const few = { x: { ...data.x, shape: [12, 1, SIDE, SIDE], data: data.x.data.slice(0, 12 * 144) }, labels: data.labels.slice(0, 12) };
    const result = await attack(model, few, { ...run, attack: stAdv({ steps: 40, reach: 0.9 }) });
    expect(result.robustAccuracy).toBeLessThan(0.5);
    for (let i = 0; i < 12; i++) {
      const [before, now] = [row(few.x, i), row(result.adversarial, i)];
      for (let p = 0; p < 144; p++) {
        const [y, x] = [Math.floor(p / SIDE), p % SIDE];
        const near = [-1, 0, 1]
          .flatMap((a) => [-1, 0, 1].map((b) => [y + a, x + b] as const))
          .filter(([a, b]) => a >= 0 && b >= 0 && a < SIDE && b < SIDE);
        const values = near.map(([a, b]) => before[a * SIDE + b]!);
        expect(now[p]!).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
        expect(now[p]!).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
      }
    }
    const split = await attack(model, few, { ...run, batch: 5, attack: stAdv({ steps: 40, reach: 0.9 }) });
    expect(split.samples).toEqual(result.samples);
  });

  test("a rougher flow is allowed where roughness costs nothing", async () => {
    const few = { x: { ...data.x, shape: [9, 1, SIDE, SIDE], data: data.x.data.slice(0, 9 * 144) }, labels: data.labels.slice(0, 9) };
    const free = await attack(model, few, { ...run, attack: stAdv({ steps: 40, smoothness: 0 }) });
    const stiff = await attack(model, few, { ...run, attack: stAdv({ steps: 40, smoothness: 50 }) });
    expect(free.robustAccuracy).toBeLessThan(stiff.robustAccuracy);
    expect(stiff.robustAccuracy).toBe(stiff.cleanAccuracy);
  });
});
