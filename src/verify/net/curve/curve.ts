/**
 * Functions of one number as data: how float64 computes f and f′, how wrong that may be, and where f is convex and where concave.
 * That is all that bounds need (`least.ts`), and all that has to be right for them to be.
 */
import { TINY, UNIT } from "../unit.ts";

/**
 * The one assumption about the host: relative error of Math.exp, expm1, log, log1p, sin, cos, tanh, sinh, cosh, asinh and atan. V8 has
 * fdlibm's, which promises less than one unit in the last place (2·UNIT), of compositions such as tanh two; four are paid for.
 * Math.sqrt and arithmetic round correctly (IEEE 754).
 */
export const LIBRARY = 8 * UNIT;

/** |computed − true| ≤ relative·|computed| + absolute. */
export interface Accuracy {
  readonly relative: number;
  readonly absolute: number;
}

export const accurate = (relative: number, absolute = TINY): Accuracy => ({ relative, absolute });

/** f and f′ as they are computed. */
export interface Smooth {
  readonly at: (x: number) => number;
  readonly slope: (x: number) => number;
}

/** f on [low, high]: convex (1), concave (−1), or neither for sure (0), which is for the width of a rounding only. */
export interface Piece extends Smooth {
  readonly low: number;
  readonly high: number;
  readonly bend: 1 | 0 | -1;
}

export interface Curve extends Smooth {
  readonly name: string;
  /** Of all that f is anywhere. */
  readonly range: readonly [number, number];
  /** Of `at` and `slope`. */
  readonly value: Accuracy;
  readonly rate: Accuracy;
  /** At least |f′| where a piece's bend is 0. */
  readonly steepest: number;
  /** Whether f has a value on all of [l, h]; elsewhere nothing is proven. */
  readonly defined: (l: number, h: number) => boolean;
  /** Pieces that cover [l, h], in order; none where only the range is to be told. */
  readonly pieces: (l: number, h: number) => readonly Piece[];
}

/** Defaults: defined everywhere, any value, relative errors of a few roundings. */
export const curve = (given: Partial<Curve> & Smooth & Pick<Curve, "name" | "pieces">): Curve => ({
  range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  value: accurate(4 * LIBRARY),
  rate: accurate(8 * LIBRARY),
  steepest: Number.POSITIVE_INFINITY,
  defined: () => true,
  ...given,
});

/** A number that is known to lie between two. */
export type Place = readonly [number, number];

/** An irrational inflection as it was rounded, with the room for that. */
export const near = (x: number): Place => [x - 4 * UNIT * Math.abs(x), x + 4 * UNIT * Math.abs(x)];

/** f that bends by `first` up to the first inflection, then the other way, and so on. */
export const bending = ({ at, slope }: Smooth, first: 1 | -1, inflections: readonly Place[] = []): Curve["pieces"] =>
  joining(
    [...inflections, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as const].map((end, k) => ({
      at,
      slope,
      bend: turned(first, k),
      end,
    })),
  );

const turned = (first: 1 | -1, k: number): 1 | -1 => (k % 2 === 0 ? first : first === 1 ? -1 : 1);

/** One function after the other, each up to its end; where an end is not known to the last bit, neither is the bend. */
export const joining =
  (parts: readonly (Smooth & { readonly bend: 1 | -1; readonly end: Place })[]): Curve["pieces"] =>
  (l, h) => {
    const found: Piece[] = [];
    const add = ({ at, slope }: Smooth, bend: Piece["bend"], from: number, to: number): void => {
      const [low, high] = [Math.max(from, l), Math.min(to, h)];
      // a point has pieces too
      if (low < high || (low === high && l === h)) found.push({ at, slope, bend, low, high });
    };
    let from = Number.NEGATIVE_INFINITY;
    for (const part of parts) {
      const [first, last] = part.end;
      add(part, part.bend, from, first);
      if (first < last) add(part, 0, first, last);
      from = last;
    }
    return found;
  };
