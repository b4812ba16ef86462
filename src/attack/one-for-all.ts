/** What attacks share that train one thing on all samples. */
import { fold, type Key, permutation, type Tensor } from "../base/index.ts";
import { lead } from "./iterate.ts";
import type { GradientVictim } from "./victim.ts";

/** The samples of step `k`, of `n` in all, `most` at a time: every epoch in a new order, its last batch short. */
export function minibatch(key: Key, n: number, most: number, k: number): number[] {
  const perEpoch = Math.ceil(n / most);
  const order = permutation(fold(key, Math.floor(k / perEpoch)), n);
  const at = (k % perEpoch) * most;
  return Array.from(order.subarray(at, Math.min(at + most, n)));
}

/** Whether step `k` of `steps` ends one of about `times` stretches: when to see how good it is. */
export const isCheckpoint = (k: number, steps: number, times = 10): boolean =>
  (k + 1) % Math.max(1, Math.floor(steps / times)) === 0 || k + 1 === steps;

/** The share of candidates [n, …], one a sample, that win. */
export async function shareWon(victim: GradientVictim, z: Tensor<"float32">, labels: Int32Array, targeted: boolean): Promise<number> {
  const scores = await victim.scores(z);
  return labels.filter((label, i) => lead(scores, i, label, targeted) < 0).length / labels.length;
}

/**
 * A cross-entropy that only samples have which are won for good, so that they need not pull any more: the 9 of Shafahi et al. 2018
 * (arXiv:1811.11304) at 1000 classes, in proportion to log K.
 */
export const lossOfWon = (classes: number): number => (9 * Math.log(classes)) / Math.log(1000);
