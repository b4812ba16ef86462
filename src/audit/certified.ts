/** A certified lower bound beside the attack's upper bound, where the model can be bounded. */
import type { Data, Norm } from "../attack/index.ts";
import { take } from "../base/index.ts";
import { activations, type LabelModel } from "../model/index.ts";
import type { RunOptions } from "../run/index.ts";
import { certify, Prover } from "../verify/index.ts";
import type { CascadeResult } from "./cascade.ts";
import { differentiable } from "./checks/check.ts";

export interface Bounds {
  /** Of all samples; null where nothing was bounded. */
  readonly accuracy: number | null;
  /** How, or why not. */
  readonly how: string;
  readonly status: ReadonlyMap<number, "certified" | "falsified" | "unknown">;
}

/** Numbers between input and output beyond which a linear bound takes minutes a sample. */
const MOST_ACTIVATIONS = 40_000;

const NORMS = { linf: "L∞", l2: "L2", l1: "L1" } as const;

const nothing = (how: string): Bounds => ({ accuracy: null, how, status: new Map() });

interface BoundOptions extends RunOptions {
  readonly norm: Norm;
  readonly epsilon: number;
  readonly range: readonly [number, number];
  readonly seed: number;
  /** Whether inputs are constrained beyond the range. */
  readonly constrained: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (done: number, total: number) => void;
}

/** Bound what the cascade left; what it turned is falsified by its own counterexample. */
export async function certified(model: LabelModel, data: Data, result: CascadeResult, options: BoundOptions): Promise<Bounds> {
  const { norm, epsilon, range, seed, constrained, signal, onProgress, device, threads } = options;
  if (constrained) return nothing("not run: bounds know the data's range, and no other constraints");
  const ball = norm.name;
  if (ball === "l0") return nothing("not run: no bounds are known of L0 balls");
  if (!differentiable(model)) return nothing("not run: the model cannot be read as a graph");
  const numbers = activations(model.logits);
  if (numbers > MOST_ACTIVATIONS)
    return nothing(`not run: ${Math.round(numbers)} numbers between input and scores, more than ${MOST_ACTIVATIONS}`);
  const { unread } = new Prover(model);
  if (unread) return nothing(`not run: no bounds are known of ${unread}`);
  const left = result.samples.filter((s) => s.robust).map((s) => s.index);
  const status = new Map<number, "certified" | "falsified" | "unknown">();
  for (const s of result.samples) if (!s.robust) status.set(s.index, "falsified");
  if (left.length === 0) return { accuracy: 0, how: "every sample has a counterexample", status };
  const part = { x: take(data.x, left), labels: left.map((i) => data.labels[i]!) };
  const { samples } = await certify(model, part, { device, threads, epsilon, norm: ball, range, seed, steps: 0, signal, onProgress });
  for (const s of samples) status.set(left[s.index]!, s.status);
  const proven = samples.filter((s) => s.status === "certified").length;
  return {
    accuracy: proven / result.samples.length,
    how: `CROWN in float64, ${NORMS[ball]} ball cut to the data's range, on what the cascade left`,
    status,
  };
}
