/**
 * The least value of a linear form over a box, or over what cuts leave of it: for any λ ≥ 0, min a·x over {x in the box: g·x + h ≤ 0} is at least
 * min (a + λg)·x + λh over the box (Lagrange; "Clip-and-Verify", Zhou et al. 2025, arXiv:2512.11087, has it for networks).
 */
import { GENEROUS, gamma, TINY, UNIT } from "../net/unit.ts";

/** g·x + h ≤ 0. */
export interface HalfSpace {
  /** [inputs] */
  readonly g: Float64Array;
  readonly h: number;
}

/** Half-spaces in which all counterexamples of a domain lie, and the box that they cut, as centre and radius. */
export interface Cuts {
  readonly halves: readonly HalfSpace[];
  readonly centre: Float64Array;
  readonly radius: Float64Array;
  /** Σ|g|·radius of each: by how much g·x varies. */
  readonly spans: Float64Array;
  /** Room for a point. */
  readonly corner: Float64Array;
}

export function cutsOf(halves: readonly HalfSpace[], low: Float64Array, high: Float64Array): Cuts {
  const centre = low.map((l, j) => 0.5 * (l + high[j]!));
  const radius = low.map((l, j) => 0.5 * (high[j]! - l));
  const spans = Float64Array.from(halves, ({ g }) => g.reduce((sum, v, j) => sum + Math.abs(v) * radius[j]!, 0));
  return { halves, centre, radius, spans, corner: new Float64Array(low.length) };
}

/** Cuts of one row that are put to use, the most violated first. */
const USED = 4;
/** λ is sought among these multiples of a guess, then among these finer ones of the best: any will do. */
const GRIDS = [
  [0.0625, 0.25, 1, 4],
  [0.35, 0.6, 1.6, 2.8],
] as const;

/**
 * Add multiples of cuts to row `r` of `coefficients` and to `constant`, as long as that raises the least value over the box.
 * @returns what rounding may have taken
 */
export function cutRow(coefficients: Float64Array, r: number, constant: Float64Array, cuts: Cuts): number {
  const { halves, centre, radius, spans, corner } = cuts;
  const n = centre.length;
  const a = coefficients.subarray(r * n, (r + 1) * n);
  let lost = 0;
  for (let round = 0; round < USED; round++) {
    let own = 0;
    for (let j = 0; j < n; j++) {
      corner[j] = centre[j]! - Math.sign(a[j]!) * radius[j]!;
      own += Math.abs(a[j]!) * radius[j]!;
    }
    let [worst, most] = [-1, 1e-9];
    for (let c = 0; c < halves.length; c++) {
      const { g, h } = halves[c]!;
      let sum = h;
      for (let j = 0; j < n; j++) sum += g[j]! * corner[j]!;
      if (sum > most * spans[c]!) [worst, most] = [c, sum / spans[c]!];
    }
    if (worst < 0) break;
    const half = halves[worst]!;
    const lambda = multiplierOf(a, half, own / spans[worst]!, centre, radius);
    if (lambda === 0) break;
    let all = 0;
    for (let j = 0; j < n; j++) {
      const more = lambda * half.g[j]!;
      all += (Math.abs(a[j]!) + Math.abs(more)) * (Math.abs(centre[j]!) + radius[j]!);
      a[j]! += more;
    }
    constant[r]! += lambda * half.h;
    lost += 8 * UNIT * (all + Math.abs(constant[r]!) + Math.abs(lambda * half.h)) + TINY * (1 + all);
  }
  return lost;
}

/** λ for which the least of (a + λg)·x + λh is among the greatest; 0 where none is better. */
function multiplierOf(a: Float64Array, { g, h }: HalfSpace, guess: number, centre: Float64Array, radius: Float64Array): number {
  let [best, value] = [0, valueAt(a, g, h, 0, centre, radius)];
  let around = guess;
  for (const grid of GRIDS) {
    for (const share of grid) {
      const lambda = share * around;
      const v = valueAt(a, g, h, lambda, centre, radius);
      if (v > value) [best, value] = [lambda, v];
    }
    if (best === 0) return 0;
    around = best;
  }
  return best;
}

function valueAt(a: Float64Array, g: Float64Array, h: number, lambda: number, centre: Float64Array, radius: Float64Array): number {
  let sum = lambda * h;
  for (let j = 0; j < a.length; j++) {
    const c = a[j]! + lambda * g[j]!;
    sum += c * centre[j]! - Math.abs(c) * radius[j]!;
  }
  return sum;
}

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
