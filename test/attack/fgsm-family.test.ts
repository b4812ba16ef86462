/** The sign methods, on linear models in closed form, and the operators that two of them put before the gradient. */
import { describe, expect, test } from "vitest";
import { domain } from "../../src/attack/domain.ts";
import { attack, bim, diFgsm, l1, l2, linf, miFgsm, niFgsm, norms, resizePad, tiFgsm } from "../../src/attack/index.ts";
import { gathered } from "../../src/attack/momentum.ts";
import { blurred, gaussian } from "../../src/attack/ti-fgsm.ts";
import { fold, normal, seedKey, tensor, uniform } from "../../src/base/index.ts";
import { linearModel, seen, smallNet } from "./linear-model.ts";

const run = { threads: 1 } as const;
const family = {
  bim: bim({ steps: 6 }),
  "bim-least-likely": bim({ steps: 6, goal: "least-likely" }),
  "mi-fgsm": miFgsm({ steps: 6 }),
  "ni-fgsm": niFgsm({ steps: 6 }),
  "di-fgsm": diFgsm({ steps: 6, transformation: resizePad({ smallest: 0.6 }) }),
  "ti-fgsm": tiFgsm({ steps: 6, kernel: 3 }),
};

describe.each(Object.entries(family))("%s", (_, chosen) => {
  test("finds the same alone, by sevens and all together, and leaves fixed features be", async () => {
    const model = await smallNet();
    const data = await seen(model, 12);
    const constraints = { fixed: [0, 7, 24] };
    for (const norm of [linf, l2, l1]) {
      const options = { ...run, attack: chosen, norm, epsilon: { linf: 0.05, l2: 0.3, l1: 1, l0: 0 }[norm.name], seed: 5, constraints };
      const all = await attack(model, data, { ...options, batch: 128 });
      for (const batch of [1, 7]) {
        const few = await attack(model, data, { ...options, batch });
        expect(few.samples.map((s) => s.success)).toEqual(all.samples.map((s) => s.success));
        expect(few.adversarial.data.findIndex((v, i) => Math.abs(v - all.adversarial.data[i]!) > 1e-5)).toBe(-1);
      }
      all.adversarial.data.forEach((v, i) => {
        if (constraints.fixed.includes(i % 25)) expect(v).toBe(data.x.data[i]);
      });
    }
    await model.release();
  });
});

/** Far from the walls, the margin of a linear model falls by ε‖w₁ − w₀‖ in the dual norm, and by no more. */
test.each([
  ["bim", "linf", bim({ steps: 10 })],
  ["bim", "l2", bim({ steps: 10 })],
  ["bim", "l1", bim({ steps: 10, share: 0 })],
  ["mi-fgsm", "linf", miFgsm()],
  ["mi-fgsm", "l2", miFgsm()],
  ["mi-fgsm", "l1", miFgsm({ share: 0 })],
  ["ni-fgsm", "linf", niFgsm()],
  ["ni-fgsm", "l2", niFgsm()],
] as const)("%s in %s is the dual norm on a model of two classes", async (_, which, chosen) => {
  const n = 20;
  // small, so that cross-entropy is far from flat
  const w = normal(seedKey(1), 2 * n, 0, 0.3);
  const model = await linearModel(w, [0.1, -0.2]);
  const x = tensor(normal(seedKey(2), 12 * n, 0, 0.3), [12, n]);
  const labels = await model.labels(x);
  const gap = Float64Array.from({ length: n }, (_, j) => w[2 * j + 1]! - w[2 * j]!);
  const dual = { linf: l1, l2, l1: linf }[which].distance(gap);
  const epsilon = 0.01;
  const result = await attack(model, { x, labels }, { ...run, attack: chosen, norm: norms[which], epsilon, range: [-50, 50] });
  const [before, after] = [await model.scores(x), await model.scores(result.adversarial)];
  labels.forEach((y, i) => {
    const margin = (z: typeof before) => z.data[2 * i + y]! - z.data[2 * i + 1 - y]!;
    const fall = margin(before) - margin(after);
    // the judge keeps the first candidate of a sample that stands: the best iterate but the last, one step short
    expect(fall).toBeLessThan(epsilon * dual * 1.0005);
    expect(fall).toBeGreaterThan(epsilon * dual * (_ === "mi-fgsm" ? 0.8995 : 0.9995));
  });
  await model.release();
});

test("BIM steps by one level of 255, min(ε + 4, 1.25ε) times", async () => {
  const model = await smallNet();
  const data = await seen(model, 5);
  for (const [levels, count] of [
    [2, 3],
    [8, 10],
    [32, 36],
  ] as const) {
    const result = await attack(model, data, { ...run, attack: bim(), norm: linf, epsilon: levels / 255 });
    expect(result.gradientEvaluations).toBe(5 * count);
  }
  await model.release();
});

