/** Whether an accuracy is what guessing gives: a binomial test. */

/** log Γ(n), Lanczos's approximation (g = 7, nine terms), for n ≥ 1. */
function logGamma(n: number): number {
  const c = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const x = n - 1;
  const t = x + 7.5;
  const sum = c.slice(1).reduce((s, v, i) => s + v / (x + i + 1), c[0]!);
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** P(X ≥ k) for X binomial of n trials with probability p in (0, 1). */
export function binomialTail(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = Math.max(k, 0); i <= n; i++)
    sum += Math.exp(logGamma(n + 1) - logGamma(i + 1) - logGamma(n - i + 1) + i * Math.log(p) + (n - i) * Math.log1p(-p));
  return Math.min(sum, 1);
}

/** What is called unlikely. */
const UNLIKELY = 0.01;

/**
 * Whether `accuracy` on `n` samples of `classes` classes looks like guessing: so many hits are not unlikely for a model that guesses
 * (P(X ≥ hits | 1/K) > 1 %), and so few are for one halfway between guessing and always right (P(X ≤ hits | (1 + 1/K)/2) < 1 %). With too
 * few samples to tell the two apart the answer is no.
 */
export function nearChance(accuracy: number, classes: number, n: number): boolean {
  const hits = Math.round(accuracy * n);
  const guess = 1 / classes;
  return binomialTail(hits, n, guess) > UNLIKELY && 1 - binomialTail(hits + 1, n, (1 + guess) / 2) < UNLIKELY;
}
