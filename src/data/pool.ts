/** Samples that are written where they are wanted, one at a time: what a GAN is shown. Too many for an array, they may be made as they are asked for. */
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
