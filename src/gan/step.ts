/** One step of the two-player game as one graph. */
import type { Tensor } from "../base/index.ts";
import { type Emit, input, type Value } from "../graph/index.ts";
import { type Applied, apply, type Bound, bind, type Layer, logistic, mean, type Noise } from "../nn/index.ts";
import { applyTransform, initialSlots, type Transform } from "../optim/index.ts";
import { builder, gradOf } from "../pass/index.ts";
import { compileStep, type RunOptions, type State, type StepProgram, TRAINING } from "../run/index.ts";
import type { Pair } from "./models.ts";

export interface GanStep {
  readonly program: StepProgram;
  readonly noise: readonly Noise[];
  /** Names of the state tensors, in the program's order: `generator/param/0.weight`, … */
  readonly names: readonly string[];
  /** The whole step as a graph, for finding where a NaN was born. */
  readonly graph: { readonly inputs: readonly Value[]; readonly outputs: readonly Value[] };
}

/** What the program puts out, in order. */
export const GAN_METRICS = ["discriminator/loss", "generator/loss", "discriminator/accuracy-real", "discriminator/accuracy-fake"] as const;

/**
 * Both players move at the same time, from the same parameters, as the 2014 code does. Discriminator: ½(−log D(x) −
 * log(1 − D(G(z)))). Generator: −log D(G(z)), the non-saturating loss (arXiv:1406.2661, §3).
 * Inputs of the program: real [batch, …], rate [], then the noise.
 */
export async function ganStep({ spec, generator, discriminator }: Pair, run: RunOptions = {}): Promise<GanStep> {
  const e = builder();
  const real = input("float32", [spec.batch, ...discriminator.inputShape], "real");
  const rate = input("float32", [], "rate");
  const latent = input("float32", [spec.batch, spec.latent.size], "latent");
  const g = bind(generator, "generator/");
  const d = bind(discriminator, "discriminator/");
  const fake = apply(e, generator, g, latent, { training: true });
  const onReal = apply(e, discriminator, d, real, { training: true });
  const onFake = apply(e, discriminator, d, fake.output, { training: true });

  const half = e.scalar(0.5, real);
  const dLoss = e.Mul(half, e.Add(mean(e, logistic(e, onReal.output, true)), mean(e, logistic(e, onFake.output, false))));
  const gLoss = mean(e, logistic(e, onFake.output, true));
  const share = (hit: Value) => mean(e, e.Where(hit, e.scalar(1, real), e.scalar(0, real)));
  const metrics = [dLoss, gLoss, share(e.Greater(onReal.output, e.scalar(0, real))), share(e.Less(onFake.output, e.scalar(0, real)))];

  const noise: Noise[] = [{ value: latent, draw: spec.latent.draw }, ...fake.noise, ...onReal.noise, ...onFake.noise];
  const state = [
    ...player(e, "generator", generator, g, gLoss, spec.transform, rate, [fake]),
    ...player(e, "discriminator", discriminator, d, dLoss, spec.transform, rate, [onReal, onFake]),
  ];
  const inputs = [real, rate, ...noise.map((n) => n.value)];
  const program = await compileStep({ inputs, outputs: metrics, state }, { ...TRAINING, ...run });
  const graph = { inputs: [...inputs, ...state.map((s) => s.value)], outputs: [...metrics, ...state.map((s) => s.next)] };
  return { program, noise, names: state.map((s) => s.name), graph };
}

/** The state of one player and what one step makes of it. */
function player(
  e: Emit,
  who: string,
  layer: Layer,
  bound: Bound,
  loss: Value,
  transform: Transform,
  rate: Value,
  passes: readonly Applied[],
): (State & { name: string })[] {
  const slots = initialSlots(transform, layer.params);
  const slotValues = new Map(Object.entries(slots).map(([name, t]) => [name, input(t.dtype, t.shape, `${who}/slot/${name}`)]));
  const gradients = (scale?: Value) => gradOf(e, loss, [...bound.params.values()], scale);
  const next = applyTransform(e, transform, bound.params, gradients, slotValues, rate);
  const one = (kind: string, name: string, value: Value, then: Value | undefined, initial: Tensor) => ({
    name: `${who}/${kind}/${name}`,
    value,
    next: then ?? value,
    initial,
  });
  return [
    ...[...bound.params].map(([n, v]) => one("param", n, v, next.params.get(n), layer.params[n]!)),
    ...[...bound.buffers].map(([n, v]) => one("buffer", n, v, passes.map((p) => p.updates.get(n)).find(Boolean), layer.buffers[n]!)),
    ...[...slotValues].map(([n, v]) => one("slot", n, v, next.state.get(n), slots[n]!)),
  ];
}
