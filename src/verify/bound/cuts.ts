/**
 * The least value of a linear form over what cuts leave of a box: for any λ ≥ 0, min a·x over {x in the box: g·x + h ≤ 0} is at least
 * min (a + λg)·x + λh over the box (Lagrange; "Clip-and-Verify", Zhou et al. 2025, arXiv:2512.11087, has it for networks).
 * λ is searched in coordinates in which the box is [−1, 1]ⁿ; only what is then added to the form has to be right.
 */
import { dot } from "../net/linear.ts";
import { TINY, UNIT } from "../net/unit.ts";

/** g·x + h ≤ 0. */
export interface HalfSpace {
  /** [inputs] */
  readonly g: Float64Array;
  readonly h: number;
}

/** Half-spaces in which all counterexamples of a domain lie, and the box that they cut. */
export interface Cuts {
  readonly halves: readonly HalfSpace[];
  readonly centre: Float64Array;
  readonly radius: Float64Array;
  /** |centre| + radius, and the sum of these: what underflow is a share of. */
  readonly sizes: Float64Array;
  readonly reach: number;
  /** Each half-space in the box's own coordinates. */
  readonly scaled: readonly Scaled[];
}

interface Scaled {
  /** g·radius */
  readonly g: Float64Array;
  /** g·centre + h */
  readonly h: number;
  /** Σ|g|·radius: by how much it varies. */
  readonly span: number;
  /** Σ|g|·(|centre| + radius): what rounding of a product with it is a share of. */
  readonly reach: number;
}

export function cutsOf(halves: readonly HalfSpace[], low: Float64Array, high: Float64Array): Cuts {
  const centre = low.map((l, j) => 0.5 * (l + high[j]!));
  const radius = low.map((l, j) => 0.5 * (high[j]! - l));
  const sizes = centre.map((c, j) => Math.abs(c) + radius[j]!);
  const reach = sizes.reduce((sum, v) => sum + v, 0);
  return { halves, centre, radius, sizes, reach, scaled: halves.map((half) => scaledOf(half, centre, radius, sizes)) };
}

/** The same with one more. */
export const cutsAlso = (cuts: Cuts, half: HalfSpace): Cuts => ({
  ...cuts,
  halves: [...cuts.halves, half],
  scaled: [...cuts.scaled, scaledOf(half, cuts.centre, cuts.radius, cuts.sizes)],
});

function scaledOf({ g, h }: HalfSpace, centre: Float64Array, radius: Float64Array, sizes: Float64Array): Scaled {
  const out = new Float64Array(g.length);
  let [offset, span, reach] = [h, 0, 0];
  for (let j = 0; j < g.length; j++) {
    const v = g[j]!;
    const s = v * radius[j]!;
    out[j] = s;
    offset += v * centre[j]!;
    span += Math.abs(s);
    reach += Math.abs(v) * sizes[j]!;
  }
  return { g: out, h: offset, span, reach };
}

/** Of the row at work: itself in the box's coordinates, the corner where it is least, what half-spaces are there, and multiples of them. */
class Room {
  readonly form: Float64Array;
  /** `form` again: the half of a number that has its sign tells it more quickly than a comparison, which is guessed wrongly half of the time. */
  readonly signs: Int32Array;
  readonly corner: Float64Array;
  readonly turned: Int32Array;
  sums = new Float64Array(0);
  lambdas = new Float64Array(0);

  constructor(n: number) {
    this.form = new Float64Array(n);
    this.signs = new Int32Array(this.form.buffer);
    this.corner = new Float64Array(n);
    this.turned = new Int32Array(n);
  }

