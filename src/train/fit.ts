/** Train a classifier. */
import { fail, fold, full, type Key, permutation, seedKey, size, type Tensor } from "../base/index.ts";
import type { Graph } from "../graph/index.ts";
import { inferenceGraph, type Layer, type Tensors } from "../nn/index.ts";
import { adam, cyclic, type Schedule, type Transform } from "../optim/index.ts";
import { type RunOptions, STRIDE } from "../run/index.ts";
import { firstNonFinite } from "./blame.ts";
import { evaluator } from "./evaluate.ts";
import { type LoopOptions, type LoopResult, loop, type Position, type Trainee } from "./loop.ts";
import { drawNoise } from "./noise.ts";
import { type Adversary, type ClassifierStep, classifierStep, type WorstCase } from "./step.ts";

export interface Labelled {
  readonly x: Tensor<"float32">;
  /** Class of each sample. */
  readonly y: ArrayLike<number>;
}

export interface FitOptions extends RunOptions, Omit<LoopOptions, "monitor"> {
  /** Default 128; the last short batch of an epoch is left out. */
  readonly batch?: number;
  readonly seed?: number;
  /** Default Adam. */
  readonly transform?: Transform;
  /** Default: one cycle up to 0.003 over the whole training. */
  readonly schedule?: Schedule;
  /** Trains on its examples instead of the clean ones. */
  readonly adversary?: Adversary;
  /** Trains on this loss over a box around each sample, instead of on one point of it. */
  readonly worstCase?: WorstCase;
  /** α: weight of the loss on the clean inputs beside the adversary's; default 0. */
  readonly cleanShare?: number;
  /** Decay of an average of the weights that is evaluated and exported in their place. */
  readonly ema?: number;
}

export interface FitResult extends LoopResult {
  /** Of the best epoch on the validation set where there is one, else of the last. */
  readonly weights: Tensors;
  /** The trained network, ready to be written to a file. */
  readonly graph: Graph;
  readonly runtime: string;
}

/** Train `layer` on `train`; `validation` (may be empty) picks the best epoch. */
export async function fit(layer: Layer, train: Labelled, validation: Labelled, options: FitOptions): Promise<FitResult> {
  const { batch = 128, seed = 0, transform = adam(), adversary, worstCase, cleanShare, ema, epochs } = options;
  const stepsPerEpoch = Math.floor(train.y.length / batch);
  const schedule = options.schedule ?? cyclic(3e-3, epochs * stepsPerEpoch, 0.4);
  const root = seedKey(seed);
  const batches = batcher(train, batch, fold(root, "order"));
  const step = await classifierStep({
    layer,
    batch,
    transform,
    adversary,
    worstCase,
    cleanShare,
    ema,
    device: options.device,
    threads: options.threads,
  });
  const judge = await evaluator(layer, options);
  const feeds = ({ epoch, index, step: k }: Position) => [
    ...batches(epoch, index),
    full([], schedule(k)),
    ...(worstCase ? [full([], k / Math.max(epochs * stepsPerEpoch - 1, 1))] : []),
    ...drawNoise(fold(fold(root, "noise"), k), step.noise),
  ];
  const state = () => {
    const now = step.program.read();
    return Object.fromEntries(step.names.map((name, i) => [name, now[i]!]));
  };
  let best: Tensors | null = null;

  const trainee: Trainee = {
    stepsPerEpoch,
    async steps(at) {
      const results = await step.program.steps(at.map(feeds));
      return results.map(([loss, hits], k) => ({
        "train/loss": Number(loss!.data[0]),
        "train/accuracy": Number(hits!.data[0]) / batch,
        "train/rate": schedule(at[k]!.step),
      }));
    },
    async evaluate(): Promise<Record<string, number>> {
      if (validation.y.length === 0) return {};
      const { loss, accuracy } = await judge.score(exported(layer, step, ema !== undefined), validation);
      return { "validation/loss": loss, "validation/accuracy": accuracy };
    },
    keep() {
      best = exported(layer, step, ema !== undefined);
    },
    tensors: () => ({ ...state(), ...Object.fromEntries(Object.entries(best ?? {}).map(([k, t]) => [`best/${k}`, t])) }),
    restore(tensors) {
      step.program.load(step.names.map((n) => tensors[n]!));
      const kept = Object.entries(tensors).filter(([k]) => k.startsWith("best/"));
      if (kept.length > 0) best = Object.fromEntries(kept.map(([k, t]) => [k.slice("best/".length), t]));
    },
    blame: (at) => firstNonFinite(step, at.map(feeds), options),
  };
  try {
    // the accuracy at points would choose an epoch before the worst case counted
    const result = await loop(trainee, { ...options, monitor: worstCase ? undefined : "validation/accuracy" });
    const weights = best ?? exported(layer, step, ema !== undefined);
    return { ...result, weights, graph: inferenceGraph(layer, weights), runtime: step.program.runtime };
  } finally {
    await step.program.release();
    await judge.release();
  }
}

/** The weights a file gets: averaged ones where they are kept. */
function exported(layer: Layer, step: ClassifierStep, averaged: boolean): Tensors {
  const now = new Map(step.program.read().map((t, i) => [step.names[i]!, t]));
  const pick = (name: string) => (averaged ? now.get(`ema/${name}`) : undefined) ?? now.get(`param/${name}`)!;
  return {
    ...Object.fromEntries(Object.keys(layer.params).map((k) => [k, pick(k)])),
    ...Object.fromEntries(Object.keys(layer.buffers).map((k) => [k, now.get(`buffer/${k}`)!])),
  };
}

/** Batches by epoch and index, in an order that is a function of the key alone. */
export function batcher(
  { x, y }: Labelled,
  batch: number,
  key: Key,
): (epoch: number, index: number) => [Tensor<"float32">, Tensor<"int64">] {
  if (y.length < batch)
    fail({
      code: "batch",
      expected: `a batch of at most ${y.length}, the training samples there are`,
      got: `${batch}`,
      mend: "take a smaller batch, or more samples",
    });
  let order = new Uint32Array();
  let of = -1;
  const width = size(x.shape.slice(1));
  // as many batches as are in use at once
  const ring = Array.from({ length: STRIDE }, () => ({
    images: { dtype: "float32" as const, shape: [batch, ...x.shape.slice(1)], data: new Float32Array(batch * width) },
    labels: { dtype: "int64" as const, shape: [batch], data: new BigInt64Array(batch) },
  }));
  return (epoch, index) => {
    const { images, labels } = ring[index % STRIDE]!;
    if (of !== epoch) [order, of] = [permutation(fold(key, epoch), y.length) as Uint32Array<ArrayBuffer>, epoch];
    for (let i = 0; i < batch; i++) {
      const k = order[index * batch + i]!;
      images.data.set(x.data.subarray(k * width, (k + 1) * width), i * width);
      labels.data[i] = BigInt(y[k]!);
    }
    return [images, labels];
  };
}
