/** What k successes in n trials prove of their chance. Clopper & Pearson 1934, "The use of confidence or fiducial limits", Biometrika 26(4). */
import { betaQuantile } from "./beta.ts";

/** Many times the error of the quantile, which tests measure. */
const ROOM = 1e-13;

/**
 * The one-sided lower bound: the α-quantile of Beta(k, n − k + 1), which is the chance at which k successes or more would have the probability α. With
 * probability at least 1 − α the true chance is not below it. Rounded down.
 * @param k successes, 0…n
 */
export function clopperPearson(k: number, n: number, alpha: number): number {
  if (k === 0) return 0;
  const { x, y } = betaQuantile(alpha, k, n - k + 1);
  return x < 0.5 ? x * (1 - ROOM) : 1 - y * (1 + ROOM) - 2 ** -53;
}
