/** Draws are functions of their keys; keys are Threefry's. */
import { describe, expect, test } from "vitest";
import { bits, fold, normal, permutation, seedKey, uniform } from "../../src/base/index.ts";

test("Threefry-2x32 of 20 rounds: the known answer that Random123 ships; both halves of a counter count", () => {
  expect(fold([0, 0], 0)).toEqual([0x6b200159, 0x99ba4efe]);
  expect(fold([0, 0], 2 ** 32)).not.toEqual(fold([0, 0], 0));
});

test("keys differ by number, by name, and by order", () => {
  const root = seedKey(0);
  const keys = [
    root,
    seedKey(1),
    seedKey(2 ** 40),
    fold(root, 0),
    fold(root, 1),
    fold(root, "a"),
    fold(root, "b"),
    fold(root, "ab"),
    fold(root, "ba"),
    fold(fold(root, "a"), "b"),
    fold(fold(root, 1), 0),
    fold(fold(root, 0), 1),
  ];
  expect(new Set(keys.map(String)).size).toBe(keys.length);
});

const N = 200_000;
const moments = (xs: Float32Array) => {
  const mean = xs.reduce((s, v) => s + v, 0) / xs.length;
  return { mean, variance: xs.reduce((s, v) => s + (v - mean) ** 2, 0) / xs.length };
};

describe("distributions, within five standard errors", () => {
  test("bits: each is set half of the time, and neighbours do not know of one another", () => {
    const words = bits(seedKey(3), N);
    for (let k = 0; k < 32; k++) {
      let [set, same] = [0, 0];
      for (let i = 0; i < N; i++) {
        set += (words[i]! >>> k) & 1;
        same += i > 0 && ((words[i]! ^ words[i - 1]!) >>> k) & 1 ? 1 : 0;
      }
      for (const count of [set, same]) expect(Math.abs(count / N - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / N));
    }
  });
  test("uniform", () => {
    const xs = uniform(seedKey(4), N, -1, 3);
    const { mean, variance } = moments(xs);
    expect(Math.abs(mean - 1)).toBeLessThan(5 * Math.sqrt(16 / 12 / N));
    expect(Math.abs(variance - 16 / 12)).toBeLessThan(0.02);
    expect(xs.every((v) => v >= -1 && v <= 3)).toBe(true);
  });
  test("normal: moments, and the share beyond 1, 2 and 3", () => {
    const xs = normal(seedKey(5), N, 2, 0.5);
    const { mean, variance } = moments(xs);
    expect(Math.abs(mean - 2)).toBeLessThan(5 * Math.sqrt(0.25 / N));
    expect(Math.abs(variance - 0.25)).toBeLessThan(5 * 0.25 * Math.sqrt(2 / N));
    for (const [z, share] of [
      [1, 0.31731],
      [2, 0.0455],
      [3, 0.0027],
    ] as const) {
      const found = xs.filter((v) => Math.abs(v - 2) > 0.5 * z).length / N;
      expect(Math.abs(found - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / N));
    }
  });
  test("permutations: whole, and each of 4! as often as the others", () => {
    expect([...permutation(seedKey(6), 1000)].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    const counts = new Map<string, number>();
    for (let k = 0; k < 24_000; k++) {
      const p = permutation(fold(seedKey(7), k), 4).join("");
      counts.set(p, (counts.get(p) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const n of counts.values()) expect(Math.abs(n - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });
});

test("a longer draw begins with the shorter one", () => {
  expect(uniform(seedKey(8), 10)).toEqual(uniform(seedKey(8), 100).subarray(0, 10));
});
