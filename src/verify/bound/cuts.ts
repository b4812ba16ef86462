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
  readonly radius: Float64Array;
  /** |centre| + radius. */
  readonly sizes: Float64Array;
  /** Of each half-space in the box's own coordinates: g·radius [cuts, inputs], g·centre + h, and Σ|g|·radius, by how much it varies. */
  readonly scaled: Float64Array;
  readonly offsets: Float64Array;
  readonly spans: Float64Array;
  /** Σ|g|·sizes: what rounding of a product with it is a share of. */
  readonly reaches: Float64Array;
  /** Σ sizes: what underflow is a share of. */
  readonly reach: number;
  readonly room: Room;
}

/** Of a row at work: itself in the box's coordinates, the corner where it is least, and what the half-spaces are there. */
interface Room {
  readonly form: Float64Array;
  /** `form` again: of each number the half that has its sign tells more quickly than a comparison, which is guessed wrongly half of the time. */
  readonly signs: Int32Array;
  readonly corner: Float64Array;
  readonly turned: Int32Array;
  readonly sums: Float64Array;
  /** Multiples of each. */
  readonly lambdas: Float64Array;
}

/** Which half of a float64 has its sign. */
const HIGH = new Int32Array(Float64Array.of(-1).buffer)[1] === 0 ? 0 : 1;

export function cutsOf(halves: readonly HalfSpace[], low: Float64Array, high: Float64Array): Cuts {
  const [n, count] = [low.length, halves.length];
  const centre = low.map((l, j) => 0.5 * (l + high[j]!));
  const radius = low.map((l, j) => 0.5 * (high[j]! - l));
  const sizes = centre.map((c, j) => Math.abs(c) + radius[j]!);
  const scaled = new Float64Array(count * n);
  const [offsets, spans, reaches] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  for (const [c, { g, h }] of halves.entries()) {
    let [offset, span, reach] = [h, 0, 0];
    for (let j = 0; j < n; j++) {
      const [v, s] = [g[j]!, g[j]! * radius[j]!];
      scaled[c * n + j] = s;
      offset += v * centre[j]!;
      span += Math.abs(s);
      reach += Math.abs(v) * sizes[j]!;
    }
    offsets[c] = offset;
    spans[c] = span;
    reaches[c] = reach;
  }
  const form = new Float64Array(n);
  const room: Room = {
    form,
    signs: new Int32Array(form.buffer),
    corner: new Float64Array(n),
    turned: new Int32Array(n),
    sums: new Float64Array(count),
    lambdas: new Float64Array(count),
  };
  return { halves, radius, sizes, scaled, offsets, spans, reaches, reach: sizes.reduce((sum, v) => sum + v, 0), room };
}

/** Cuts of one row that are put to use, the most violated first. */
const USED = 4;

/**
 * Add multiples of cuts to row `r` of `coefficients` and to `constant`, as long as that raises the least value over the box.
 * @returns what rounding may have taken
 */
export function cutRow(coefficients: Float64Array, r: number, constant: Float64Array, cuts: Cuts): number {
  const { halves, radius, sizes, scaled, offsets, spans, reaches, reach, room } = cuts;
  const { form, signs, corner, turned, sums, lambdas } = room;
  const n = radius.length;
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
  for (let c = 0; c < sums.length; c++) {
    sums[c] = offsets[c]! + dot(scaled, c * n, corner, 0, n);
    lambdas[c] = 0;
  }
  let used = 0;
  for (; used < USED; used++) {
    let [worst, most] = [-1, 1e-9];
    for (let c = 0; c < sums.length; c++) if (spans[c]! > 0 && sums[c]! > most * spans[c]!) [worst, most] = [c, sums[c]! / spans[c]!];
    if (worst < 0) break;
    const lambda = multiplierOf(form, scaled, worst * n, offsets[worst]!, sums[worst]!, own, spans[worst]!);
    if (!(lambda > 0 && lambda < Number.POSITIVE_INFINITY)) break;
    lambdas[worst]! += lambda;
    let count = 0;
    own = 0;
    for (let j = 0; j < n; j++) {
      const was = signs[2 * j + HIGH]!;
      const v = form[j]! + lambda * scaled[worst * n + j]!;
      form[j] = v;
      own += Math.abs(v);
      if ((was ^ signs[2 * j + HIGH]!) < 0) {
        turned[count++] = j;
        corner[j] = -corner[j]!;
      }
    }
    for (let c = 0; c < sums.length; c++) {
      let sum = 0;
      for (let t = 0; t < count; t++) {
        const j = turned[t]!;
        sum += scaled[c * n + j]! * corner[j]!;
      }
      sums[c]! += 2 * sum;
    }
  }
  if (used === 0) return 0;
  let lost = 0;
  for (let c = 0; c < sums.length; c++) {
    const lambda = lambdas[c]!;
    if (lambda === 0) continue;
    const { g, h } = halves[c]!;
    for (let j = 0; j < n; j++) coefficients[first + j]! += lambda * g[j]!;
    constant[r]! += lambda * h;
    all += lambda * reaches[c]!;
    lost += Math.abs(constant[r]!) + Math.abs(lambda * h);
  }
  return 8 * UNIT * (USED * all + lost) + TINY * (1 + reach);
}

/** Tries of λ: any will do. */
const TRIES = 3;

/**
 * The best of some λ ≥ 0 for which min (a + λg)·x + λh over the box is more than at 0, or 0. That least is λ·offset − Σ|a + λg| but for a
 * constant, concave in λ, −own at 0, where it rises by `rises`; the next λ is where the parabola through what is known is greatest.
 */
function multiplierOf(
  form: Float64Array,
  scaled: Float64Array,
  first: number,
  offset: number,
  rises: number,
  own: number,
  span: number,
): number {
  let [best, most] = [0, -own];
  let lambda = (0.25 * own) / span;
  for (let t = 0; t < TRIES; t++) {
    const value = lambda * offset - sumOf(form, scaled, first, lambda);
    // how much less it has risen than its slope at 0 has it
    const bent = rises * lambda - (value + own);
    if (value > most) [best, most] = [lambda, value];
    const next = bent > 0 ? (0.5 * rises * lambda * lambda) / bent : Number.POSITIVE_INFINITY;
    lambda = Math.min(Math.max(next, 0.1 * lambda), 4 * lambda);
  }
  return best;
}

/** Σ|a + λg|. */
function sumOf(a: Float64Array, g: Float64Array, first: number, lambda: number): number {
  const n = a.length;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let j = 0;
  for (; j + 4 <= n; j += 4) {
    s0 += Math.abs(a[j]! + lambda * g[first + j]!);
    s1 += Math.abs(a[j + 1]! + lambda * g[first + j + 1]!);
    s2 += Math.abs(a[j + 2]! + lambda * g[first + j + 2]!);
    s3 += Math.abs(a[j + 3]! + lambda * g[first + j + 3]!);
  }
  for (; j < n; j++) s0 += Math.abs(a[j]! + lambda * g[first + j]!);
  return s0 + s1 + (s2 + s3);
}
