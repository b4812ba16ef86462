/** A part of a region: a box, what is assumed of rectifiers, and exact bounds of what they read. Splits make two of one. */
import { atOnce } from "../clock.ts";
import { evaluate } from "../net/network.ts";
import { add, fromNumber, multiply, negate, type Rational, ZERO } from "../spec/rational.ts";
import type { Disjunct, LinearForm } from "../spec/specification.ts";
import { type Bounds, boxAround, type Chosen, type Form, type Range, VALUE } from "./exact.ts";
import { below, floored } from "./integers.ts";

/** Element `element` of rectifier `vertex` reads what is ≥ 0 (sign 1) or ≤ 0 (sign −1). */
export interface Assumed {
  readonly vertex: number;
  readonly element: number;
  readonly sign: 1 | -1;
}

export interface Domain {
  readonly box: Range;
  readonly assumed: readonly Assumed[];
  /** By vertex; null before they were derived. */
  readonly ranges: readonly Range[] | null;
  /** What is assumed holds nowhere. */
  readonly isEmpty: boolean;
}

/** All of a region's box, outward. */
export const wholeOf = ({ low, high }: { readonly low: readonly Rational[]; readonly high: readonly Rational[] }): Domain => ({
  box: boxAround(low, high),
  assumed: [],
  ranges: null,
  isEmpty: false,
});

/** Where an input is cut in two, in the units of boxes: one number, whichever half asks. */
export const cutAt = (x: number): bigint => below(fromNumber(x), VALUE);

/** x_input ≤ at, or ≥ at. */
export function halved({ box, ranges, ...rest }: Domain, input: number, at: bigint, side: "below" | "above"): Domain {
  const end = side === "below" ? "high" : "low";
  const half = { ...box, [end]: box[end].with(input, at) };
  return { ...rest, box: half, ranges: ranges && [half, ...ranges.slice(1)] };
}

/** What is assumed is known of the ranges at once. */
export function assuming(domain: Domain, more: Assumed, source: number): Domain {
  const { element, sign } = more;
  const ranges = domain.ranges?.map((r, k) => (k === source ? signed(r, element, sign) : r)) ?? null;
  const own = ranges?.[source];
  const isEmpty = domain.isEmpty || (own !== undefined && own.low[element]! > own.high[element]!);
  return { ...domain, assumed: [...domain.assumed, more], ranges, isEmpty };
}

function signed({ low, high, off }: Range, element: number, sign: 1 | -1): Range {
  if (sign > 0) return { low: low[element]! < 0n ? low.with(element, 0n) : low, high, off };
  return { low, high: high[element]! > 0n ? high.with(element, 0n) : high, off };
}

/** Bounds of all vertices over the domain, by intervals, and from the back for what rectifiers read; never wider than what was known. */
export const derived = (bounds: Bounds, domain: Domain): Domain => atOnce(deriving(bounds, domain));

/** As {@link derived}: yields between steps. */
export function* deriving(bounds: Bounds, domain: Domain): Generator<null, Domain> {
  const { vertices } = bounds.network;
  const { box, assumed } = domain;
  const centre = Float64Array.from(box.low, (l, j) => Number(l + box.high[j]!) * 2 ** (-VALUE - 1));
  const guess = evaluate(bounds.network, centre);
  const ranges: Range[] = [box];
  for (let k = 1; k < vertices.length; k++) {
    yield null;
    let own = bounds.enclose(k, ranges);
    const known = domain.ranges?.[k];
    if (known) own = met(own, known);
    for (const { vertex, element, sign } of assumed) {
      const v = vertices[vertex]!;
      if (v.kind === "rectifier" && v.from === k) own = signed(own, element, sign);
    }
    ranges[k] = own;
    const v = vertices[k]!;
    const isRead = vertices.some((w) => w.kind === "rectifier" && w.from === k);
    // of what nothing bends before, intervals say all
    if (isRead && !(v.kind === "affine" && v.from === 0)) yield* fromBehind(bounds, k, ranges, guess[k]!);
    if (own.low.some((l, i) => l > own.high[i]!)) return { ...domain, isEmpty: true };
  }
  return { ...domain, ranges };
}

