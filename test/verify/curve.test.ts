/** Curves against 1,200 bits: what they claim of their own errors and bends, and what follows from it. */
import { describe, expect, test } from "vitest";
import { fold, seedKey, uniform } from "../../src/base/index.ts";
import * as curves from "../../src/verify/net/curve/index.ts";
import { type Curve, enclose, type Line, type Lines, lines, pow } from "../../src/verify/net/curve/index.ts";
import * as precise from "./precise.ts";
import { BITS, exactly, nearly, ONE, times } from "./precise.ts";

interface Case {
  readonly curve: Curve;
  readonly exact: (x: bigint) => bigint;
  /** Intervals lie in it; default all that float64 has. */
  readonly within?: readonly [number, number];
  /** What the exact value may be wrong by, 2^-bits; default 1,010. */
  readonly bits?: number;
}

const exactPower = (p: number) => (x: bigint) => precise.pow(x, p);
const unit = (scale: number, alpha: number, inner: number): Case => ({
  curve: curves.exponentialUnit({ scale, alpha, inner }),
  exact: (x) => precise.unit(x, scale, alpha, inner),
});
const QUICK = Math.fround(1.702);
const erfGate = (k: number, a: number, b: number): Case => ({
  curve: curves.erfGate(k, a, b),
  exact: (x) => times(x, exactly(b) + times(exactly(a), precise.erf(times(exactly(k), x)))),
  bits: 600,
});
const third = Math.fround(1 / 3);
const POSITIVE = [1e-300, 1e300] as const;

const CASES: readonly Case[] = [
  { curve: curves.sigmoid, exact: precise.sigmoid },
  { curve: curves.tanh, exact: precise.tanh },
  { curve: curves.atan, exact: precise.atan },
  { curve: curves.asinh, exact: precise.asinh },
  { curve: curves.softsign, exact: precise.softsign },
  { curve: curves.erf, exact: precise.erf, bits: 600 },
  { curve: curves.exp, exact: precise.exp, within: [-1e300, 709] },
  { curve: curves.log, exact: precise.log, within: POSITIVE },
  { curve: curves.softplus, exact: precise.softplus },
  { curve: curves.sinh, exact: precise.sinh, within: [-709, 709] },
  { curve: curves.cosh, exact: precise.cosh, within: [-709, 709] },
  { curve: curves.sqrt, exact: precise.sqrt, within: [0, 1e300] },
  { curve: curves.reciprocal, exact: exactPower(-1), within: POSITIVE },
  { curve: { ...curves.reciprocal, name: "reciprocal below 0" }, exact: exactPower(-1), within: [-1e300, -1e-300] },
  { curve: curves.square, exact: exactPower(2), within: [-1e150, 1e150] },
  { curve: pow(3), exact: exactPower(3), within: [-1e100, 1e100] },
  { curve: pow(6), exact: exactPower(6), within: [-1e50, 1e50] },
  { curve: pow(-2), exact: exactPower(-2), within: [-1e80, -1e-80] },
  { curve: pow(-3), exact: exactPower(-3), within: [1e-50, 1e50] },
  { curve: { ...pow(-3), name: "power -3 below 0" }, exact: exactPower(-3), within: [-1e50, -1e-50] },
  { curve: pow(1.5), exact: (x) => times(x, precise.sqrt(x)), within: [0, 1e200] },
  { curve: pow(-0.5), exact: (x) => precise.over(ONE, precise.sqrt(x)), within: POSITIVE },
  { curve: pow(third), exact: exactPower(third), within: [0, 1e300] },
  { curve: pow(-third), exact: (x) => precise.over(ONE, precise.pow(x, third)), within: POSITIVE },
  { curve: pow(2.75), exact: exactPower(2.75), within: [0, 1e100] },
  { curve: curves.sin, exact: precise.sin, within: [-(2 ** 40), 2 ** 40] },
  { curve: curves.cos, exact: precise.cos, within: [-(2 ** 40), 2 ** 40] },
  { curve: curves.gelu, exact: precise.gelu, bits: 600 },
  { curve: curves.geluTanh, exact: precise.geluTanh },
  { curve: curves.swish(), exact: precise.swish },
  { curve: curves.swish(QUICK), exact: (x) => precise.over(precise.swish(times(exactly(QUICK), x)), exactly(QUICK)) },
  erfGate(Math.fround(Math.SQRT1_2), 0.5, 0.5),
  erfGate(1.5, -0.25, 1),
  erfGate(-0.1, 2, -3),
  { curve: curves.hardSwish, exact: precise.hardSwish },
  unit(1, 1, 1),
  unit(1, 0.5, 1),
  unit(Math.fround(1.0507009873554805), Math.fround(1.6732632423543772), 1),
  unit(1, 2, 2),
  unit(1, -0.5, 1),
];

