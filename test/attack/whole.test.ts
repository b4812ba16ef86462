/** Attacks that find one thing for all samples. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { added, attack, expectation, l2, linf, patch, rotation, sticker, transformed, universal } from "../../src/attack/index.ts";
import { row } from "../../src/attack/iterate.ts";
import { lossOfWon, minibatch } from "../../src/attack/one-for-all.ts";
import { planes } from "../../src/attack/transform/planes.ts";
import { lay } from "../../src/attack/transform/sticker.ts";
import { seedKey, type Tensor, uniform } from "../../src/base/index.ts";
import type { GradientModel } from "../../src/model/index.ts";
import { convolutional, opened, pictures, run, SIDE } from "./pictures.ts";

type Floats = Tensor<"float32">;
let model: GradientModel;
const data = pictures(7, 60);
const held = pictures(8, 60);

beforeAll(async () => {
  model = await opened(convolutional, 1);
});
afterAll(() => model.release());

test("minibatches of an epoch hold each sample once", () => {
  for (const epoch of [0, 1]) {
    const all = [0, 1, 2].flatMap((k) => minibatch(seedKey(1), 10, 4, 3 * epoch + k));
    expect([...all].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
  expect(minibatch(seedKey(1), 10, 4, 2).length).toBe(2);
  expect(minibatch(seedKey(1), 10, 4, 0)).not.toEqual(minibatch(seedKey(1), 10, 4, 3));
});

describe("universal perturbation", () => {
  test.each([
    ["linf", linf, 0.08],
    ["l2", l2, 1],
  ] as const)("in %s one δ turns most samples, held-out ones too, and the same with random signs does not", async (_, norm, epsilon) => {
    let delta: Floats | undefined;
    const result = await attack(model, data, {
      ...run,
      norm,
      epsilon,
      attack: universal({
        steps: 40,
        onFound: (d) => {
          delta = d;
        },
      }),
    });
    expect(norm.distance(delta!.data)).toBeLessThanOrEqual(epsilon * (1 + 1e-6));
    // of three classes one may stay: all the others go there
    expect(result.robustAccuracy).toBeLessThan(0.45);
    for (const s of result.samples.filter((s) => s.forwards > 0)) {
      const [x, z] = [row(data.x, s.index), row(result.adversarial, s.index)];
      for (let j = 0; j < x.length; j++) expect(z[j]).toBeCloseTo(Math.min(Math.max(x[j]! + delta!.data[j]!, 0), 1), 5);
    }
    const fresh = await attack(model, held, { ...run, attack: transformed(added(delta!)) });
    expect(fresh.robustAccuracy).toBeLessThan(0.5);
    const sign = uniform(seedKey(5), 144);
    const noise = { ...delta!, data: delta!.data.map((v, i) => (sign[i]! < 0.5 ? v : -v)) };
    const turned = await attack(model, held, { ...run, attack: transformed(added(noise)) });
    expect(turned.robustAccuracy).toBeGreaterThan(fresh.robustAccuracy + 0.2);
  });

  test("what is won pulls no more: from the loss on that is 9 at 1000 classes, in proportion to log K", async () => {
    const found = async (most?: number) => {
      const { adversarial } = await attack(model, data, {
        ...run,
        epsilon: 0.15,
        attack: universal({ steps: 8, ...(most !== undefined && { most }) }),
      });
      return adversarial.data;
    };
    const usual = await found();
    expect(usual).toEqual(await found(lossOfWon(3)));
    expect(usual).not.toEqual(await found(9));
  });

  test("with a target reaches it; a mask is kept to; two runs are the same", async () => {
    const targets = new Array<number>(60).fill(2);
    const mask = Array.from({ length: 144 }, (_, i) => Number(i % SIDE > 2));
    const options = { ...run, epsilon: 0.1, attack: universal({ steps: 40 }), targets, constraints: { mask } };
    const once = await attack(model, data, options);
    const again = await attack(model, data, { ...options, batch: 7 });
    expect(again.samples).toEqual(once.samples);
    expect(once.samples.filter((s) => s.success && s.predicted !== 2).length).toBeGreaterThan(30);
    for (let i = 0; i < 60; i++) for (let j = 0; j < 144; j++) if (!mask[j]) expect(row(once.adversarial, i)[j]).toBe(row(data.x, i)[j]);
    // 40 steps of 40 samples in one minibatch, and 10 checks of all: 20 are of the target's class already
    expect(once.samples.every((s) => s.forwards === (s.predicted === 2 ? 0 : 50))).toBe(true);
  });
});

describe("patch", () => {
  test("a placed patch covers a square of its size, with its own pixels, wherever it lies", () => {
    const p = uniform(seedKey(1), 2 * 9);
    for (let k = 0; k < 20; k++) {
      const laid = lay(3, planes(2, 8, 6), seedKey(k), {});
      const at = laid.covered.indexOf(1);
      expect(laid.covered.reduce((a, b) => a + b, 0)).toBe(9);
      const seen = laid.sampling.apply(p);
      for (let c = 0; c < 2; c++)
        for (let j = 0; j < 9; j++) expect(seen[c * 48 + at + Math.floor(j / 3) * 6 + (j % 3)]).toBeCloseTo(p[c * 9 + j]!, 5);
    }
    const corner = lay(3, planes(1, 8, 8), seedKey(0), { location: [5, 1], scale: 1 });
    expect(corner.covered.indexOf(1)).toBe(5 * 8 + 1);
    const large = lay(3, planes(1, 9, 9), seedKey(0), { scale: 2, rotation: 90 });
    expect(large.covered.reduce((a, b) => a + b, 0)).toBe(36);
  });

  test("trained, it turns far more than before training, also on held-out samples and at other places", async () => {
    let found: Floats | undefined;
    const size = 0.25;
    const options = { ...run, seed: 2 };
    const trained = await attack(model, data, {
      ...options,
      attack: patch({
        size,
        steps: 60,
        onFound: (p) => {
          found = p;
        },
      }),
    });
    expect(found!.shape).toEqual([1, 3, 3]);
    const fresh = await attack(model, held, { ...options, attack: transformed(sticker(found!)) });
    const random = { ...found!, data: uniform(seedKey(9), 9) };
    const control = await attack(model, held, { ...options, attack: transformed(sticker(random)) });
    expect(trained.robustAccuracy).toBeLessThan(0.8);
    expect(fresh.robustAccuracy).toBeLessThan(control.robustAccuracy - 0.1);
    for (const s of trained.samples.filter((s) => s.forwards > 0)) {
      const changed = row(trained.adversarial, s.index).filter((v, j) => v !== row(data.x, s.index)[j]).length;
      expect(changed).toBeLessThanOrEqual(9);
    }
  });

  test("with a target, at a fixed place, over rotations: only those pixels, and the target more often than by chance", async () => {
    const targets = new Array<number>(60).fill(2);
    const inner = patch({ size: 0.5, steps: 30, location: [3, 3] });
    const result = await attack(model, data, { ...run, attack: expectation(inner, rotation([-8, 8]), 2), targets });
    expect(result.samples.filter((s) => s.success && s.predicted !== 2).length).toBeGreaterThan(30);
    for (const s of result.samples.filter((s) => s.forwards > 0))
      for (let j = 0; j < 144; j++) {
        const [y, x] = [Math.floor(j / SIDE), j % SIDE];
        if (!(y >= 3 && y < 9 && x >= 3 && x < 9)) expect(row(result.adversarial, s.index)[j]).toBe(row(data.x, s.index)[j]);
      }
    // two draws a question
    expect(result.samples.every((s) => s.forwards % 2 === 0)).toBe(true);
  });

  test("a share that is none is refused", () => {
    expect(() => patch({ size: 1.5 })).toThrow(/patch-size/);
  });
});