const met = (a: Range, b: Range): Range => ({
  low: a.low.map((l, i) => (l > b.low[i]! ? l : b.low[i]!)),
  high: a.high.map((h, i) => (h < b.high[i]! ? h : b.high[i]!)),
  off: a.off,
});

/** Bound elements of vertex `k` whose sign is open; what is found to be ≤ 0 is 0 behind the rectifier, wherever its other end. `guess` says which to ask first. */
function* fromBehind(bounds: Bounds, k: number, ranges: readonly Range[], guess: Float64Array): Generator<null, void> {
  const { low, high } = ranges[k]!;
  const size = low.length;
  const ask = (i: number, sign: bigint): bigint => {
    const values = new Array<bigint>(size).fill(0n);
    values[i] = sign;
    return floored(bounds.least({ parts: new Map([[k, { values, bits: 0 }]]), constant: 0n }, ranges), 160 - VALUE);
  };
  for (let i = 0; i < size; i++) {
    if (low[i]! >= 0n) continue;
    for (const side of guess[i]! > 0 ? (["low", "high"] as const) : (["high", "low"] as const)) {
      if (high[i]! <= 0n) break;
      yield null;
      const found = ask(i, side === "low" ? 1n : -1n);
      if (side === "low" && found > low[i]!) low[i] = found;
      if (side === "high" && -found < high[i]!) high[i] = -found;
    }
  }
}

/** Rows of a disjunct with weights ≥ 0: where all rows hold, so does their sum. */
export type Weighted = readonly (readonly [row: number, weight: number])[];

/** Whether no point of the domain satisfies all rows of a disjunct, as the weighted sum of them, with what was chosen, shows. The domain's bounds were derived. */
export function refuted(bounds: Bounds, { ranges, isEmpty }: Domain, disjunct: Disjunct, rows: Weighted, chosen: Chosen): boolean {
  if (isEmpty) return true;
  const least = bounds.least(formOf(bounds, disjunct, rows), ranges!, chosen);
  const isStrict = rows.some(([r, weight]) => weight > 0 && disjunct[r]!.strict);
  return isStrict ? least >= 0n : least > 0n;
}

/** Σ weight·(Σ c·y + Σ d·x − bound), times a positive number that makes each coefficient a sum of powers of two. */
function formOf({ network: { vertices } }: Bounds, disjunct: Disjunct, rows: Weighted): Form {
  const last = vertices.length - 1;
  const outputs = new Map<number, Rational>();
  // where the output is the input itself, what is said of both is said of one
  const sums = { outputs, inputs: last === 0 ? outputs : new Map<number, Rational>() };
  let bound = ZERO;
  for (const [r, weight] of rows) {
    const w = fromNumber(weight);
    const row = disjunct[r]!;
    for (const side of ["outputs", "inputs"] as const) collect(sums[side], row[side], w);
    bound = add(bound, multiply(w, row.bound));
  }
  const all = [...sums.outputs.values(), ...sums.inputs.values()];
  const denominator = all.reduce((most, { d }) => (most * d) / gcd(most, d), 1n);
  const bits = all.reduce((most, { e }) => Math.max(most, -e), 0);
  const scaled = (terms: ReadonlyMap<number, Rational>, size: number) => {
    const values = new Array<bigint>(size).fill(0n);
    for (const [i, { n, d, e }] of terms) values[i] = (n * (denominator / d)) << BigInt(e + bits);
    return { values, bits };
  };
  const parts = new Map([[last, scaled(sums.outputs, vertices[last]!.size)]]);
  if (last > 0 && sums.inputs.size > 0) parts.set(0, scaled(sums.inputs, vertices[0]!.size));
  return { parts, constant: below(negate(multiply(bound, { n: denominator, d: 1n, e: 0 })), 160) };
}

function collect(into: Map<number, Rational>, terms: LinearForm, weight: Rational): void {
  for (const [i, c] of terms) into.set(i, add(into.get(i) ?? ZERO, multiply(weight, c)));
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** Whether the domain's bounds leave a rectifier's element open. */
export const isOpen = ({ ranges }: Domain, source: number, element: number): boolean =>
  ranges![source]!.low[element]! < 0n && ranges![source]!.high[element]! > 0n;
