/** What came of an attack, sample by sample and summed. */
import type { Tensor } from "../base/index.ts";
import type { NormName } from "./norm.ts";

export interface SampleResult {
  readonly index: number;
  readonly label: number;
  /** On the clean input. */
  readonly predicted: number;
  /** On the best candidate: the first that succeeds (the nearest, of a `minimal` attack), else the clean prediction. −1: scores that are no numbers. */
  readonly adversarialPredicted: number;
  /** The file, run on a legal input (inside the ball, where ε was given), was wrong or reached the target. A clean error counts, at distance 0. */
  readonly success: boolean;
  /** Of the nearest input that turned the file, in the attack's norm, also where it lies beyond ε; null where none was found. */
  readonly distance: number | null;
  /** Passes that the attack made for this sample, over all restarts. */
  readonly forwards: number;
  readonly backwards: number;
}

export interface AttackResult {
  readonly n: number;
  readonly cleanAccuracy: number;
  readonly robustAccuracy: number;
  /** null where none was given, or the attack has limits of its own. */
  readonly epsilon: number | null;
  readonly norm: NormName;
  /** Of the data: candidates are cut to it. */
  readonly range: readonly [number, number];
  readonly attack: string;
  readonly restarts: number;
  readonly seed: number;
  readonly runtime: string;
  /** To the nearest input that turned the file, over the samples that were right when clean; null where half of them or more were not turned. */
  readonly medianDistance: number | null;
  /** Backward passes, summed over samples, steps and restarts. */
  readonly gradientEvaluations: number;
  readonly forwards: number;
  readonly samples: readonly SampleResult[];
  /** The inputs behind the results: the one that succeeded, else the attack's first candidate within ε; clean where there is none, or that was wrong already. */
  readonly adversarial: Tensor<"float32">;
}
