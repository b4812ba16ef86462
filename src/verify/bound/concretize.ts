/**
 * The least value of a linear form over a box, or over what cuts leave of it: for any λ ≥ 0, min a·x over {x in the box: g·x + h ≤ 0} is at least
 * min (a + λg)·x + λh over the box (Lagrange; "Clip-and-Verify", Zhou et al. 2025, arXiv:2512.11087, has it for networks).
 */
import { dot } from "../net/linear.ts";
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
  /** Room: for a point, what the half-spaces are there, and by how much which of its coordinates change. */
  readonly corner: Float64Array;
  readonly sums: Float64Array;
  readonly turns: Int32Array;
  readonly shifts: Float64Array;
}

export function cutsOf(halves: readonly HalfSpace[], low: Float64Array, high: Float64Array): Cuts {
  const centre = low.map((l, j) => 0.5 * (l + high[j]!));
  const radius = low.map((l, j) => 0.5 * (high[j]! - l));
  const spans = Float64Array.from(halves, ({ g }) => g.reduce((sum, v, j) => sum + Math.abs(v) * radius[j]!, 0));
  const n = low.length;
  const room = {
    corner: new Float64Array(n),
    sums: new Float64Array(halves.length),
    turns: new Int32Array(n),
    shifts: new Float64Array(n),
  };
  return { halves, centre, radius, spans, ...room };
}

/** Cuts of one row that are put to use, the most violated first. */
const USED = 4;
/** Tries of λ: any will do. */
const TRIES = 5;

/**
 * Add multiples of cuts to row `r` of `coefficients` and to `constant`, as long as that raises the least value over the box.
 * @returns what rounding may have taken
 */
export function cutRow(coefficients: Float64Array, r: number, constant: Float64Array, cuts: Cuts): number {
  const { halves, centre, radius, spans, corner, sums, turns, shifts } = cuts;
  const n = centre.length;
  const a = coefficients.subarray(r * n, (r + 1) * n);
  let lost = 0;
  let own = 0;
  for (let j = 0; j < n; j++) {
    const [v, by] = [a[j]!, radius[j]!];
    corner[j] = v > 0 ? centre[j]! - by : v < 0 ? centre[j]! + by : centre[j]!;
    own += Math.abs(v) * by;
  }
  for (let c = 0; c < halves.length; c++) sums[c] = halves[c]!.h + dot(halves[c]!.g, 0, corner, 0, n);
  for (let round = 0; round < USED; round++) {
    let [worst, most] = [-1, 1e-9];
    for (let c = 0; c < halves.length; c++) if (sums[c]! > most * spans[c]!) [worst, most] = [c, sums[c]! / spans[c]!];
    if (worst < 0) break;
    const half = halves[worst]!;
    const lambda = multiplierOf(a, half, sums[worst]!, own / spans[worst]!, centre, radius);
    if (lambda === 0) break;
    let [all, turned] = [0, 0];
    own = 0;
    for (let j = 0; j < n; j++) {
      const [was, more, by] = [a[j]!, lambda * half.g[j]!, radius[j]!];
      all += (Math.abs(was) + Math.abs(more)) * (Math.abs(centre[j]!) + by);
      const v = was + more;
      a[j] = v;
      own += Math.abs(v) * by;
      if (v > 0 === was > 0 && v < 0 === was < 0) continue;
      const to = v > 0 ? centre[j]! - by : v < 0 ? centre[j]! + by : centre[j]!;
      turns[turned] = j;
      shifts[turned++] = to - corner[j]!;
      corner[j] = to;
    }
    constant[r]! += lambda * half.h;
    lost += 8 * UNIT * (all + Math.abs(constant[r]!) + Math.abs(lambda * half.h)) + TINY * (1 + all);
    if (round + 1 === USED) break;
    for (let c = 0; c < halves.length; c++) {
      const { g } = halves[c]!;
      let sum = sums[c]!;
      for (let t = 0; t < turned; t++) sum += g[turns[t]!]! * shifts[t]!;
      sums[c] = sum;
    }
  }
  return lost;
}

/**
 * λ for which the least of (a + λg)·x + λh is among the greatest; 0 where none is better. That least is concave in λ, and its slope at 0 is
 * `rises`: where the slope is positive the best lies beyond, and before where it is negative.
 */
function multiplierOf(
  a: Float64Array,
  { g, h }: HalfSpace,
  rises: number,
  guess: number,
  centre: Float64Array,
  radius: Float64Array,
): number {
  const n = a.length;
  let [left, up, right, down] = [0, rises, Number.POSITIVE_INFINITY, 0];
  let lambda = guess / 4;
  let best = 0;
  for (let t = 0; t < TRIES; t++) {
    let slope = h;
    for (let j = 0; j < n; j++) {
      const w = g[j]!;
      slope += a[j]! + lambda * w > 0 ? w * (centre[j]! - radius[j]!) : w * (centre[j]! + radius[j]!);
    }
    if (slope > 0) [left, up] = [lambda, slope];
    else [right, down] = [lambda, slope];
    // up to where it rises, it has risen
    best = left;
    lambda = right === Number.POSITIVE_INFINITY ? 4 * left : left + (right - left) * Math.min(Math.max(up / (up - down), 0.1), 0.9);
  }
  return best;
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