  /** The room of all rows of `n` numbers, one after the other. */
  static #last = new Room(0);
  static for(n: number, cuts: number): Room {
    if (Room.#last.form.length !== n) Room.#last = new Room(n);
    if (Room.#last.sums.length < cuts) [Room.#last.sums, Room.#last.lambdas] = [new Float64Array(cuts), new Float64Array(cuts)];
    return Room.#last;
  }
}

/** Which half of a float64 has its sign. */
const HIGH = new Int32Array(Float64Array.of(-1).buffer)[1] === 0 ? 0 : 1;

/** Cuts of one row that are put to use, the most violated first. */
const USED = 2;

/**
 * Add multiples of cuts to row `r` of `coefficients` and to `constant`, as long as that raises the least value over the box.
 * @returns what rounding may have taken
 */
export function cutRow(coefficients: Float64Array, r: number, constant: Float64Array, cuts: Cuts): number {
  const { halves, radius, sizes, reach, scaled } = cuts;
  const n = radius.length;
  const { form, signs, corner, turned, sums, lambdas } = Room.for(n, scaled.length);
  const first = r * n;
  let [own, all] = [0, 0];
  for (let j = 0; j < n; j++) {
    const a = coefficients[first + j]!;
    const v = a * radius[j]!;
    form[j] = v;
    own += Math.abs(v);
    all += Math.abs(a) * sizes[j]!;
  }
  for (let j = 0; j < n; j++) corner[j] = -1 - 2 * (signs[2 * j + HIGH]! >> 31);
  for (const [c, { g, h }] of scaled.entries()) {
    sums[c] = h + dot(g, 0, corner, 0, n);
    lambdas[c] = 0;
  }
  let used = 0;
  for (; used < USED; used++) {
    let [worst, most] = [-1, 1e-9];
    for (const [c, { span }] of scaled.entries()) if (span > 0 && sums[c]! > most * span) [worst, most] = [c, sums[c]! / span];
    if (worst < 0) break;
    const { g } = scaled[worst]!;
    const lambda = multiplierOf(form, scaled[worst]!, sums[worst]!, own);
    if (!(lambda > 0 && lambda < Number.POSITIVE_INFINITY)) break;
    lambdas[worst]! += lambda;
    let count = 0;
    own = 0;
    for (let j = 0; j < n; j++) {
      const was = signs[2 * j + HIGH]!;
      const v = form[j]! + lambda * g[j]!;
      form[j] = v;
      own += Math.abs(v);
      if ((was ^ signs[2 * j + HIGH]!) < 0) {
        turned[count++] = j;
        corner[j] = -corner[j]!;
      }
    }
    if (used + 1 < USED) for (const [c, { g }] of scaled.entries()) sums[c]! += 2 * sumOver(turned, count, g, corner);
  }
  if (used === 0) return 0;
  let lost = 0;
  for (const [c, { g, h }] of halves.entries()) {
    const lambda = lambdas[c]!;
    if (lambda === 0) continue;
    for (let j = 0; j < n; j++) coefficients[first + j]! += lambda * g[j]!;
    constant[r]! += lambda * h;
    all += lambda * scaled[c]!.reach;
    lost += Math.abs(constant[r]!) + Math.abs(lambda * h);
  }
  // each of at most USED steps rounds a product and a sum of numbers that, with all they are multiplied with, come to `all`
  return 8 * UNIT * (USED * all + lost) + TINY * (1 + reach);
}

function sumOver(places: Int32Array, count: number, a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < count; t++) sum += a[places[t]!]! * b[places[t]!]!;
  return sum;
}

/** Tries of λ: any will do. */
const TRIES = 3;

/**
 * The best of some λ ≥ 0 for which min (a + λg)·x + λh over the box is more than at 0, or 0. That least is λh − Σ|a + λg| but for a
 * constant, concave in λ, −own at 0, where it rises by `rises`; the next λ is where the parabola through what is known is greatest.
 */
function multiplierOf(form: Float64Array, { g, h, span }: Scaled, rises: number, own: number): number {
  let [best, most] = [0, -own];
  let lambda = (0.25 * own) / span;
  for (let t = 0; t < TRIES; t++) {
    const value = lambda * h - sumOf(form, g, lambda);
    // how much less it has risen than its slope at 0 has it
    const bent = rises * lambda - (value + own);
    if (value > most) [best, most] = [lambda, value];
    const next = bent > 0 ? (0.5 * rises * lambda * lambda) / bent : Number.POSITIVE_INFINITY;
    lambda = Math.min(Math.max(next, 0.1 * lambda), 4 * lambda);
  }
  return best;
}

/** Σ|a + λg|. */
function sumOf(a: Float64Array, g: Float64Array, lambda: number): number {
  const n = a.length;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let j = 0;
  for (; j + 4 <= n; j += 4) {
    s0 += Math.abs(a[j]! + lambda * g[j]!);
    s1 += Math.abs(a[j + 1]! + lambda * g[j + 1]!);
    s2 += Math.abs(a[j + 2]! + lambda * g[j + 2]!);
    s3 += Math.abs(a[j + 3]! + lambda * g[j + 3]!);
  }
  for (; j < n; j++) s0 += Math.abs(a[j]! + lambda * g[j]!);
  return s0 + s1 + (s2 + s3);
}
