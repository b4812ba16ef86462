/** Train a generator against a discriminator. */
import { concatenate, fail, fold, full, seedKey, type Tensor } from "../base/index.ts";
import { type DataUnits, inUnits, type Pool } from "../data/index.ts";
import { type Layer, postprocessed, preprocessed } from "../nn/index.ts";
import { type RunOptions, STRIDE } from "../run/index.ts";
import {
  drawNoise,
  firstNonFinite,
  type LoopOptions,
  type LoopResult,
  type Position,
  type Progress,
  stepping,
  type Trainee,
} from "../train/index.ts";
import { batches } from "./batches.ts";
import type { Gan } from "./gan.ts";
import type { Network } from "./sample.ts";
import { type GanStep, ganStep } from "./step.ts";

export interface TrainGanOptions extends RunOptions, Pick<LoopOptions, "folder" | "resume" | "config" | "signal" | "onWarning"> {
  /** Moves of the generator. */
  readonly steps: number;
  /** Steps between looks at the samples, and between checkpoints; default `everyOf`: a pass over the data, from 100 to 1,000. */
  readonly every?: number;
  readonly seed?: number;
  /** State to begin with, of a run of the same networks and optimisers (`lastState`): after a divergence at a lower rate, or to go on after the end. */
  readonly from?: Readonly<Record<string, Tensor>>;
  /** After so many steps. What it returns joins the metrics. */
  readonly onLook?: (look: Look) => Promise<Readonly<Record<string, number>>>;
}

/** Steps between looks where nothing else is said. */
export const everyOf = ({ batch, critics }: Pick<Gan, "batch" | "critics">, { size }: Pick<Pool, "size">): number =>
  Math.min(1_000, Math.max(100, Math.floor(size / (batch * critics))));

/** Both networks at one moment. */
export interface Look {
  readonly step: number;
  readonly generator: Network;
  readonly discriminator: Network;
}

export interface GanProgress extends Progress {
  /** Both networks as they are now. */
  look(): Look;
}

export interface GanResult extends LoopResult {
  readonly generator: Network;
  readonly discriminator: Network;
  readonly runtime: string;
}

/**
 * Play the game on `data`, step by step. Stops early where nobody listens, or at `signal`; in a folder it can then be resumed, to the bit.
 * @throws gan-…, batch, diverged, interrupted, run-…
 */
