/** What an attack is: it is given a victim and proposes candidates. It never decides success; `evaluate.ts` does. */
import type { Key, Tensor } from "../base/index.ts";
import type { Graph } from "../graph/index.ts";
import type { RunOptions } from "../run/index.ts";
import type { Norm } from "./norm.ts";

/** A classifier as attacks see it: one input [N, …], logits [N, classes], at a fixed batch size. */
export interface Victim {
  readonly graph: Graph;
  readonly batch: number;
  /** Valid values of the input. */
  readonly range: readonly [number, number];
  readonly run: RunOptions;
}

export interface Batch {
  readonly x: Tensor<"float32">;
  /** int64 [N]: the true class, or with `targeted` the class to reach. */
  readonly labels: Tensor<"int64">;
  /** One random key a sample: (seed, sample index, attack, restart). */
  readonly keys: readonly Key[];
}

export interface Threat {
  readonly norm: Norm;
  readonly epsilon: number;
  /** Reach the label instead of leaving it. */
  readonly targeted: boolean;
}

/** An attack compiled for one victim. */
export interface Prepared {
  /** Candidates for each sample, best first; they may leave the ball by rounding. */
  propose(batch: Batch): Promise<readonly Tensor<"float32">[]>;
  /** Gradients taken per sample and restart. */
  readonly gradientEvaluations: number;
  release(): Promise<void>;
}

export type Attack = (victim: Victim, threat: Threat) => Promise<Prepared>;
