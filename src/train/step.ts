/** One training step as one graph: forward, backward and update together. */
import type { Tensor } from "../base/index.ts";
import { type Emit, type Interval, input, type Value } from "../graph/index.ts";
import { apply, type Bound, bind, correct, crossEntropy, type Layer, mean, type Noise } from "../nn/index.ts";
import { applyTransform, ema, initialSlots, type Transform } from "../optim/index.ts";
import { builder, gradOf, intervals, remap } from "../pass/index.ts";
import { compileStep, type RunOptions, type State, type StepProgram, TRAINING } from "../run/index.ts";

/** What an adversary inside the training step is given. */
export interface Perturbed {
  readonly e: Emit;
  readonly x: Value;
  readonly labels: Value;
  /** Cross-entropy of each sample at other inputs, under the parameters of this step, [N]. */
  readonly lossAt: (x: Value) => Value;
  readonly noise: (draw: Noise["draw"], shape: readonly number[]) => Value;
}

/** Emit the inputs to train on instead of `x`. No gradient flows through it into the parameters. */
export type Adversary = (given: Perturbed) => Value;

/** What a loss over a whole box of inputs is given. */
export interface Enclosing {
  readonly e: Emit;
  readonly x: Value;
  readonly labels: Value;
  /** Cross-entropy of each sample as it is, [N]. */
  readonly clean: Value;
  /** Encloses the logits [N, classes] over boxes of inputs, under the parameters of this step. */
  readonly logitsWithin: (lo: Value, hi: Value) => Interval;
  /** From 0 at the first step to 1 at the last, a scalar. */
  readonly progress: Value;
}

/** Emit the loss of each sample, [N], that is trained on in place of the cross-entropy. The gradient flows through all of it. */
export type WorstCase = (given: Enclosing) => Value;

export interface StepOptions extends RunOptions {
  readonly layer: Layer;
  readonly batch: number;
  readonly transform: Transform;
  readonly adversary?: Adversary;
  /** Another loss than the cross-entropy at one point; not beside an adversary. */
  readonly worstCase?: WorstCase;
  /** α: weight of the loss on the clean inputs, (1 − α) being that of the adversary's. Goodfellow et al. 2014, arXiv:1412.6572, §6 has 0.5. Default 0. */
  readonly cleanShare?: number;
  /** Decay of an exponential moving average of the weights; none by default. */
  readonly ema?: number;
}

export interface ClassifierStep {
  readonly program: StepProgram;
  readonly noise: readonly Noise[];
  /** Names of the state tensors, in the program's order. */
  readonly names: readonly string[];
  /** The whole step as a graph, for finding where a NaN was born. */
  readonly graph: { readonly inputs: readonly Value[]; readonly outputs: readonly Value[] };
}

/** Inputs of the program: x [batch, …], labels int64 [batch], rate [], with a worst case the progress [], then the noise. Outputs: mean loss, number correct. */
export async function classifierStep({
  layer,
  batch,
  transform,
  adversary,
  worstCase,
  cleanShare = 0,
  ema: decay,
  ...run
}: StepOptions): Promise<ClassifierStep> {
  const e = builder();
  const x = input("float32", [batch, ...layer.inputShape], "x");
  const labels = input("int64", [batch], "labels");
  const rate = input("float32", [], "rate");
  const progress = input("float32", [], "progress");
  const noise: Noise[] = [];
  const draw = (how: Noise["draw"], shape: readonly number[]): Value => {
    const value = input("float32", shape, `noise${noise.length}`);
    noise.push({ value, draw: how });
    return value;
  };
  const bound = bind(layer);
  // the adversary sees the network as it trains: with the batch's own statistics and noise
  const lossAt = (z: Value): Value => {
    const applied = apply(e, layer, bound, z, { training: true });
    noise.push(...applied.noise);
    return crossEntropy(e, applied.output, labels);
  };

  const clean = input("float32", x.type.shape);
  const { output: logits, updates, noise: dropped } = apply(e, layer, bound, clean, { training: true });
  noise.push(...dropped);
  const pointwise = crossEntropy(e, logits, labels);
  const logitsWithin = (lo: Value, hi: Value): Interval => intervals(e, [logits], new Map([[clean, { lo, hi }]])).get(logits)!;
  const attacked = mean(e, worstCase ? worstCase({ e, x, labels, clean: pointwise, logitsWithin, progress }) : pointwise);
  // J̃ = αJ(x) + (1 − α)J(x')
  const share = (v: Value, weight: number) => e.Mul(v, e.scalar(weight, v));
  const loss = adversary && cleanShare > 0 ? e.Add(share(mean(e, lossAt(x)), cleanShare), share(attacked, 1 - cleanShare)) : attacked;
  const hits = correct(e, logits, labels);
  const gradients = (scale?: Value) => gradOf(e, loss, [...bound.params.values()], scale);

  const slots = initialSlots(transform, layer.params);
  const slotValues = new Map(Object.entries(slots).map(([name, t]) => [name, input(t.dtype, t.shape, `slot/${name}`)]));
  const next = applyTransform(e, transform, bound.params, gradients, slotValues, rate);
  const state: (State & { name: string })[] = [
    ...[...bound.params].map(([name, value]) => ({
      name: `param/${name}`,
      value,
      next: next.params.get(name)!,
      initial: layer.params[name]!,
    })),
    ...[...bound.buffers].map(([name, value]) => ({
      name: `buffer/${name}`,
      value,
      next: updates.get(name) ?? value,
      initial: layer.buffers[name]!,
    })),
    ...[...slotValues].map(([name, value]) => ({
      name: `slot/${name}`,
      value,
      next: next.state.get(name) ?? value,
      initial: slots[name]!,
    })),
    ...(decay === undefined ? [] : averages(e, layer, bound, next.params, decay)),
  ];
  // only now does the adversary's example take the place of the input: the gradient never saw it
  const seen = adversary ? adversary({ e, x, labels, lossAt, noise: draw }) : x;
  const wanted = [loss, hits, ...state.map((s) => s.next)];
  const map = remap(e, wanted, new Map([[clean, seen]]));
  const outputs = wanted.map((v) => map.get(v) ?? v);
  const inputs = [x, labels, rate, ...(worstCase ? [progress] : []), ...noise.map((n) => n.value)];
  const program = await compileStep(
    { inputs, outputs: outputs.slice(0, 2), state: state.map((s, i) => ({ ...s, next: outputs[i + 2]! })) },
    { ...TRAINING, ...run },
  );
  return { program, noise, names: state.map((s) => s.name), graph: { inputs: [...inputs, ...state.map((s) => s.value)], outputs } };
}

function averages(e: Emit, layer: Layer, bound: Bound, params: ReadonlyMap<string, Value>, decay: number) {
  return [...bound.params].map(([name]) => {
    const t: Tensor = layer.params[name]!;
    const value = input(t.dtype, t.shape, `ema/${name}`);
    return { name: `ema/${name}`, value, next: ema(e, value, params.get(name)!, decay), initial: t };
  });
}
