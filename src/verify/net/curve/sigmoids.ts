/** S-shapes: convex left of 0, concave right of it. */
import { accurate, bending, type Curve, curve, LIBRARY, type Smooth } from "./curve.ts";

const shape = (name: string, range: Curve["range"], f: Smooth, more: Partial<Curve> = {}): Curve =>
  curve({ name, range, ...f, pieces: bending(f, 1, [[0, 0]]), ...more });

/** 1/(1 + e⁻ˣ), by the exponential that does not overflow. */
const logistic = (x: number): number => {
  const e = Math.exp(-Math.abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
};

/** σ′ = e/(1 + e)², e = e^(−|x|) */
const bell = (x: number): number => {
  const e = Math.exp(-Math.abs(x));
  return e / (1 + e) ** 2;
};

export const sigmoid: Curve = shape("sigmoid", [0, 1], { at: logistic, slope: bell });

// tanh′(x) = 4σ′(2x)
export const tanh: Curve = shape("tanh", [-1, 1], { at: Math.tanh, slope: (x) => 4 * bell(2 * x) });

export const atan: Curve = shape("atan", [-1.5708, 1.5708], { at: Math.atan, slope: (x) => 1 / (1 + x * x) });

/** x/(1 + |x|) */
export const softsign: Curve = shape("softsign", [-1, 1], {
  at: (x) => (Number.isFinite(x) ? x / (1 + Math.abs(x)) : Math.sign(x)),
  slope: (x) => (1 / (1 + Math.abs(x))) ** 2,
});

export const asinh: Curve = shape("asinh", [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY], {
  at: Math.asinh,
  // without an overflow of x²
  slope: (x) => (Math.abs(x) > 1e9 ? 1 / Math.abs(x) : 1 / Math.sqrt(1 + x * x)),
});

/** 2/√π */
const TWO_BY_ROOT_PI = 2 / Math.sqrt(Math.PI);

/**
 * 2x/√π · e^(−x²) · Σ (2x²)ⁿ/(2n + 1)!!: all terms are positive, so that nothing cancels. Abramowitz & Stegun 7.1.6. Of each of the n
 * factors of a term some four roundings, n ≤ 142; of e^(−x²) those of x² ≤ 36; together below 700·UNIT. What is left out is below e⁻⁵⁰.
 */
export function errorFunction(x: number): number {
  // 1 − erf 6 < 2⁻⁵⁵
  if (Math.abs(x) >= 6) return Math.sign(x);
  const square = x * x;
  let sum = 1;
  for (let n = Math.ceil(30 + 3.1 * square); n >= 1; n--) sum = 1 + (sum * square) / (n + 0.5);
  return TWO_BY_ROOT_PI * x * Math.exp(-square) * sum;
}

/** Relative error of {@link errorFunction}: 2⁻⁴³ = 1,024·UNIT. */
export const ERF = 2 ** -43;

// erf′ = 2/√π · e^(−x²): x² ≤ 745 where that is not 0, and its rounding is an absolute one of the exponent
export const erf: Curve = shape(
  "erf",
  [-1, 1],
  { at: errorFunction, slope: (x) => TWO_BY_ROOT_PI * Math.exp(-x * x) },
  { value: accurate(ERF), rate: accurate(LIBRARY * 128) },
);
