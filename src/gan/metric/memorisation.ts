/** Whether generated samples are copies of the training data. */
import type { Tensor } from "../../base/index.ts";
import type { RunOptions } from "../../run/index.ts";
import { flat, nearest } from "./distances.ts";

type Numbers = Tensor<"float32">;

export interface Memorisation {
  /** Median distance from a generated sample to the nearest training one, in the numbers of the data. */
  readonly generated: number;
  /** The same from held-out samples: what it is where nothing was copied. */
  readonly heldOut: number;
  /** Share of generated samples nearer to a training one than all but the nearest percent of the held-out ones are. */
  readonly copies: number;
  /** Training samples that were looked at. */
  readonly training: number;
  /** Of each generated sample, the nearest training one. */
  readonly index: Int32Array;
}

/** Of all generated samples the share that would be as near by chance. */
export const BY_CHANCE = 0.01;

const quantile = (sorted: readonly number[], q: number): number => sorted[Math.floor(q * (sorted.length - 1))]!;

/** Nearest training samples, pixel by pixel (Euclidean). */
export async function memorisation(train: Numbers, heldOut: Numbers, fake: Numbers, run: RunOptions = {}): Promise<Memorisation> {
  const t = flat(train);
  const sorted = (squared: Float32Array) => Array.from(squared, Math.sqrt).sort((a, b) => a - b);
  const found = await nearest(flat(fake), t, run);
  const [made, held] = [sorted(found.squared), sorted((await nearest(flat(heldOut), t, run)).squared)];
  const near = quantile(held, BY_CHANCE);
  return {
    generated: quantile(made, 0.5),
    heldOut: quantile(held, 0.5),
    copies: made.filter((d) => d < near).length / made.length,
    training: t.shape[0]!,
    index: found.index,
  };
}
