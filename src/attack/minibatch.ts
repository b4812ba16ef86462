/** For attacks that train one thing on all samples. */
import { fold, type Key, permutation } from "../base/index.ts";

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
