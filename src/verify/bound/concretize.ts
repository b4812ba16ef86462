/** The least value of a linear form over a box, or over a ball, outward. */
import { GENEROUS, gamma, TINY, UNIT } from "../net/unit.ts";
import { cutRow, cutsOf, type HalfSpace } from "./cuts.ts";

/** ‖x − centre‖ ≤ radius. */
export interface Ball {
  readonly norm: "l2" | "l1";
  readonly centre: Float64Array;
  readonly radius: number;
}

/** Where inputs lie: in a box, and in a ball where there is one. */
export interface Domain {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly ball?: Ball;
}

/** The least of row `r` over the box, or over the ball where that is greater; what was lost is taken from the constant. */
export function leastOf(coefficients: Float64Array, r: number, constant: Float64Array, lost: number, { low, high, ball }: Domain): number {
  const n = low.length;
  let [sum, all] = [0, 0];
  for (let j = 0, p = r * n; j < n; j++, p++) {
    const c = coefficients[p]!;
    const [a, b] = [c * low[j]!, c * high[j]!];
    sum += c >= 0 ? a : b;
    all += Math.max(Math.abs(a), Math.abs(b));
  }
  constant[r]! -= (lost + TINY + gamma(n + 3) * all + 4 * UNIT * (Math.abs(constant[r]!) + Math.abs(sum))) * GENEROUS;
  const inBox = sum + constant[r]!;
  // NaN stays one
  return ball ? Math.max(inBox, leastInBall(coefficients.subarray(r * n, (r + 1) * n), ball) + constant[r]!) : inBox;
}

/** Outward: a·x ≥ a·centre − radius·‖a‖ in the dual norm (Hölder), L2's own or the greatest of L1's. */
function leastInBall(a: Float64Array, { norm, centre, radius }: Ball): number {
  let [sum, all, square, most] = [0, 0, 0, 0];
  for (let j = 0; j < a.length; j++) {
    const product = a[j]! * centre[j]!;
    sum += product;
    all += Math.abs(product);
    square += a[j]! * a[j]!;
    most = Math.max(most, Math.abs(a[j]!));
  }
  // squares that underflow: each is less than 2⁻¹⁰⁷⁴
  const dual = norm === "l2" ? Math.sqrt(square + a.length * 2 ** -1070) : most;
  return sum - radius * dual - (gamma(a.length + 8) * (all + radius * dual) + TINY) * GENEROUS;
}

/** Where a linear form is least over the domain, of the box or of the ball: wherever it is greater. */
export function minimiser(a: Float64Array, { low, high, ball }: Domain): Float64Array {
  const corner = low.map((l, j) => (a[j]! > 0 ? l : high[j]!));
  if (!ball) return corner;
  const { norm, centre, radius } = ball;
  const size = Math.sqrt(a.reduce((sum, v) => sum + v * v, 0));
  const most = a.reduce((at, v, j) => (Math.abs(v) > Math.abs(a[at]!) ? j : at), 0);
  const point = centre.map((c, j) => {
    if (norm === "l2") return size > 0 ? c - (radius * a[j]!) / size : c;
    return j === most ? c - radius * Math.sign(a[j]!) : c;
  });
  const value = (x: Float64Array) => x.reduce((sum, v, j) => sum + a[j]! * v, 0);
  return value(point) > value(corner) ? point : corner;
}

/** Whether half-spaces, none of which misses the box, miss it together. */
export function missTogether(halves: readonly HalfSpace[], { low, high }: Domain): boolean {
  if (halves.length === 1) return false;
  const cuts = cutsOf(halves, low, high);
  return halves.some(({ g, h }) => {
    const [form, constant] = [g.slice(), Float64Array.of(h)];
    const lost = cutRow(form, 0, constant, cuts);
    return leastOf(form, 0, constant, lost, { low, high }) > 0;
  });
}
