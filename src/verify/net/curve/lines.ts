/**
 * Enclosures of a curve, and the lines below and above it. Slopes are chosen freely, in float64: of all lines below, the one that is highest
 * in the middle of the interval leaves the least area. It is the tangent there, the chord, or a tangent from an end or of two points,
 * whichever supports the convex hull of the graph. Intercepts are proven (`least.ts`).
 */
import type { Curve, Piece } from "./curve.ts";
import { least, type Side, stationary } from "./least.ts";

/** s·x + t */
export interface Line {
  readonly s: number;
  readonly t: number;
}

/** below ≤ f ≤ above for all real x of the interval. NaN where nothing can be said. */
export interface Lines {
  readonly below: Line;
  readonly above: Line;
}

const NOTHING: Line = { s: Number.NaN, t: Number.NaN };

/** [low, high] of f over [l, h], proven; NaN where f has no value somewhere in it, or its ends are NaN. */
export function enclose(curve: Curve, l: number, h: number): readonly [number, number] {
  if (!known(curve, l, h)) return [Number.NaN, Number.NaN];
  const pieces = curve.pieces(l, h);
  return [flat(curve, pieces, 1), -flat(curve, pieces, -1)];
}

export function lines(curve: Curve, l: number, h: number): Lines {
  if (!known(curve, l, h)) return { below: NOTHING, above: NOTHING };
  const pieces = curve.pieces(l, h);
  const { s, t } = supporting(curve, pieces, l, h, -1);
  return { below: supporting(curve, pieces, l, h, 1), above: { s: -s, t: -t } };
}

/** There are real numbers in it, and f has a value at each. */
const known = (curve: Curve, l: number, h: number): boolean =>
  l <= h && l < Number.POSITIVE_INFINITY && h > Number.NEGATIVE_INFINITY && curve.defined(l, h);

/** The least of side·f. */
function flat(curve: Curve, pieces: readonly Piece[], side: Side): number {
  const anyway = side === 1 ? curve.range[0] : -curve.range[1];
  // of −∞ and NaN, Math.max takes NaN
  return pieces.length === 0 ? anyway : Math.max(anyway, least(curve, pieces, side, 0));
}

function supporting(curve: Curve, pieces: readonly Piece[], l: number, h: number, side: Side): Line {
  if (pieces.length > 0 && Number.isFinite(l) && Number.isFinite(h)) {
    const { s, at } = slopeFor(curve, pieces, l, h, side);
    const t = Number.isFinite(s) ? least(curve, pieces, side, s, at) : Number.NEGATIVE_INFINITY;
    // NaN where s·x overflows
    if (t > Number.NEGATIVE_INFINITY) return { s, t };
  }
  return { s: 0, t: flat(curve, pieces, side) };
}

/** Narrower than this, relatively, a chord's slope is noise. */
const NARROW = 2 ** -36;
const ROUNDS = 24;

/** The slope of the line below side·f that is highest in the middle, and where it touches a convex piece from within. */
function slopeFor(curve: Curve, pieces: readonly Piece[], l: number, h: number, side: Side): { readonly s: number; readonly at?: number } {
  const m = 0.5 * l + 0.5 * h;
  const y = (x: number): number => side * curve.at(x);
  const home = pieces.find((p) => m <= p.high) ?? pieces[0]!;
  const level = side * home.slope(m);
  if (!(h - l > NARROW * Math.max(Math.abs(l), Math.abs(h)))) return { s: Number.isFinite(level) ? level : 0, at: m };
  if (side * home.bend > 0 && Number.isFinite(level) && m > l && m < h) {
    const x = pieces.length > 1 ? lowest(pieces, side, level) : m;
    const noise = 2 ** -44 * (Math.abs(y(m)) + Math.abs(level * m));
    if (y(x) - level * x >= y(m) - level * m - noise) return { s: level, at: m };
  }
  // two points of the graph on either side of the middle; whatever lies below their chord takes the place of one
  let [a, b] = [l, h];
  let [ya, yb] = [y(a), y(b)];
  let first = 0;
  if (pieces.length > 1)
    for (let k = 0; k < ROUNDS; k++) {
      const s = (yb - ya) / (b - a);
      const x = lowest(pieces, side, s);
      const below = ya - s * a - (y(x) - s * x);
      first ||= below;
      if (!(below > 1e-7 * first) || x === a || x === b) break;
      if (x <= m) [a, ya] = [x, y(x)];
      else [b, yb] = [x, y(x)];
    }
  const inside = (x: number) => pieces.find((p) => side * p.bend > 0 && p.low < x && x < p.high);
  const at = inside(a) ? a : inside(b) ? b : undefined;
  return at === undefined ? { s: (yb - ya) / (b - a) } : { s: side * inside(at)!.slope(at), at };
}

/** Where side·f(x) − s·x is least, nearly. */
function lowest(pieces: readonly Piece[], side: Side, s: number): number {
  let [best, value] = [pieces[0]!.low, Number.POSITIVE_INFINITY];
  const tried = (piece: Piece, x: number): void => {
    const v = side * piece.at(x) - s * x;
    if (v < value) [best, value] = [x, v];
  };
  for (const piece of pieces) {
    if (side * piece.bend > 0) tried(piece, stationary(piece, side, s));
    else {
      tried(piece, piece.low);
      tried(piece, piece.high);
    }
  }
  return best;
}
