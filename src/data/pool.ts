/** Samples that are written where they are wanted, one at a time: what a GAN is shown. Too many for an array, they may be made as they are asked for. */
import { fail, fold, seedKey, size, type Tensor } from "../base/index.ts";
import type { Dataset } from "./dataset.ts";
import { checkedLimit, stratified } from "./split.ts";
import type { DataUnits } from "./units.ts";

export interface Pool {
  readonly name: string;
  readonly size: number;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly range: readonly [number, number];
  /** Of what somebody measured in units of their own; left out, or null, of values that are small numbers anyway. */
  readonly units?: DataUnits | null;
  /** 0 where samples have no classes. */
  readonly classes: number;
  /** Names of the classes, where they have any but their numbers. */
  readonly classNames?: readonly string[];
  readonly provenance: Readonly<Record<string, string | number>>;
  /** Write sample `i` to `out`. */
  write(i: number, out: Float32Array): void;
  label(i: number): number;
}

/** Of classes that are called otherwise than by their numbers. */
export const named = (classes: readonly string[]): Pick<Pool, "classNames"> =>
  classes.some((name, k) => name !== `${k}`) ? { classNames: classes } : {};

/** Samples `indices` of a pool, [n, …], with their labels. */
export function gather(pool: Pool, indices: ArrayLike<number>): { readonly x: Tensor<"float32">; readonly labels: Int32Array } {
  const n = indices.length;
  const width = size(pool.shape);
  const data = new Float32Array(n * width);
  for (let i = 0; i < n; i++) pool.write(indices[i]!, data.subarray(i * width, (i + 1) * width));
  return {
    x: { dtype: "float32", shape: [n, ...pool.shape], data },
    labels: Int32Array.from(indices, (i) => (pool.classes > 0 ? pool.label(i) : 0)),
  };
}

export function poolOf({ name, x, y, classes, inputShape, range, provenance }: Dataset): Pool {
  const width = x.data.length / Math.max(x.shape[0]!, 1);
  return {
    name,
    size: y.length,
    shape: inputShape,
    range,
    classes: classes.length,
    ...named(classes),
    provenance,
    write: (i, out) => out.set(x.data.subarray(i * width, (i + 1) * width)),
    label: (i) => y[i]!,
  };
}

/**
 * Two parts of a pool, by the seed: nine tenths to learn from, and a tenth that is held out, at least one sample; the classes in their proportions. A `limit` draws so many
 * samples first. Nothing is copied.
 * @throws data-few, data-limit
 */
export function holdOut(
  pool: Pool,
  { limit, seed = 0 }: { readonly limit?: number; readonly seed?: number } = {},
): { readonly train: Pool; readonly test: Pool } {
  const n = Math.min(limit === undefined ? pool.size : checkedLimit(limit), pool.size);
  if (n < 2)
    fail({
      code: "data-few",
      expected: `at least 2 samples of ${pool.name} to split`,
      got: `${n}`,
      mend: "bring more samples, or raise the limit",
    });
  const labels = Int32Array.from({ length: pool.size }, (_, i) => pool.label(i));
  const order = stratified(labels, fold(seedKey(seed), "split"));
  const learnt = n - Math.max(1, Math.round(n / 10));
  const part = (name: string, of: Uint32Array): Pool => ({
    ...pool,
    name: `${pool.name}:${name}`,
    size: of.length,
    provenance: { ...pool.provenance, n: of.length, part: name, seed },
    write: (i, out) => pool.write(of[i]!, out),
    label: (i) => labels[of[i]!]!,
  });
  return { train: part("train", order.subarray(0, learnt)), test: part("test", order.subarray(learnt, n)) };
}
