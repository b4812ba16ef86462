/** Initial weights have the variance that their papers ask for; dropout keeps the mean. */
import { describe, expect, test } from "vitest";
import { seedKey, tensor } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import {
  apply,
  bind,
  dropout,
  fanInUniform,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  normalInit,
  orthogonal,
  uniformInit,
} from "../../src/nn/index.ts";
import { builder } from "../../src/pass/index.ts";
import { evaluate } from "../../src/run/index.ts";
import { drawNoise } from "../../src/train/index.ts";

const fans = { in: 300, out: 200 };
const rows: readonly [name: string, init: Initializer, variance: number, bound: number][] = [
  ["He normal: 2/fan in", heNormal, 2 / 300, Number.POSITIVE_INFINITY],
  ["He uniform: 2/fan in", heUniform, 2 / 300, Math.sqrt(6 / 300)],
  ["Glorot normal: 2/(fan in + fan out)", glorotNormal, 2 / 500, Number.POSITIVE_INFINITY],
  ["Glorot uniform: 2/(fan in + fan out)", glorotUniform, 2 / 500, Math.sqrt(6 / 500)],
  ["PyTorch's: U(±1/√fan in)", fanInUniform, 1 / 900, 1 / Math.sqrt(300)],
  ["uniform", uniformInit(0.3), 0.09 / 3, 0.3],
  ["normal", normalInit(0.02), 0.0004, Number.POSITIVE_INFINITY],
];

describe("initialisers", () => {
  test.each(rows)("%s", (_, init, variance, bound) => {
    const data = init(seedKey(1), [300, 200], fans).data as Float32Array;
    const mean = data.reduce((s, v) => s + v, 0) / data.length;
    const found = data.reduce((s, v) => s + (v - mean) ** 2, 0) / data.length;
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / data.length));
    expect(Math.abs(found / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / data.length));
    expect(data.every((v) => Math.abs(v) <= bound * (1 + 1e-6))).toBe(true);
    expect(init(seedKey(2), [300, 200], fans).data).not.toEqual(data);
  });

  test.each([
    [6, 6],
    [4, 9],
    [9, 4],
    [8, 2, 3, 3],
  ])("orthogonal %i × %i…: WWᵀ or WᵀW is gain²", (...shape: number[]) => {
    const { data } = orthogonal(1.5)(seedKey(3), shape, fans);
    const [r, c] = [shape[0]!, shape.slice(1).reduce((a, b) => a * b)];
    const at = (i: number, j: number) => Number(data[i * c + j]);
    const [n, m, dot] =
      r <= c
        ? [r, c, (i: number, j: number, k: number) => at(i, k) * at(j, k)]
        : [c, r, (i: number, j: number, k: number) => at(k, i) * at(k, j)];
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const sum = Array.from({ length: m }, (_, k) => dot(i, j, k)).reduce((a, b) => a + b);
        expect(Math.abs(sum - (i === j ? 2.25 : 0))).toBeLessThan(1e-5);
      }
  });
});

test.each([0.2, 0.5])(
  "dropout of %f: that share is 0, the rest is scaled to keep the mean; nothing happens outside training",
  async (rate) => {
    const n = 50_000;
    const layer = dropout(rate)([n], seedKey(0));
    const e = builder();
    const x = input("float32", [1, n], "x");
    const inTraining = apply(e, layer, bind(layer), x, { training: true });
    const atRest = apply(e, layer, bind(layer), x, { training: false });
    const ones = tensor(new Float32Array(n).fill(1), [1, n]);
    const feeds = new Map([[x, ones], ...inTraining.noise.map((d, i) => [d.value, drawNoise(seedKey(9), inTraining.noise)[i]!] as const)]);
    const [y, same] = await evaluate([inTraining.output, atRest.output], feeds);
    const kept = [...(y!.data as Float32Array)].filter((v) => v !== 0);
    expect(Math.abs(kept.length / n - (1 - rate))).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / n));
    expect(kept.every((v) => Math.abs(v - 1 / (1 - rate)) < 1e-6)).toBe(true);
    expect(same!.data).toEqual(ones.data);
  },
);