export async function* trainGan(gan: Gan, data: Pool, options: TrainGanOptions): AsyncGenerator<GanProgress, GanResult> {
  const { seed = 0, steps, onLook } = options;
  if (gan.classes !== null && (data.classes === 0 || data.classes > gan.classes))
    fail({
      code: "gan-classes",
      expected: `labelled data of at most ${gan.classes} classes, for this conditional game`,
      got: data.classes === 0 ? `${data.name}, which has no labels` : `${data.classes} in ${data.name}`,
      mend: "make a game for these data, or one without classes",
    });
  const root = seedKey(seed);
  const every = options.every ?? everyOf(gan, data);
  const batch = batches(data, gan.batch, fold(root, "order"));
  // a run shorter than a stride never takes one
  const step = await ganStep(gan, options, steps < STRIDE ? 1 : STRIDE);
  if (options.from) step.program.load(sameState(step, options.from));
  const { generator: g, discriminator: d } = gan.optimisers;
  const feeds = ({ step: k }: Position): Tensor[] => [
    ...Array.from({ length: gan.critics }, (_, c) => batch(k * gan.critics + c)).flatMap(({ x, labels }) =>
      gan.classes === null ? [inUnits(x, gan.units)] : [inUnits(x, gan.units), labels],
    ),
    full([], g.schedule(k)),
    full([], d.schedule(k)),
    full([], Math.min(1, k / Math.max(steps - 1, 1))),
    ...drawNoise(fold(fold(root, "noise"), k), step.noise),
  ];
  const look = (k: number): Look => ({ step: k, ...networks(gan, step) });
  const trainee: Trainee = {
    stepsPerEpoch: every,
    async steps(at) {
      // when the folder is known to be ours
      if (at[0]!.step === 0) await onLook?.(look(0));
      const size = at.length === step.stride ? step.stride : 1;
      const results: Tensor[][] = [];
      // after a number that is none nothing else matters, and the state before it is still at hand
      const finite = () => results.every((out) => out.every((t) => Number.isFinite(Number(t.data[0]))));
      for (let k = 0; k < at.length && finite(); k += size) results.push(...(await step.program.steps(at.slice(k, k + size).map(feeds))));
      return results.map((out) => Object.fromEntries(step.metrics.map((name, i) => [name, Number(out[i]!.data[0])])));
    },
    evaluate: async (epoch) => (await onLook?.(look(Math.min((epoch + 1) * every, steps)))) ?? {},
    tensors: () => Object.fromEntries(step.program.read().map((t, i) => [step.names[i]!, t])),
    restore: (tensors) => step.program.load(step.names.map((n) => tensors[n]!)),
    blame: (at) => firstNonFinite(step, (step.stride === 1 ? at.slice(-1) : at).map(feeds), options),
  };
  try {
    const each = stepping(trainee, {
      ...options,
      epochs: Math.ceil(steps / every),
      steps,
      // where nothing knows of an end, a longer training begins with the same steps
      growing: gan.length === null && !step.timed ? ["steps"] : [],
    });
    try {
      for (;;) {
        const next = await each.next();
        if (next.done) return { ...next.value, ...networks(gan, step), runtime: step.program.runtime };
        yield { ...next.value, look: () => look(next.value.step + 1) };
      }
    } finally {
      await each.return(undefined as never);
    }
  } finally {
    await step.program.release();
  }
}

/** The tensors of `from` in the order of the program; refused where they are of other networks, or other optimisers. */
function sameState({ names, program }: GanStep, from: Readonly<Record<string, Tensor>>): Tensor[] {
  const shapes = new Map(program.read().map((t, i) => [names[i]!, `[${t.shape}]`]));
  const other = [...new Set([...names, ...Object.keys(from)])].find((n) => shapes.get(n) !== (from[n] && `[${from[n].shape}]`));
  if (other !== undefined)
    fail({
      code: "gan-from",
      expected: `the state of a game of the same networks and optimisers: ${other} ${shapes.get(other) ?? "absent"}`,
      got: from[other] ? `[${from[other].shape}]` : "none",
      mend: "give the options of networks, penalties and average that it had; rates, weights of penalties and steps are free",
    });
  return names.map((n) => from[n]!);
}

/** Of samples one after the other. */
function packed({ shift, scale }: DataUnits, pack: number): Pick<DataUnits, "shift" | "scale"> {
  const many = (t: Tensor<"float32">): Tensor<"float32"> => (t.shape.length === 0 ? t : concatenate(Array.from({ length: pack }, () => t)));
  return { shift: many(shift), scale: many(scale) };
}

/** Both networks with the weights of now, on data as they are. */
function networks(gan: Gan, step: GanStep): Pick<Look, "generator" | "discriminator"> {
  const { units, pack } = gan;
  const now = new Map(step.program.read().map((t, i) => [step.names[i]!, t]));
  const of = (who: "generator" | "discriminator", layer: Layer): Network => ({
    layer: units === null ? layer : who === "generator" ? postprocessed(layer, units) : preprocessed(layer, packed(units, pack)),
    classes: gan.classes,
    weights: Object.fromEntries(
      (["param", "buffer"] as const).flatMap((kind) =>
        Object.keys(kind === "param" ? layer.params : layer.buffers).map((k) => {
          const average = who === "generator" ? now.get(`ema/${k}`) : undefined;
          return [k, average ?? now.get(`${who}/${kind}/${k}`)!] as const;
        }),
      ),
    ),
  });
  return { generator: of("generator", gan.generator), discriminator: of("discriminator", gan.discriminator) };
}
