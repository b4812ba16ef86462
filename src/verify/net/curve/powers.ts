/** xᵖ for a constant p. */
import { UNIT } from "../unit.ts";
import { accurate, bending, type Curve, curve, LIBRARY, type Smooth } from "./curve.ts";

/** xⁿ by squares, n whole and ≥ 0: at most 2n roundings. */
function whole(x: number, n: number): number {
  let [y, square] = [1, x];
  for (let k = n; k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) y *= square;
    if (k > 1) square *= square;
  }
  return y;
}

/** Larger exponents are refused: nothing uses them, and errors grow with them. */
export const LARGEST_POWER = 1024;

/** xᵖ as it is computed, on x ≥ 0 where p is no whole number. */
function power(p: number): (x: number) => number {
  const size = Math.abs(p);
  const magnitude = (x: number): number => {
    if (Number.isInteger(p)) return whole(x, size);
    if (Number.isInteger(2 * p)) return whole(x, size - 0.5) * Math.sqrt(x);
    return Math.exp(size * Math.log(x));
  };
  return p < 0 ? (x) => 1 / magnitude(x) : magnitude;
}

/** Exponents of e^(p·ln x) reach 745: of p·ln x that many roundings and errors of ln. */
const error = (p: number): number => (Number.isInteger(2 * p) ? (4 * Math.abs(p) + 16) * UNIT : 2048 * LIBRARY);

/** @throws RangeError where |p| > 1024, or p is 0 or 1, which do not bend */
export function pow(p: number): Curve {
  if (!(Math.abs(p) <= LARGEST_POWER) || p === 0 || p === 1) throw new RangeError(`no curve of power ${p}`);
  const [f, derivative] = [power(p), p === 2 ? (x: number) => x : power(p - 1)];
  const smooth: Smooth = { at: f, slope: (x) => p * derivative(x) };
  const isWhole = Number.isInteger(p);
  const odd = isWhole && p % 2 !== 0;
  const infinity = Number.POSITIVE_INFINITY;
  return curve({
    name: `power (${p})`,
    ...smooth,
    range: odd ? [-infinity, infinity] : [0, infinity],
    value: accurate(error(p)),
    rate: accurate(error(p - 1) + error(p)),
    // p(p − 1)xᵖ⁻²: of an odd power the sign of x, else that of p(p − 1)
    pieces: odd ? bending(smooth, -1, [[0, 0]]) : bending(smooth, p > 0 && p < 1 ? -1 : 1),
    defined: p < 0 ? (l, h) => l > 0 || (isWhole && h < 0) : isWhole ? () => true : (l) => l >= 0,
  });
}

export const square: Curve = pow(2);
export const sqrt: Curve = pow(0.5);
export const reciprocal: Curve = pow(-1);
