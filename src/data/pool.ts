/** Samples that are written where they are wanted, one at a time: what a GAN is shown. Too many for an array, they may be made as they are asked for. */
import { size, type Tensor } from "../base/index.ts";
import type { Dataset } from "./dataset.ts";

export interface Pool {
  readonly name: string;
  readonly size: number;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly range: readonly [number, number];
  /** 0 where samples have no classes. */
  readonly classes: number;
  readonly provenance: Readonly<Record<string, string | number>>;
  /** Write sample `i` to `out`. */
  write(i: number, out: Float32Array): void;
  label(i: number): number;
}

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
    provenance,
    write: (i, out) => out.set(x.data.subarray(i * width, (i + 1) * width)),
    label: (i) => y[i]!,
  };
}