test("the least likely class comes nearer than any other attack brings it", async () => {
  const model = await smallNet();
  const data = await seen(model, 20);
  const clean = await model.scores(data.x);
  const chosen = { ...run, norm: linf, epsilon: 0.1 };
  const margins = async (goal: "leave" | "least-likely") => {
    // by what the attack proposes last: the iterate at its end
    const result = await attack(model, data, { ...chosen, attack: last(bim({ steps: 10, goal })) });
    const z = await model.scores(result.adversarial);
    return data.labels.map((_, i) => {
      const [was, is] = [clean, z].map(({ data }) => data.subarray(4 * i, 4 * i + 4)) as [Float32Array, Float32Array];
      const least = was.indexOf(Math.min(...was));
      return is[least]! - Math.max(...is) > was[least]! - Math.max(...was) ? 1 : 0;
    });
  };
  expect((await margins("least-likely")).reduce((a, b) => a + b)).toBe(20);
  await model.release();
});

const last = (chosen: ReturnType<typeof bim>): typeof chosen => ({
  ...chosen,
  run: async (...about) => (await chosen.run(...about)).slice(-1),
});

test("momentum gathers gradients of mean size 1, and nothing from what is no number", () => {
  const g = gathered(tensor([1, 1, 0, 0], [2, 2]), tensor([3, -1, Number.NaN, 0], [2, 2]), 0.5, domain([2]));
  expect([...g.data]).toEqual([2, 0, 0, 0]);
  expect([...gathered(g, tensor([4, 4, 4, 4], [2, 2]), 0, domain([2], { mask: [1, 0] })).data]).toEqual([2, 0, 2, 0]);
});

describe("resize and pad", () => {
  const shape = [2, 9, 7] as const;
  const n = 126;
  test.each([0, 1, 2, 3, 4, 5])("its pull-back is its transpose (draw %i)", (k) => {
    const draw = resizePad({ smallest: 0.5, chance: 1 }).draw(seedKey(k), shape, [0, 1]);
    const [x, y] = [uniform(seedKey(10 + k), n), normal(seedKey(20 + k), n)];
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((s, v, i) => s + v * b[i]!, 0);
    expect(dot(draw.apply(x), y)).toBeCloseTo(dot(x, draw.pullBack(x, y)), 4);
    expect(draw.apply(x).length).toBe(n);
  });
  test("a flat image stays flat where it is not padded, and the pad is a valid value", () => {
    const flat = new Float32Array(n).fill(0.75);
    const out = resizePad({ smallest: 0.5, chance: 1 }).draw(seedKey(2), shape, [0.25, 1]).apply(flat);
    const values = new Set(Array.from(out, (v) => Math.round(v * 1e5) / 1e5));
    expect([...values].sort()).toEqual([0.25, 0.75]);
  });
  test("happens as often as it is said", () => {
    const x = uniform(seedKey(1), n);
    const happens = (chance: number) =>
      Array.from(
        { length: 200 },
        (_, k) =>
          resizePad({ chance })
            .draw(fold(seedKey(0), k), shape, [0, 1])
            .apply(x) !== x,
      );
    expect(happens(0).some(Boolean)).toBe(false);
    expect(Math.abs(happens(0.5).filter(Boolean).length - 100)).toBeLessThan(30);
  });
});

describe("translation invariance", () => {
  test("the kernel is a density, and blurring is its own transpose", () => {
    const kernel = gaussian(5, 3);
    expect(kernel.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(kernel[1]! / kernel[2]!).toBeCloseTo(Math.exp(-0.5 * 1.5 ** 2), 12);
    const [a, b] = [normal(seedKey(1), 2 * 42), normal(seedKey(2), 2 * 42)];
    const dot = (u: Float32Array, v: Float32Array) => u.reduce((s, w, i) => s + w * v[i]!, 0);
    expect(dot(blurred(a, [2, 6, 7], kernel), b)).toBeCloseTo(dot(a, blurred(b, [2, 6, 7], kernel)), 4);
  });
  test("a point becomes the kernel", () => {
    const point = new Float32Array(49);
    point[24] = 1;
    const k = gaussian(3, 3);
    const out = blurred(point, [7, 7], k);
    expect(out[24]).toBeCloseTo(k[1]! ** 2, 6);
    expect(out[16]).toBeCloseTo(k[0]! ** 2, 6);
    expect(out[0]).toBe(0);
  });
  test("is refused where there is no plane", async () => {
    const model = await linearModel(normal(seedKey(1), 8), [0, 0]);
    const x = tensor(uniform(seedKey(2), 4), [1, 4]);
    const ask = (chosen: ReturnType<typeof bim>) => attack(model, { x, labels }, { ...run, attack: chosen, norm: linf, epsilon: 0.1 });
    const labels = await model.labels(x);
    await expect(ask(tiFgsm())).rejects.toMatchObject({ code: "transform-shape" });
    await expect(ask(diFgsm())).rejects.toMatchObject({ code: "transform-shape" });
    await model.release();
  });
});