type Interval = readonly [number, number];

/** Of all widths and places: tiny, wide, on one side, across 0, extreme, points. */
function intervalsFor({ within: [least, most] = [-1e300, 1e300] }: Case, count: number): Interval[] {
  const u = uniform(seedKey(11), 6 * count);
  return Array.from({ length: count }, (_, k): Interval => {
    const [a, b, c, d, e, f] = u.slice(6 * k, 6 * k + 6) as unknown as number[];
    // mostly where curves bend, at times far out or near 0
    const reach = a! < 0.7 ? 4 : a! < 0.85 ? 40 : 10 ** (600 * b! - 300);
    const centre = reach * (2 * c! - 1);
    const width = [0, 10 ** (-16 * e!) * Math.abs(centre), 0.01, 1, 4, 10 ** (12 * e! - 6), reach][Math.floor(7 * d!)]!;
    const [l, h] = f! < 0.15 ? [0, width] : f! < 0.2 ? [-width, 0] : [centre - 0.5 * width, centre + 0.5 * width];
    // turned into the domain, not only cut: a box on the wrong side says nothing
    const flip = h < least || l > most ? -1 : 1;
    const inside = (x: number) => Math.min(Math.max(flip * x, least), most);
    return [Math.min(inside(l), inside(h)), Math.max(inside(l), inside(h))];
  });
}

const bound = ({ bits = 1010 }: Case, y: bigint): bigint => (1n << (BITS - BigInt(bits))) + (precise.size(y) >> 600n);

/** Where s·x + t comes nearest to f: of a grid, then by thirds. Turned over for the line above. */
function nearest(curve: Curve, [l, h]: Interval, gap: (x: number, y: number) => number): number {
  const at = (k: number): number => (k === 0 ? l : k === 48 ? h : Math.min(Math.max(l + (h - l) * (k / 48), l), h));
  const g = (x: number): number => gap(x, curve.at(x));
  let best = 0;
  for (let k = 1; k <= 48; k++) if (g(at(k)) < g(at(best))) best = k;
  let [a, b] = [at(Math.max(best - 1, 0)), at(Math.min(best + 1, 48))];
  for (let k = 0; k < 40; k++) {
    const [p, q] = [a + (b - a) / 3, b - (b - a) / 3];
    if (g(p) < g(q)) b = q;
    else a = p;
  }
  return [0.5 * a + 0.5 * b, at(best)].sort((x, y) => g(x) - g(y))[0]!;
}

interface Claim {
  readonly enclosure: Interval;
  readonly lines: Lines;
}
const claimed = (curve: Curve, [l, h]: Interval): Claim => ({ enclosure: enclose(curve, l, h), lines: lines(curve, l, h) });

const known = new WeakMap<Case["exact"], Map<number, bigint>>();

/** The exact value at a float64, computed once. */
function exactAt(exact: Case["exact"], x: number): bigint {
  if (!known.has(exact)) known.set(exact, new Map());
  const values = known.get(exact)!;
  const y = values.get(x) ?? exact(exactly(x));
  values.set(x, y);
  return y;
}

/** Points of the interval at which the claim is broken, by more than the exact value may be wrong. What is infinite claims nothing. */
function broken(c: Case, box: Interval, { enclosure, lines: { below, above } }: Claim): number[] {
  const { curve, exact } = c;
  const points = new Set([
    ...box,
    nearest(curve, box, (x, y) => y - (below.s * x + below.t)),
    nearest(curve, box, (x, y) => above.s * x + above.t - y),
    nearest(curve, box, (_, y) => y),
    nearest(curve, box, (_, y) => -y),
  ]);
  const claims = (x: bigint, { s, t }: Line) => (Number.isFinite(t) ? times(exactly(s), x) + exactly(t) : null);
  return [...points].filter((point) => {
    const x = exactly(point);
    const y = exactAt(exact, point);
    const room = bound(c, y) + 2n;
    const least = [claims(x, below), claims(x, { s: 0, t: enclosure[0] })];
    const most = [claims(x, above), claims(x, { s: 0, t: enclosure[1] })];
    return least.some((v) => v !== null && v > y + room) || most.some((v) => v !== null && v < y - room);
  });
}

