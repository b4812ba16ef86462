/** Generator and discriminator pairs, by name. */
import { fail, full, type Key, type Shape, size } from "../base/index.ts";
import {
  dense,
  dropout,
  flatten,
  type Layer,
  type LayerSpec,
  maxout,
  type Noise,
  postprocessed,
  preprocessed,
  relu,
  reshape,
  sequential,
  sigmoid,
  uniformInit,
  zeroBias,
} from "../nn/index.ts";
import { adam, constant, exponential, type Schedule, sgd, type Transform } from "../optim/index.ts";

export interface GanSpec {
  /** Latent vector of one sample. */
  readonly latent: { readonly size: number; readonly draw: Noise["draw"] };
  readonly generator: LayerSpec;
  /** One logit: real above 0. */
  readonly discriminator: LayerSpec;
  /** Whether the generator's samples lie in [0, 1], so that data of another range has to be scaled. */
  readonly bounded: boolean;
  readonly transform: Transform;
  readonly schedule: Schedule;
  readonly batch: number;
}

/**
 * The adversarial nets of Goodfellow et al. 2014 (arXiv:1406.2661) for MNIST, with the settings of the published code:
 * z ~ U(−√3, √3)¹⁰⁰; G 1200-1200 rectifiers, sigmoid out; D two maxout layers of 240 units × 5 pieces with dropout
 * (0.2 of the input, 0.5 of the units); SGD 0.1 decaying by 1.000004 a step, momentum 0.5; batch 100. Left out: the code's
 * output biases from the mean image, and the momentum's rise to 0.7 over 250 epochs.
 */
const mlp2014 = (shape: Shape): GanSpec => {
  const wide = { init: uniformInit(0.05), bias: zeroBias };
  const narrow = { init: uniformInit(0.005), bias: zeroBias };
  const pixels = size(shape);
  return {
    latent: { size: 100, draw: { kind: "uniform", low: -Math.sqrt(3), high: Math.sqrt(3) } },
    generator: sequential(dense(1200, wide), relu(), dense(1200, wide), relu(), dense(pixels, wide), sigmoid(), reshape(...shape)),
    discriminator: sequential(
      flatten(),
      dropout(0.2),
      maxout(240, 5, narrow),
      dropout(0.5),
      maxout(240, 5, narrow),
      dropout(0.5),
      dense(1, narrow),
    ),
    bounded: true,
    transform: sgd({ momentum: 0.5 }),
    schedule: exponential(0.1, 1 / 1.000004, 1e-6),
    batch: 100,
  };
};

/** A 2-128-128 pair for points of the plane (or any small vectors): the size toy mixtures are learnt with. */
const mlp2d = (shape: Shape): GanSpec => ({
  latent: { size: 2, draw: { kind: "normal" } },
  generator: sequential(dense(128), relu(), dense(128), relu(), dense(size(shape)), reshape(...shape)),
  discriminator: sequential(flatten(), dense(128), relu(), dense(128), relu(), dense(1)),
  bounded: false,
  transform: adam({ beta1: 0.5 }),
  schedule: constant(1e-3),
  batch: 512,
});

export const gans: Readonly<Record<string, (shape: Shape) => GanSpec>> = { mlp2014, mlp2d };

export interface Pair {
  readonly spec: GanSpec;
  readonly generator: Layer;
  readonly discriminator: Layer;
}

/** The pair called `name`, for samples of `shape` with values in `range`, initialised from `keys`. */
export function ganPair(
  name: string,
  shape: Shape,
  keys: { readonly generator: Key; readonly discriminator: Key },
  [low, high]: readonly [number, number] = [0, 1],
): Pair {
  const make = gans[name];
  if (!make)
    return fail({ code: "model-unknown", expected: `one of ${Object.keys(gans).join(", ")}`, got: name, mend: "choose one of those" });
  const spec = make(shape);
  const scaling = spec.bounded ? { shift: full([], low), scale: full([], high - low) } : { shift: full([], 0), scale: full([], 1) };
  return {
    spec,
    generator: postprocessed(spec.generator([spec.latent.size], keys.generator), scaling),
    discriminator: preprocessed(spec.discriminator(shape, keys.discriminator), scaling),
  };
}
