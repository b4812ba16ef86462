import type { Tensor } from "../base/index.ts";

/** Labelled samples, and where they come from. */
export interface Dataset {
  readonly name: string;
  /** [N, …inputShape] */
  readonly x: Tensor<"float32">;
  /** Class of each sample. */
  readonly y: Int32Array;
  readonly classes: readonly string[];
  /** Of one sample, without the batch. */
  readonly inputShape: readonly number[];
  /** Least and largest valid value of an input. */
  readonly range: readonly [number, number];
  /** For reports: source, split, hash. */
  readonly provenance: Readonly<Record<string, string | number>>;
}
