/** Train a generator against a discriminator. */
import { fold, full, seedKey, type Tensor } from "../base/index.ts";
import { type Graph, input } from "../graph/index.ts";
import { apply, inferenceGraph, type Layer, type Tensors } from "../nn/index.ts";
import { builder, constant } from "../pass/index.ts";
import { compile, type RunOptions } from "../run/index.ts";
import {
  batcher,
  drawNoise,
  firstNonFinite,
  type LoopOptions,
  type LoopResult,
  loop,
  type Position,
  type Trainee,
} from "../train/index.ts";
import type { Pair } from "./models.ts";
import { GAN_METRICS, ganStep } from "./step.ts";

export interface GanOptions extends RunOptions, Omit<LoopOptions, "monitor" | "patience" | "onEpoch"> {
  readonly seed?: number;
  /** Samples drawn after every epoch, always from the same latent vectors; default 100. */
  readonly samples?: number;
  /** Epoch 0 is before training. Samples are [N, …shape of the data]. */
  readonly onSamples?: (epoch: number, samples: Tensor<"float32">) => Promise<void> | void;
  readonly onEpoch?: (epoch: number, metrics: Readonly<Record<string, number>>) => void;
}

export interface GanResult extends LoopResult {
  readonly generator: Tensors;
  /** Latent [N, z] → samples, ready to be written to a file. */
  readonly graph: Graph;
  readonly runtime: string;
}

/** Play the game on samples `x` [N, …] for `epochs`. */
export async function trainGan(pair: Pair, x: Tensor<"float32">, options: GanOptions): Promise<GanResult> {
  const { seed = 0, samples = 100, onSamples } = options;
  const { spec, generator } = pair;
  const root = seedKey(seed);
  const batches = batcher({ x, y: new Uint8Array(x.shape[0]!) }, spec.batch, fold(root, "order"));
  const step = await ganStep(pair, options);
  const feeds = ({ epoch, index, step: k }: Position) => [
    batches(epoch, index)[0],
    full([], spec.schedule(k)),
    ...drawNoise(fold(fold(root, "noise"), k), step.noise),
  ];
  const weights = (who: "generator" | "discriminator", layer: Layer): Tensors => {
    const now = new Map(step.program.read().map((t, i) => [step.names[i]!, t]));
    return Object.fromEntries([
      ...Object.keys(layer.params).map((k) => [k, now.get(`${who}/param/${k}`)!] as const),
      ...Object.keys(layer.buffers).map((k) => [k, now.get(`${who}/buffer/${k}`)!] as const),
    ]);
  };
  const latent = input("float32", [samples, spec.latent.size], "latent");
  const [fixed] = drawNoise(fold(root, "samples"), [{ value: latent, draw: spec.latent.draw }]);
  const show = async (epoch: number) =>
    onSamples?.(epoch, await sample(generator, weights("generator", generator), fixed as Tensor<"float32">, options));

  const trainee: Trainee = {
    stepsPerEpoch: Math.floor(x.shape[0]! / spec.batch),
    async steps(at) {
      const results = await step.program.steps(at.map(feeds));
      return results.map((out) => Object.fromEntries(GAN_METRICS.map((name, i) => [name, Number(out[i]!.data[0])])));
    },
    async evaluate(epoch) {
      await show(epoch + 1);
      return {};
    },
    tensors: () => Object.fromEntries(step.program.read().map((t, i) => [step.names[i]!, t])),
    restore: (tensors) => step.program.load(step.names.map((n) => tensors[n]!)),
    blame: (at) => firstNonFinite(step, at.map(feeds), options),
  };
  try {
    if (!options.resume) await show(0);
    const result = await loop(trainee, options);
    const trained = weights("generator", generator);
    return {
      ...result,
      generator: trained,
      graph: inferenceGraph(generator, trained, { inputName: "latent", outputName: "samples" }),
      runtime: step.program.runtime,
    };
  } finally {
    await step.program.release();
  }
}

/** Samples of a generator for latent vectors [N, z]. */
export async function sample(
  generator: Layer,
  weights: Tensors,
  latent: Tensor<"float32">,
  run: RunOptions = {},
): Promise<Tensor<"float32">> {
  const e = builder();
  const z = input("float32", latent.shape, "latent");
  const value = (k: string) => [k, constant(weights[k]!)] as const;
  const bound = { params: new Map(Object.keys(generator.params).map(value)), buffers: new Map(Object.keys(generator.buffers).map(value)) };
  const { output } = apply(e, generator, bound, z, { training: false });
  const program = await compile({ inputs: [z], outputs: [output] }, run);
  try {
    return (await program.run([latent]))[0] as Tensor<"float32">;
  } finally {
    await program.release();
  }
}
