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

/** Numbers of all the points that are asked about together, where each sample asks about ten: their gradients are held at the same time (256 MiB). */
const TOGETHER = 2 ** 26 / 10;

/** Run one search a sample to its end, and stack what they return. */
export async function searchEach(
  victim: GradientVictim,
  { x, labels }: Pick<Batch, "x" | "labels">,
  targeted: boolean,
  search: (x: Float32Array, label: number, i: number) => Search,
): Promise<Tensor<"float32">> {
  const found: Tensor<"float32"> = { ...x, data: x.data.slice() };
  const n = labels.length;
  const together = Math.max(1, Math.floor(TOGETHER / size(x.shape.slice(1))));
  for (let at = 0; at < n; at += together) {
    const some = Array.from({ length: Math.min(together, n - at) }, (_, k) => at + k);
    await inStep(victim, found, labels, targeted, some, (i) => search(row(x, i), labels[i]!, i));
  }
  return found;
}

/** The searches of `some` samples, a question each at a time. */
async function inStep(
  victim: GradientVictim,
  found: Tensor<"float32">,
  labels: Batch["labels"],
  targeted: boolean,
  some: readonly number[],
  search: (i: number) => Search,
): Promise<void> {
  const runs = some.map(search);
  let steps = runs.map((run) => run.next());
  for (;;) {
    const asked = steps.flatMap((step, owner) => (step.done ? [] : step.value.map((question, k) => ({ ...question, owner, k }))));
    steps.forEach((step, k) => {
      if (step.done) row(found, some[k]!).set(step.value);
    });
    if (asked.length === 0) return;
    const answers = runs.map((): Answer[] => []);
    for (const loss of new Set(asked.map((q) => q.loss?.name))) {
      const group = asked.filter((q) => q.loss?.name === loss);
      const shape = found.shape.slice(1);
      const points: Tensor<"float32"> = { dtype: "float32", shape: [group.length, ...shape], data: stacked(group, size(shape)) };
      const owners = group.map((q) => some[q.owner]!);
      const classes = group.map((q) => q.label ?? labels[some[q.owner]!]!);
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
          gain: gainOf(logits, labels[some[q.owner]!]!, targeted),
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
