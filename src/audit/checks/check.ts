/** A sanity check of an evaluation: one file each, with what it looks for, what it says, and how to mend it. */
import type { AttackOptions, Data, Norm } from "../../attack/index.ts";
import { type GradientModel, gives, type LabelModel, type ScoreModel } from "../../model/index.ts";
import type { CascadeResult } from "../cascade.ts";
import type { Point } from "../curve.ts";
import type { Ensemble } from "../ensemble.ts";

export interface Verdict {
  readonly check: string;
  readonly title: string;
  readonly status: "pass" | "fail" | "not run";
  /** What was seen, in figures; of a check that was not run, why. */
  readonly evidence: string;
  /** What to do about a failure. */
  readonly mend: string | null;
}

/** What an audit knows when its attacks are done. */
export interface Findings {
  readonly model: LabelModel;
  /** A few samples that are right when clean: what checks ask the model about. */
  readonly probe: Data;
  /** All samples, and what the cascade found. */
  readonly data: Data;
  readonly result: CascadeResult;
  readonly ensemble: Ensemble;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly range: readonly [number, number];
  /** Accuracy against ε; null where there is no gradient. */
  readonly curve: readonly Point[] | null;
  /** Samples that a second model's adversarial inputs turned and the cascade had not; null without a second model. */
  readonly transferred: { readonly turned: number; readonly asked: number } | null;
  /** For attacks that a check runs: seed, range, constraints, device, signal. */
  readonly run: Omit<AttackOptions, "attack" | "epsilon" | "onProgress">;
}

export interface Answer {
  readonly status: Verdict["status"];
  readonly evidence: string;
}

export interface Check {
  /** Stable, kebab-case: the key in reports. */
  readonly name: string;
  readonly title: string;
  readonly mend: string;
  find(findings: Findings): Promise<Answer>;
}

export const pass = (evidence: string): Answer => ({ status: "pass", evidence });
export const broken = (evidence: string): Answer => ({ status: "fail", evidence });
export const notRun = (why: string): Answer => ({ status: "not run", evidence: why });
export const judged = (bad: boolean, evidence: string): Answer => (bad ? broken(evidence) : pass(evidence));

export const differentiable = (model: LabelModel): model is GradientModel => gives(model, "gradient");
export const scored = (model: LabelModel): model is ScoreModel => gives(model, "scores");

export const NO_GRADIENT = "the model gives no gradient";
export const NO_SCORES = "the model gives no scores";
export const NO_PROBE = "no sample is right when clean";

/** 3 of 64, as people write it. */
export const of = (part: number, whole: number): string => `${part} of ${whole}`;
