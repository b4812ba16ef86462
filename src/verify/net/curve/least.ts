/** The least of f(x) − s·x over an interval, proven: from f and f′ at a few points, and from the way that f bends between them. */
import { GENEROUS, TINY, UNIT } from "../unit.ts";
import type { Curve, Piece } from "./curve.ts";

/** f itself, or −f with all that bends turned over. */
export type Side = 1 | -1;

/**
 * A number ≤ side·f(x) − s·x for all real x of the pieces. −∞ or NaN where there is none to be had.
 * @param at where the tangent has slope s, if the caller knows
 */
export function least(curve: Curve, pieces: readonly Piece[], side: Side, s: number, at?: number): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const piece of pieces) {
    const { low, high } = piece;
    const bend = side * piece.bend;
    const known = at !== undefined && low < at && at < high;
    // NaN stays, as Math.min has it
    if (bend > 0) lowest = Math.min(lowest, tangent(curve, piece, side, s, known ? at : stationary(piece, side, s)));
    else if (bend < 0) lowest = Math.min(lowest, above(curve, piece, side, s, low), above(curve, piece, side, s, high));
    else lowest = Math.min(lowest, above(curve, piece, side, s, low) - (curve.steepest + Math.abs(s)) * (high - low) * GENEROUS - TINY);
  }
  return lowest;
}

/** A number ≤ side·f(x) − s·x at this x. */
function above({ value }: Curve, piece: Piece, side: Side, s: number, x: number): number {
  // past the largest number there is at least that one
  const y = Math.min(side * piece.at(x), Number.MAX_VALUE);
  const p = s === 0 ? 0 : s * x;
  const room = value.relative * Math.abs(y) + value.absolute + 4 * UNIT * (Math.abs(y) + Math.abs(p)) + TINY;
  return y - p - room * GENEROUS;
}

/** A convex g = side·f − s·x lies above each of its tangents: g(x) ≥ g(p) + g′(p)·(x − p), least at an end. */
function tangent(curve: Curve, piece: Piece, side: Side, s: number, p: number): number {
  const v = above(curve, piece, side, s, p);
  const slope = side * piece.slope(p);
  const { relative, absolute } = curve.rate;
  // past the largest number there is at least that one
  const d = Math.max(-Number.MAX_VALUE, Math.min(slope, Number.MAX_VALUE));
  const e = (relative * Math.abs(d) + absolute + 2 * UNIT * (Math.abs(d) + Math.abs(s)) + TINY) * GENEROUS;
  const least = slope === Number.NEGATIVE_INFINITY ? slope : d - s - e;
  const most = slope === Number.POSITIVE_INFINITY ? slope : d - s + e;
  let loss = 0;
  if (p < piece.high && !(least >= 0)) loss = Math.min(loss, least * (piece.high - p));
  if (p > piece.low && !(most <= 0)) loss = Math.min(loss, most * (piece.low - p));
  return loss === 0 ? v : v + loss * GENEROUS - 4 * UNIT * Math.abs(v) - TINY;
}

/** Steps of a search for a slope; what is left is paid for by the tangent that is not quite level. */
const STEPS = 80;

/** Nearly where the convex side·f has slope s: an end, or between. By false position, halved where that is slow (Illinois). */
export function stationary(piece: Piece, side: Side, s: number): number {
  let [a, b] = [piece.low, piece.high];
  let [da, db] = [side * piece.slope(a) - s, side * piece.slope(b) - s];
  if (!(da < 0)) return a;
  if (!(db > 0)) return b;
  const enough = 2 ** -40 * (Number.isFinite(da + db) ? db - da : Math.abs(s));
  let x = a;
  for (let k = 0; k < STEPS; k++) {
    x = b - (db * (b - a)) / (db - da);
    // a third of the steps halve: slopes may differ by hundreds of orders
    if (k % 3 === 2 || !(x > a && x < b)) x = 0.5 * a + 0.5 * b;
    if (!(x > a && x < b)) break;
    const d = side * piece.slope(x) - s;
    if (Math.abs(d) <= enough) break;
    if (d < 0) {
      [a, da] = [x, d];
      db *= 0.5;
    } else {
      [b, db] = [x, d];
      da *= 0.5;
    }
  }
  return x;
}
