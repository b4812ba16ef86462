/** The Beta distribution: its function I_x(a, b), without logarithms of gammas that cancel, and its quantile. */

/** Stirling's error: log Γ(z) = (z − ½) log z − z + ½ log 2π + δ(z). DLMF 5.11.1. */
function stirlingError(z: number): number {
  // δ(z) − δ(z + 1) = (z + ½) log(1 + 1/z) − 1
  let lifted = 0;
  let at = z;
  for (; at < 16; at++) lifted += (at + 0.5) * Math.log1p(1 / at) - 1;
  const s = 1 / (at * at);
  return lifted + (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188)))) / at;
}

/** k log(k/m) + m − k, by a series where the two are near. Loader 2000, "Fast and accurate computation of binomial probabilities". */
function deviance(k: number, m: number): number {
  const d = k - m;
  if (Math.abs(d) >= 0.1 * (k + m)) return k * Math.log(k / m) - d;
  const v = d / (k + m);
  let sum = d * v;
  let power = 2 * k * v;
  for (let j = 3; ; j += 2) {
    power *= v * v;
    const next = sum + power / j;
    if (next === sum) return sum;
    sum = next;
  }
}

/** x^a y^b / B(a, b), y = 1 − x: the exponents are small where they count, so that no digits are lost to large a and b. */
function power(x: number, y: number, a: number, b: number): number {
  const n = a + b;
  const exponent = stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * y);
  return Math.sqrt(((a / n) * b) / (2 * Math.PI)) * Math.exp(exponent);
}

const TINY = 1e-300;
const CONVERGED = 2 ** -51;

/**
 * The continued fraction of I_x(a, b) B(a, b) / (x^a y^b), by Lentz's method. DiDonato & Morris 1992, Algorithm 708, eq. (9): for x ≤ a/(a + b) nothing
 * in it cancels, and it converges in O(√max(a, b)).
 */
function fraction(x: number, y: number, a: number, b: number): number {
  const lambda = a * y - b * x;
  let value = (a * (lambda + 1)) / (a + 1);
  let c = value;
  let d = 0;
  for (let m = 1; ; m++) {
    const s = a + 2 * m - 1;
    const above = (((a + m - 1) * (a + b + m - 1)) / (s * s)) * m * (b - m) * x * x;
    const below = m + (m * (b - m) * x) / s + ((a + m) * (lambda + 1 + m * (1 + y))) / (s + 2);
    d = 1 / (below + above * d || TINY);
    c = below + above / c || TINY;
    value *= c * d;
    // a NaN ends it as well
    if (!(Math.abs(c * d - 1) > CONVERGED)) return 1 / value;
  }
}

/**
 * The regularised incomplete beta function I_x(a, b) for a, b > 0: the chance that Beta(a, b) is at most x; for whole numbers, that of at least a
 * successes in a + b − 1 trials of chance x.
 * @param y 1 − x, for those who know it better than the difference
 */
export function incompleteBeta(x: number, a: number, b: number, y = 1 - x): number {
  if (!(x > 0)) return 0;
  if (!(y > 0)) return 1;
  if (a * y >= b * x) return power(x, y, a, b) * fraction(x, y, a, b);
  return 1 - power(y, x, b, a) * fraction(y, x, b, a);
}

/** The p-quantile of Beta(a, b), 0 < p < 1: x, and 1 − x with digits of its own where x is near 1. */
export function betaQuantile(p: number, a: number, b: number): { readonly x: number; readonly y: number } {
  const small = incompleteBeta(0.5, a, b) >= p;
  const below = (t: number): boolean => (small ? incompleteBeta(t, a, b) < p : incompleteBeta(1 - t, a, b, t) > p);
  // of the two, the one up to ½ is bisected in its logarithm: every digit of it counts
  let [low, high] = [TINY, 0.5];
  for (let k = 0; k < 200; k++) {
    const middle = Math.sqrt(low) * Math.sqrt(high);
    if (!(middle > low && middle < high)) break;
    if (below(middle)) low = middle;
    else high = middle;
  }
  return small ? { x: low, y: 1 - low } : { x: 1 - low, y: low };
}
