/**
 * A search for one sample, written as if there were no other: a generator that asks about points and gets answers. Those of a batch run in step, so that
 * the model answers all of them at once; what one sample finds cannot depend on its company, and one that is finished asks no more.
 */
import { size, type Tensor } from "../base/index.ts";
import type { Batch } from "./attack.ts";
import { row } from "./iterate.ts";
import type { Loss } from "./loss.ts";
import type { GradientVictim } from "./victim.ts";

export interface Question {
  readonly point: Float32Array;
  /** Whose gradient is asked for; without, only the scores are. */
  readonly loss?: Loss;
  /** The loss's first class; default the sample's label. */
  readonly label?: number;
  /** The loss's second class. */
  readonly other?: number;
}

export interface Answer {
  /** [K] */
  readonly logits: Float32Array;
  /** How far the attack has won, in logits: max_{j≠y} z_j − z_y, or z_t − max_{j≠t} z_j for a target t. Above 0 it has. */
  readonly gain: number;
  /** NaN where only scores were asked for. */
  readonly loss: number;
  /** ∇ₓ of the loss; empty where only scores were asked for. */
  readonly gradient: Float32Array;
}

/** Asks any number of questions at a time; returns its candidate. */
export type Search<R = Float32Array> = Generator<readonly Question[], R, readonly Answer[]>;

function gainOf(logits: Float32Array, label: number, targeted: boolean): number {
  let rival = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < logits.length; j++) if (j !== label) rival = Math.max(rival, logits[j]!);
  return targeted ? logits[label]! - rival : rival - logits[label]!;
}

/** Run one search a sample to its end, and stack what they return. */
export async function searchEach(
  victim: GradientVictim,
  { x, labels }: Pick<Batch, "x" | "labels">,
  targeted: boolean,
  search: (x: Float32Array, label: number, i: number) => Search,
): Promise<Tensor<"float32">> {
  const found: Tensor<"float32"> = { ...x, data: x.data.slice() };
  const runs = Array.from(labels, (label, i) => search(row(x, i), label, i));
  let steps = runs.map((run) => run.next());
  for (;;) {
    const asked = steps.flatMap((step, owner) => (step.done ? [] : step.value.map((question, k) => ({ ...question, owner, k }))));
    steps.forEach((step, i) => {
      if (step.done) row(found, i).set(step.value);
    });
    if (asked.length === 0) return found;
    const answers = runs.map((): Answer[] => []);
    for (const loss of new Set(asked.map((q) => q.loss?.name))) {
      const group = asked.filter((q) => q.loss?.name === loss);
      const points: Tensor<"float32"> = { ...x, shape: [group.length, ...x.shape.slice(1)], data: stacked(group, size(x.shape.slice(1))) };
      const owners = group.map((q) => q.owner);
      const classes = group.map((q) => q.label ?? labels[q.owner]!);
      const told = group[0]!.loss
        ? await victim.slopes(
            group[0]!.loss,
            points,
            classes,
            group.map((q, r) => q.other ?? classes[r]!),
            owners,
          )
        : { logits: await victim.scores(points, owners), gradient: undefined, losses: undefined };
      group.forEach((q, r) => {
        const logits = row(told.logits, r);
        const gradient = told.gradient ? row(told.gradient, r) : new Float32Array();
        answers[q.owner]![q.k] = {
          logits,
          loss: told.losses?.[r] ?? Number.NaN,
          gradient,
          gain: gainOf(logits, labels[q.owner]!, targeted),
        };
      });
    }
    steps = steps.map((step, i) => (step.done ? step : runs[i]!.next(answers[i]!)));
  }
}

function stacked(group: readonly Question[], width: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(group.length * width);
  group.forEach((q, r) => {
    data.set(q.point, r * width);
  });
  return data;
}