/** Of the points of a grid, the height of their lower convex hull over the middle: no line below them is higher there. */
function hull(xs: readonly number[], ys: readonly number[], m: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (const [i, p] of xs.entries())
    for (const [j, q] of xs.entries()) if (p <= m && q > m) best = Math.min(best, ys[i]! + ((ys[j]! - ys[i]!) * (m - p)) / (q - p));
  return best;
}

const seeds = (n: number): readonly number[] => Array.from(uniform(fold(seedKey(3), n), n));

describe.each(CASES.map((c) => [c.curve.name, c] as const))("%s", (_, c) => {
  const { curve, exact } = c;
  const boxes = intervalsFor(c, 600);
  const points = boxes.slice(0, 250).map(([l, h], k) => (k % 3 === 0 ? l : k % 3 === 1 ? h : 0.5 * l + 0.5 * h));
  /** 2⁻¹⁵⁰ of x, at most of 1. */
  const step = (x: number): bigint => (x === 0 ? 1n << (BITS - 300n) : exactly(Math.min(Math.abs(x), 1)) >> 150n);

  test("errs by no more than it says", () => {
    for (const x of points) {
      const y = exactAt(exact, x);
      const off = Math.abs(nearly(exactly(curve.at(x)) - y));
      expect(off, `f(${x})`).toBeLessThanOrEqual(curve.value.relative * Math.abs(curve.at(x)) + curve.value.absolute + nearly(bound(c, y)));
      // the slope by a difference
      const d = step(x);
      const kink = curve.pieces(x, x).length > 1;
      if (d < 1n << 150n || kink || c.within?.includes(x) || !Number.isFinite(curve.slope(x))) continue;
      const [p, q] = [exact(exactly(x) + d), exact(exactly(x) - d)];
      const slope = nearly(precise.over(p - q, 2n * d));
      const noise = nearly(precise.over(2n * bound(c, y), 2n * d));
      const claim = curve.rate.relative * Math.abs(curve.slope(x)) + curve.rate.absolute;
      expect(Math.abs(slope - curve.slope(x)), `f′(${x})`).toBeLessThanOrEqual(claim * 1.001 + 2 ** -52 * Math.abs(slope) + noise);
    }
  });

  test("bends as it says, up to where it says", () => {
    for (const [k, [l, h]] of boxes.slice(0, 100).entries())
      for (const { bend, low, high } of l < h ? curve.pieces(l, h) : []) {
        if (bend === 0) continue;
        const hair = 2 ** -52;
        for (const x of [low + seeds(100)[k]! * (high - low), low + hair * Math.abs(low), high - hair * Math.abs(high)]) {
          const [X, d] = [exactly(x), step(x)];
          if (X - d < exactly(low) || X + d > exactly(high)) continue;
          const second = exact(X + d) + exact(X - d) - 2n * exact(X);
          const noise = 4n * bound(c, exact(X));
          expect(bend > 0 ? second >= -noise : second <= noise, `f″(${x})`).toBe(true);
        }
      }
  });

  test("is within its enclosures and between its lines", () => {
    for (const box of boxes) expect(broken(c, box, claimed(curve, box)), `${box}`).toEqual([]);
  });

  test("leaves little between: enclosures end where the curve does, lines are the highest and lowest in the middle", () => {
    let looked = 0;
    for (const [l, h] of boxes.slice(0, 300)) {
      const m = 0.5 * l + 0.5 * h;
      const bends = curve.pieces(l, h).map((p) => p.high);
      const xs = [...Array.from({ length: 40 }, (_, k) => l + (h - l) * (k / 40)), m, ...bends, h].sort((a, b) => a - b);
      const ys = xs.map(curve.at);
      const [least, most] = [Math.min(...ys), Math.max(...ys)];
      const size = Math.max(most, -least, 1e-6);
      if (!(most - least > 1e-6 * size && size < 1e100 && h - l < 4 * Math.PI && Math.max(h, -l) < 1e9)) continue;
      looked++;
      const {
        enclosure: [low, high],
        lines: { below, above },
      } = claimed(curve, [l, h]);
      const fair = 0.02 * (most - least);
      // between the points of the grid there is a little more
      expect(low, `low of ${l}, ${h}`).toBeGreaterThan(least - fair);
      expect(high, `high of ${l}, ${h}`).toBeLessThan(most + fair);
      expect(below.s * m + below.t, `below ${l}, ${h}`).toBeGreaterThan(hull(xs, ys, m) - fair);
      const turned = ys.map((y) => -y);
      expect(above.s * m + above.t, `above ${l}, ${h}`).toBeLessThan(fair - hull(xs, turned, m));
    }
    expect(looked).toBeGreaterThan(60);
  });

  test("has lines that close in by the square of the width", () => {
    for (const u of seeds(40)) {
      const [least, most] = [Math.max(c.within?.[0] ?? -4, -4), Math.min(c.within?.[1] ?? 4, 4)];
      const x = least + (0.1 + 0.8 * u) * (most - least);
      const gap = (w: number) => {
        const { below, above } = lines(curve, x - w, x + w);
        return above.s * x + above.t - (below.s * x + below.t);
      };
      const noise = 64 * curve.value.relative * Math.abs(curve.at(x)) + 64 * curve.value.absolute + 1e-13;
      if (curve.pieces(x - 1e-3, x + 1e-3).length === 1) expect(gap(1e-4), `at ${x}`).toBeLessThan(gap(1e-3) / 50 + noise);
    }
  });

  test("proves nothing of NaN, of what is empty, or where it has no value", () => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    const outside: Interval[] = curve.defined(-1, 1) ? [] : [[-1, 1]];
    for (const [l, h] of [[nan, 1], [1, nan], [2, 1], [infinity, infinity], [-infinity, -infinity], ...outside] as Interval[]) {
      const { enclosure, lines: both } = claimed(curve, [l, h]);
      expect([...enclosure, both.below.t, both.above.t].every(Number.isNaN), `${l}, ${h}`).toBe(true);
    }
  });

  test("is caught where its lines are moved inward by a hundredth of what is between them", () => {
    let [tried, caught] = [0, 0];
    for (const [l, h] of boxes.slice(0, 200)) {
      const claim = claimed(curve, [l, h]);
      const { below, above } = claim.lines;
      const m = 0.5 * l + 0.5 * h;
      // of points and of far waves only noise or the range is told
      const loud = 1e-200 + 256 * curve.value.absolute + 1e-9 * Math.max(Math.abs(below.t), Math.abs(above.t), Math.abs(curve.at(m)));
      if (curve.pieces(l, h).length === 0) continue;
      const cut = 0.01 * (above.s * m + above.t - (below.s * m + below.t));
      if (!(cut > loud && cut < 1e250)) continue;
      tried += 2;
      if (broken(c, [l, h], { ...claim, lines: { below: { ...below, t: below.t + cut }, above } }).length > 0) caught++;
      if (broken(c, [l, h], { ...claim, lines: { below, above: { ...above, t: above.t - cut } } }).length > 0) caught++;
    }
    expect(tried).toBeGreaterThan(40);
    expect(caught).toBeGreaterThan(0.98 * tried);
  });
});

