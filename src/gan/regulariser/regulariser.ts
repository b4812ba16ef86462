import type { Emit, Value } from "../../graph/index.ts";
import type { Play } from "../play.ts";

/** Something that combines with any objective. Each hook is optional; several regularisers are added up, or applied one after the other. */
export interface Regulariser {
  readonly name: string;
  /** Added to the discriminator's loss: a scalar. */
  discriminator?(play: Play): Value;
  /** Added to the generator's loss. */
  generator?(play: Play): Value;
  /** What the discriminator is shown in place of samples [N, …], real and generated alike. */
  view?(play: Pick<Play, "e" | "draw" | "keep" | "progress">, x: Value): Value;
  /** Told by how much the discriminator's logits of real samples lie above the line between real and generated ones: [M, 1]. */
  watch?(play: Pick<Play, "e" | "keep">, real: Value): void;
  /** A weight of the discriminator after its update. */
  project?(e: Emit, weight: Value): Value;
  /** Which of the generated samples the generator learns from: weights [M, 1] with the mean 1, of their logits. */
  chosen?(play: Pick<Play, "e" | "progress">, fake: Value): Value;
  /** It takes the gradient of each sample for itself: no layer of the discriminator may couple samples of a batch. */
  readonly perSample?: boolean;
  /** It looks at a batch as a whole, or remembers something from batch to batch: parts of a batch do not add up to it. */
  readonly perBatch?: boolean;
}
