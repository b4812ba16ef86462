import { expect, test } from "vitest";
import { Backward } from "../../src/verify/bound/backward.ts";
import { blame, noBlame } from "../../src/verify/bound/blame.ts";
import { chord } from "../../src/verify/bound/relaxation.ts";
import { Tightener } from "../../src/verify/bound/tighten.ts";
import { dense } from "../../src/verify/net/linear.ts";
import type { Network } from "../../src/verify/net/network.ts";

test("a rectifier is to blame for its chord's height at 0, and its bounds gain what that falls by", async () => {
  const map = (v: number) => dense(1, 1, Float64Array.of(v));
  const network: Network = {
    vertices: [
      { kind: "input", size: 1 },
      { kind: "affine", size: 1, from: 0, map: map(1), bias: null, inexact: 0 },
      { kind: "rectifier", size: 1, from: 1, slope: 0.1 },
      { kind: "affine", size: 1, from: 2, map: map(-2), bias: null, inexact: 0 },
    ],
  };
  const back = new Backward(network);
  const [l, h, by, weight] = [-1, 3, 1e-6, 0.5];
  const lines = (await new Tightener(back).enclose(Float64Array.of(l), Float64Array.of(h)))!;
  const { passed } = await back.bound(3, Float64Array.of(1), 1, lines);
  const { shares, gains } = noBlame(network);
  blame(network, lines, passed, 0, weight, { shares, gains });
  const height = (low: number, high: number) => weight * 2 * chord(low, high, 0.1).offset;
  expect(shares[2]![0]).toBeCloseTo(height(l, h), 12);
  expect(gains[1]![0]).toBeCloseTo((height(l, h) - height(l + by, h)) / by, 4);
  expect(gains[1]![1]).toBeCloseTo((height(l, h) - height(l, h - by)) / by, 4);
});
