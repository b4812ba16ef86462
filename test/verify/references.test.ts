/** Bounds beside auto_LiRPA's, on its networks and boxes (golden/bounds/references.py). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { read } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { type Ascent, ascend } from "../../src/verify/bound/ascent.ts";
import { Backward } from "../../src/verify/bound/backward.ts";
import { placesOf } from "../../src/verify/bound/multipliers.ts";
import type { Relaxation } from "../../src/verify/bound/relaxation.ts";
import { Tightener, type TightenOptions } from "../../src/verify/bound/tighten.ts";
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
  /** After ascent in the slopes of the rows, of enclosures as for `crown`; and in those of all enclosures as well. */
  readonly alpha?: readonly number[] | null;
  readonly alphaAll?: readonly number[] | null;
}

interface Case {
  readonly name: string;
  readonly rectified: boolean;
  readonly boxes: readonly Box[];
}

const folder = new URL("../golden/bounds/", import.meta.url);
const { cases }: { cases: readonly Case[] } = JSON.parse(readFileSync(new URL("references.json", folder), "utf8"));

/** Those of references.json in which rectifiers alone bend. */
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
  "average-pool",
] as const;
/** The curved ones whose lines are chosen alike: of the way from a value that a search reached to their bound, ours lie so much further down at most. */
const CURVED: Readonly<Record<string, number>> = {
  sigmoid: 0.01,
  tanh: 0.01,
  atan: 0.01,
  gelu: 0.01,
  sin: 0.01,
  cos: 0.01,
  log: 0.01,
  reciprocal: 0.01,
  cube: 0.01,
  "sigmoid-image": 0.01,
};
/** Those whose lines are chosen otherwise, or that are composed otherwise: some of ours are tighter, some of theirs. All must be true. */
const OTHERWISE = ["exp", "sqrt", "square", "abs", "clip", "max-pool", "softmax", "mul", "div", "max", "min", "attention"] as const;

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

/** Our lines and bounds of the rows. */
async function bounded(net: Network, box: Box, options: TightenOptions = {}) {
  const back = new Backward(net);
  const { low, high } = sides(box);
  const lines = (await new Tightener(back).enclose(low, high, options))!;
  const rows = Float64Array.from(box.rows.flat());
  const { least } = await back.bound(net.vertices.length - 1, rows, box.rows.length, lines);
  return { back, lines, least };
}

/** The rows' bounds after ascent. */
async function ascended(net: Network, box: Box, options: TightenOptions): Promise<Float64Array> {
  const { back, lines } = await bounded(net, box, options);
  const at = net.vertices.length - 1;
  const count = box.rows.length;
  const places = placesOf(net, lines, at);
  const own = places.elements.flatMap((elements, v) => Array.from(elements, (i) => lines.below[v]![i]!));
  const alphas = Float64Array.from({ length: count * places.count }, (_, p) => own[p % places.count]!);
  const rows = Float64Array.from(box.rows.flat());
  return (await ascend(back, at, rows, new Array<Relaxation>(count).fill(lines), places, alphas, [], [], ASCENT)).least;
}

/** Ours ascends for each enclosure by itself, theirs through all enclosures for the row: three times as many steps make up for it. */
const ASCENT: Ascent = { steps: 300, rate: 0.1, enough: Number.POSITIVE_INFINITY };

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
    test(name, async () => {
      const net = networkFor(name);
      const rectifiers = net.vertices.filter((v) => v.kind === "rectifier");
      for (const [b, box] of boxesOf(name).entries()) {
        const plain = (await bounded(net, box, { backward: false })).lines.enclosure;
        same(plain.low.at(-1)!, box.ibp.low, 1, `box ${b}, intervals`);
        same(plain.high.at(-1)!, box.ibp.high, -1, `box ${b}, intervals`);
        const { lines, least } = await bounded(net, box);
        const all = lines.enclosure;
        expect(rectifiers.length).toBe(box.read!.length);
        rectifiers.forEach((v, k) => {
          same(all.low[v.from]!, box.read![k]!.low, 1, `box ${b}, rectifier ${k}`);
          same(all.high[v.from]!, box.read![k]!.high, -1, `box ${b}, rectifier ${k}`);
        });
        same(least, box.crown, 1, `box ${b}, rows`);
        same(
          (await bounded(net, box, { lower: (_l, _h, slope) => slope })).least,
          box.crownLeast!,
          1,
          `box ${b}, rows of the least slopes`,
        );
        same((await bounded(net, box, { lower: () => 1 })).least, box.crownOne!, 1, `box ${b}, rows of slopes 1`);
      }
    });
});

describe("after ascent bounds are no looser than auto_LiRPA's by more than a hundredth of what ascent has brought it", () => {
  for (const name of RECTIFIED)
    test(name, async () => {
      const net = networkFor(name);
      for (const [b, box] of boxesOf(name).entries())
        for (const [what, theirs, options] of [
          ["slopes of the rows", box.alpha, {}],
          ["slopes of all", box.alphaAll, { ascent: ASCENT }],
        ] as const) {
          // the slopes of all take long: of the widest boxes only, on which they matter most
          if (!theirs || (what === "slopes of all" && b % 3 !== 2)) continue;
          const ours = await ascended(net, box, options);
          theirs.forEach((t, r) => {
            expect(ours[r], `box ${b}, row ${r}, ${what}`).toBeLessThanOrEqual(box.reached[r]! + 1e-9);
            expect(ours[r], `box ${b}, row ${r}, ${what}`).toBeGreaterThanOrEqual(t - 0.01 * (t - box.crown[r]!) - 1e-6);
          });
        }
    });
});

describe("bounds are true, and about as good as auto_LiRPA's", () => {
  for (const name of [...RECTIFIED, ...Object.keys(CURVED), ...OTHERWISE])
    test(name, async () => {
      const net = networkFor(name);
      const isAlike = !(OTHERWISE as readonly string[]).includes(name);
      const share = CURVED[name] ?? 0;
      for (const [b, box] of boxesOf(name).entries()) {
        const { least } = await bounded(net, box);
        box.reached.forEach((reached, r) => {
          expect(least[r], `box ${b}, row ${r}`).toBeLessThanOrEqual(reached + 1e-9);
          if (isAlike)
            expect(least[r], `box ${b}, row ${r}`).toBeGreaterThanOrEqual(box.crown[r]! - share * (reached - box.crown[r]!) - 1e-8);
        });
      }
    });
});
