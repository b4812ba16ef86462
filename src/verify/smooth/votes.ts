/** What a model answers to noisy copies of a sample. */
import { fold, type Key, normal, type Tensor } from "../../base/index.ts";
import type { LabelModel } from "../../model/index.ts";
import type { Noise } from "./noise.ts";

export interface Poll {
  readonly key: Key;
  readonly count: number;
  /** Called with the number of copies just answered. */
  readonly onAnswered?: (copies: number) => void;
}

/**
 * How many of `count` copies x + ε, ε ~ N(0, σ²I), the model puts into each class. Nothing is clipped to the data's range: the theorem is about the whole
 * space. Copy k has the noise of (key, k). What the model puts into no class counts for none.
 */
export async function votes(model: LabelModel, x: Float32Array, { key, count, onAnswered }: Poll, noise: Noise): Promise<Uint32Array> {
  const { sigma, signal, batch = Math.max(1, Math.min(1000, Math.floor(2 ** 22 / x.length))) } = noise;
  const found = new Uint32Array(model.classes);
  for (let at = 0; at < count; at += batch) {
    signal?.throwIfAborted();
    const copies = Math.min(batch, count - at);
    const data = new Float32Array(copies * x.length);
    for (let k = 0; k < copies; k++) {
      const epsilon = normal(fold(key, at + k), x.length, 0, sigma);
      for (let j = 0; j < x.length; j++) data[k * x.length + j] = x[j]! + epsilon[j]!;
    }
    const noisy: Tensor<"float32"> = { dtype: "float32", shape: [copies, ...model.inputShape], data };
    for (const y of await model.labels(noisy)) if (y >= 0) found[y]!++;
    onAnswered?.(copies);
  }
  return found;
}

/** The class with most votes, the first of those with as many. */
export const leader = (counts: Uint32Array): number => counts.reduce((best, v, j) => (v > counts[best]! ? j : best), 0);