describe("the law catches", () => {
  const count = (c: Case): number => intervalsFor(c, 200).filter((box) => broken(c, box, claimed(c.curve, box)).length > 0).length;
  const { sigmoid, gelu, sin } = curves;

  test("an inflection in the wrong place", () => {
    expect(count({ curve: { ...sigmoid, pieces: curves.bending(sigmoid, 1, [[0.5, 0.5]]) }, exact: precise.sigmoid })).toBeGreaterThan(4);
    expect(
      count({
        curve: {
          ...gelu,
          pieces: curves.bending(gelu, -1, [
            [-1, -1],
            [1, 1],
          ]),
        },
        exact: precise.gelu,
        bits: 600,
      }),
    ).toBeGreaterThan(4);
  });

  test("a curve without the room for its rounding", () => {
    const exactlyRight = { relative: 0, absolute: -1e-15 };
    expect(count({ curve: { ...sin, value: exactlyRight }, exact: precise.sin, within: [-9, 9] })).toBeGreaterThan(4);
  });

  test("a tangent whose slope is taken for level", () => {
    expect(
      count({
        curve: {
          ...sigmoid,
          slope: (x) => sigmoid.slope(x) * 1.01,
          pieces: (l, h) => sigmoid.pieces(l, h).map((p) => ({ ...p, slope: (x) => 1.01 * p.slope(x) })),
        },
        exact: precise.sigmoid,
      }),
    ).toBeGreaterThan(4);
  });
});
