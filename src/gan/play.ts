/** What a step of the game has at hand, for objectives and regularisers to build on. */
import type { Tensor } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import type { Noise } from "../nn/index.ts";
import { sum } from "../nn/index.ts";
import { gradOf } from "../pass/index.ts";

/** Something that is kept from step to step. */
export interface Kept {
  readonly value: Value;
  set(next: Value): void;
}

export interface Play {
  readonly e: Emit;
  /** Samples of the data, [N, …]. */
  readonly real: Value;
  /** Samples of the generator, [N, …]. */
  readonly fake: Value;
  /** What the generator made `fake` of, [N, z]. */
  readonly latent: Value;
  /**
   * The discriminator's logits of samples [N, …], in training, with the parameters of this move: [M, 1], M = N/pack. The same samples get the same logits.
   */
  critic(x: Value): Value;
  /** What the discriminator calls its features of samples [N, …], [M, d]; null where it names none. */
  features(x: Value): Value | null;
  /** Which class the discriminator says samples [N, …] are of, logits [M, classes]; null where it says none. */
  classLogits(x: Value): Value | null;
  /** Of a conditional game the class of each sample, real and generated alike, as 0 and 1: [N, classes]. */
  readonly classes: Value | undefined;
  /** Fresh randomness at each step. */
  draw(how: Noise["draw"], shape: readonly number[]): Value;
  keep(name: string, initial: Tensor): Kept;
  /** From 0 at the first step to 1 at the last, []. */
  readonly progress: Value;
}

/** ∇ₓ Σ critic(x) at samples [N, …]: each sample's own gradient, where the discriminator does not couple them. */
export const slope = ({ e, critic }: Play, x: Value): Value => gradOf(e, sum(e, critic(x)), [x])[0]!;

/** Σ of squares of each packed sample, [M]. */
export function squares(e: Emit, v: Value, packs: number): Value {
  const flat = e.Reshape(v, e.ints([packs, -1]));
  return e.ReduceSum(e.Mul(flat, flat), e.ints([1]), { keepdims: 0 });
}

/** Points between real and generated samples, a share of the way for each: x + t(x̃ − x), t uniform. */
export function between({ e, real, fake, draw }: Play): Value {
  const [n, ...rest] = real.type.shape as [number, ...number[]];
  const t = draw({ kind: "uniform", low: 0, high: 1 }, [n, ...rest.map(() => 1)]);
  return e.Add(real, e.Mul(t, e.Sub(fake, real)));
}
