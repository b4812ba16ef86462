/** Bounds beside auto_LiRPA's, on its networks and boxes (golden/bounds/references.py). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { read } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { Backward } from "../../src/verify/bound/backward.ts";
import { Tightener } from "../../src/verify/bound/tighten.ts";
import type { Network } from "../../src/verify/net/network.ts";
import { networkOf } from "../../src/verify/net/read.ts";

interface Bounds {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Lower bounds of rows·y, one a row: of the slopes of least area, of the least slopes, of slopes 1. */
interface Box {
  readonly centre: readonly number[];
  readonly radius: number;
  readonly rows: readonly (readonly number[])[];
  /** What a search has reached: no bound may be above it. */
  readonly reached: readonly number[];
  readonly ibp: Bounds;
  /** Of all that rectifiers read, in order. */
  readonly read?: readonly Bounds[];
  readonly crown: readonly number[];
  readonly crownLeast?: readonly number[];
  readonly crownOne?: readonly number[];
}

interface Case {
  readonly name: string;
  readonly rectified: boolean;
  readonly boxes: readonly Box[];
}

const folder = new URL("../golden/bounds/", import.meta.url);
const { cases }: { cases: readonly Case[] } = JSON.parse(readFileSync(new URL("references.json", folder), "utf8"));

/** Those of references.json whose operators are read; of the curved ones, what share of the way from a search's value to theirs ours may lie further down. */
const RECTIFIED = [
  "dense-2",
  "dense-3",
  "dense-4",
  "convolution",
  "grouped",
  "residual",
  "residual-image",
  "leaky",
  "normalised",
  "branches",
] as const;
const CURVED: Readonly<Record<string, number>> = {};

function networkFor(name: string): Network {
  const net = networkOf(read(new Uint8Array(readFileSync(new URL(`${name}.onnx`, folder))), builder(), { batch: 1 }));
  if ("unread" in net) throw new Error(`${name}: ${net.unread} is not read`);
  return net;
}

const boxesOf = (name: string): readonly Box[] => cases.find((c) => c.name === name)!.boxes;

const sides = ({ centre, radius }: Box) => ({
  low: Float64Array.from(centre, (c) => c - radius),
  high: Float64Array.from(centre, (c) => c + radius),
});

/** Our enclosures and bounds of the rows; every lower slope the least (0, or the leak), 1, or by area. */
function bounded(net: Network, box: Box, slope?: "least" | "one") {
  const back = new Backward(net);
  const slopes = new Map<number, Float64Array>();
  if (slope)
    net.vertices.forEach((v, k) => {
      if (v.kind === "rectifier") slopes.set(k, new Float64Array(v.size).fill(slope === "one" ? 1 : v.slope));
    });
  const { low, high } = sides(box);
  const chosen = slope ? slopes : undefined;
  const all = new Tightener(net, back).enclose(low, high, { slopes: chosen });
  const rows = Float64Array.from(box.rows.flat());
  return { all, least: back.bound(net.vertices.length - 1, rows, box.rows.length, all, chosen).least };
}

/** Ours is theirs, but for rounding: ours outward by a little, theirs either way by less than 1e-9. `side` is −1 of upper bounds. */
function same(ours: ArrayLike<number>, theirs: readonly number[], side: 1 | -1, what: string) {
  expect(ours.length, what).toBe(theirs.length);
  theirs.forEach((t, i) => {
    const slack = side * (t - ours[i]!) + 1e-9 * Math.max(1, Math.abs(t));
    expect(slack, `${what}: ours ${ours[i]} is tighter than theirs ${t}`).toBeGreaterThanOrEqual(0);
    expect(slack, `${what}: ours ${ours[i]} is looser than theirs ${t}`).toBeLessThan(1e-8 * Math.max(1, Math.abs(t)));
  });
}

describe("bounds of rectifiers are auto_LiRPA's, slopes being the same", () => {
  for (const name of RECTIFIED)
    test(name, () => {
      const net = networkFor(name);
      const rectifiers = net.vertices.filter((v) => v.kind === "rectifier");
      boxesOf(name).forEach((box, b) => {
        const { low, high } = sides(box);
        const plain = new Tightener(net, new Backward(net)).enclose(low, high, { backward: false });
        same(plain.low.at(-1)!, box.ibp.low, 1, `box ${b}, intervals`);
        same(plain.high.at(-1)!, box.ibp.high, -1, `box ${b}, intervals`);
        const { all, least } = bounded(net, box);
        expect(rectifiers.length).toBe(box.read!.length);
        rectifiers.forEach((v, k) => {
          same(all.low[v.from]!, box.read![k]!.low, 1, `box ${b}, rectifier ${k}`);
          same(all.high[v.from]!, box.read![k]!.high, -1, `box ${b}, rectifier ${k}`);
        });
        same(least, box.crown, 1, `box ${b}, rows`);
        same(bounded(net, box, "least").least, box.crownLeast!, 1, `box ${b}, rows of the least slopes`);
        same(bounded(net, box, "one").least, box.crownOne!, 1, `box ${b}, rows of slopes 1`);
      });
    });
});

describe("bounds are true, and about as good as auto_LiRPA's", () => {
  for (const name of [...RECTIFIED, ...Object.keys(CURVED)])
    test(name, () => {
      const net = networkFor(name);
      const share = CURVED[name] ?? 0;
      boxesOf(name).forEach((box, b) => {
        const { least } = bounded(net, box);
        box.reached.forEach((reached, r) => {
          expect(least[r], `box ${b}, row ${r}`).toBeLessThanOrEqual(reached + 1e-9);
          expect(least[r], `box ${b}, row ${r}`).toBeGreaterThanOrEqual(box.crown[r]! - share * (reached - box.crown[r]!) - 1e-8);
        });
      });
    });
});
