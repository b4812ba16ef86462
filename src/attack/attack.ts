/** What an attack is: a value that says what it needs, and a function that proposes candidates. It never decides success; `judge.ts` does. */
import type { Key, Tensor } from "../base/index.ts";
import type { Access } from "../model/index.ts";
import type { Domain } from "./domain.ts";
import type { Norm, NormName } from "./norm.ts";
import type { VictimOf } from "./victim.ts";

/** Samples to attack together. What happens to one never depends on its company. */
export interface Batch {
  /** [n, …]: right when clean (or, with a target, not there yet). */
  readonly x: Tensor<"float32">;
  /** [n]: the class to leave, or with `targeted` the class to reach. */
  readonly labels: Int32Array;
  /** One random key a sample: (seed, sample, attack, restart). */
  readonly keys: readonly Key[];
  /** How often these samples were attacked before: 0 is the first time. */
  readonly restart: number;
}

export interface Threat {
  readonly norm: Norm;
  /** Largest perturbation; ∞ where an attack seeks the smallest and none was said. */
  readonly epsilon: number;
  /** Reach the label instead of leaving it. */
  readonly targeted: boolean;
  readonly domain: Domain;
}

export interface Attack<A extends Access = Access> {
  readonly name: string;
  /** The least that the model has to give. */
  readonly access: A;
  /**
   * `bounded`: searches the ball of radius ε; `minimal`: seeks the smallest perturbation; `own`: has a threat of its own (a rotation, a patch), so that
   * candidates are only cut to the domain.
   */
  readonly kind: "bounded" | "minimal" | "own";
  readonly norms: readonly NormName[];
  /** Whether it can reach a class, besides leaving one. */
  readonly targets: boolean;
  /** Wants all samples in one batch: what it finds, it finds for all of them. */
  readonly whole?: boolean;
  /** Draws nothing at random: a second run finds what the first did. */
  readonly deterministic?: boolean;
  /** Candidates for each sample of the batch, best first, each [n, …]; they may leave ball and domain by rounding. */
  readonly run: (victim: VictimOf[A], batch: Batch, threat: Threat) => Promise<readonly Tensor<"float32">[]>;
}
