/**
 * How much of a model an attack may see. Labels, scores and gradient are a chain: each has all that those before it have, so that an attack written
 * for one runs on every model that gives more, and on none that gives less: that pair does not compile. Logits stand beside it: they are asked of the
 * model's own scores, and a model with a gradient whose scores are probabilities does not give them.
 */
import type { Tensor } from "../base/index.ts";
import type { Graph } from "../graph/index.ts";
import type { Reading } from "./output.ts";

/** What an attack may ask for. A model's own `access` is never "logits": whether its scores are any is said by `output`. */
export const ACCESS = ["labels", "scores", "logits", "gradient"] as const;
export type Access = (typeof ACCESS)[number];

/** Tells which class it sees, and nothing else. */
export interface LabelModel {
  readonly access: Access;
  readonly classes: number;
  /** Of one sample, in the user's space: as the data is, before any preprocessing. */
  readonly inputShape: readonly number[];
  /** For reports: what runs it. */
  readonly runtime: string;
  /** What was done to the file so that it could be run, and what was taken for granted; one sentence each. */
  readonly notes?: readonly string[];
  /** Why it gives no more than it does. */
  readonly why?: string;
  /** The samples [N, …] as the model takes them: an axis of size 1 may be missing, or all of them flattened. */
  samples(x: Tensor<"float32">): Tensor<"float32">;
  /** The class of each sample: the last word on every success. −1, which is no class, where the scores are no numbers. */
  labels(x: Tensor<"float32">): Promise<Int32Array>;
  release(): Promise<void>;
}

/** Tells a score for every class. */
export interface ScoreModel extends LabelModel {
  /** What the scores are, as measured: rows of probabilities, or anything else. */
  readonly output: "logits" | "probabilities";
  /** [N, classes], as the model gives them; of a one-output model the two classes' (0 and z, or 1 − p and p: log p − log(1 − p) is as fine as the file's p). */
  scores(x: Tensor<"float32">): Promise<Tensor<"float32">>;
}

/** A model of scores, with or without a gradient, whose scores are no probabilities: nothing saturates. */
export interface LogitModel extends ScoreModel {
  readonly output: "logits";
}

/** Can be read as a graph, and so differentiated and bounded. */
export interface GradientModel extends ScoreModel {
  readonly access: "gradient";
  /** The user's input → what `scores` gives, as a graph: preprocessing in front, nothing taken off. */
  readonly graph: Graph;
  /** The user's input → logits [N, classes]: preprocessing put in front, a last Softmax or Sigmoid taken off; of one number z, −z/2 and z/2. */
  readonly logits: Graph;
  /** Whether the file takes any batch size. */
  readonly dynamic: boolean;
  /** Largest difference between the file's scores and our graph's, measured on opening. */
  readonly graphError: number;
  /** What that difference may be, as a share of the largest score (of 1, where all are smaller). */
  readonly graphTolerance?: number;
  /** How the file's output was read: what was taken off its end for the attack. */
  readonly reading?: Reading;
}

/** What a file gives at best, told by `access`. */
export type AnyModel = GradientModel | (ScoreModel & { readonly access: "scores" }) | (LabelModel & { readonly access: "labels" });

/** The model type behind each level. */
export interface ModelOf {
  readonly labels: LabelModel;
  readonly scores: ScoreModel;
  readonly logits: LogitModel;
  readonly gradient: GradientModel;
}

/** Whether a model gives at least `wanted`. Logits are asked of the model's own scores. */
export const gives = (model: LabelModel, wanted: Access): boolean =>
  wanted === "logits"
    ? model.access !== "labels" && (model as ScoreModel).output === "logits"
    : ACCESS.indexOf(model.access) >= ACCESS.indexOf(wanted);
