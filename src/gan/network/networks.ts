/** Pairs of networks, by name. What they are trained with is the recipe's. */
import { fail, full, type Key, type Shape } from "../../base/index.ts";
import {
  auxiliary,
  type Layer,
  type LayerSpec,
  minibatchDiscrimination,
  minibatchStddev,
  postprocessed,
  preprocessed,
  projection,
  spectralNorm,
} from "../../nn/index.ts";
import { type Latent, packedShape } from "../gan.ts";

/** How a discriminator keeps its layers in bounds: `batch` couples samples, which penalties on each sample's gradient do not allow. */
export type DiscriminatorNorm = "batch" | "spectral" | "none";

/** The end of a conditional discriminator, of features [d]; under spectral norm what tells the class is so as well (Miyato & Koyama 2018). */
export function conditionalHead(classes: number, { auxiliary: says, norm }: Pick<NetworkOptions, "auxiliary" | "norm">): LayerSpec {
  const head = says ? auxiliary(classes) : projection(classes);
  return norm === "spectral" ? spectralNorm(head, ["weight", says ? "classes.weight" : "embedding"]) : head;
}

/** What a discriminator may see of how samples of a batch differ, beside its features. */
export type Minibatch = "stddev" | "discrimination";

/** The layer that shows it, of features [d]. */
export const together = (how: Minibatch | undefined): LayerSpec[] =>
  how === undefined ? [] : [how === "stddev" ? minibatchStddev() : minibatchDiscrimination()];

export interface NetworkOptions {
  /** Classes of a conditional pair; null without. */
  readonly classes: number | null;
  /** Of the discriminator; each pair has its own default. */
  readonly norm?: DiscriminatorNorm;
  /** A conditional discriminator says the class itself, instead of being told it. */
  readonly auxiliary?: boolean;
  /** It couples samples of a batch; default none. */
  readonly minibatch?: Minibatch;
  /** Channels of the widest layer, where the pair has a choice. */
  readonly width?: number;
}

export interface Networks {
  readonly latent: Latent;
  readonly generator: LayerSpec;
  /** Of packed samples. */
  readonly discriminator: LayerSpec;
  /** What the data's range becomes before the discriminator sees it, and the generator's values are scaled back from; null: they are as they are. */
  readonly bounds: readonly [number, number] | null;
}

/** Networks for samples of a shape. */
export type NetworkMaker = (shape: Shape, options: NetworkOptions) => Networks;

export interface Pair {
  readonly latent: Latent;
  readonly generator: Layer;
  readonly discriminator: Layer;
}

/** Initialised for data of `shape` with values in `range`. */
export function pairOf(
  make: NetworkMaker,
  shape: Shape,
  range: readonly [number, number],
  keys: { readonly generator: Key; readonly discriminator: Key },
  { pack = 1, ...options }: NetworkOptions & { readonly pack?: number },
): Pair {
  const { latent, generator, discriminator, bounds } = make(shape, options);
  const [low, high] = bounds ?? [0, 1];
  const stretch = bounds === null ? 1 : (range[1] - range[0]) / (high - low);
  const scaling = { shift: full([], bounds === null ? 0 : range[0] - low * stretch), scale: full([], stretch) };
  return {
    latent,
    generator: postprocessed(generator([latent.size], keys.generator), scaling),
    discriminator: preprocessed(discriminator(packedShape(shape, pack), keys.discriminator), scaling),
  };
}

/** The side of square pictures as base·2^halvings with 4 ≤ base ≤ 7. */
export function pyramid(network: string, shape: Shape): { readonly channels: number; readonly base: number; readonly halvings: number } {
  const [channels, height, width] = shape as [number, number, number];
  let [base, halvings] = [height, 0];
  while (base > 7 && base % 2 === 0) [base, halvings] = [base / 2, halvings + 1];
  if (shape.length !== 3 || height !== width || base < 4 || base > 7 || halvings < 1 || height > 128)
    fail({
      code: "gan-resolution",
      expected: `square pictures for ${network}, of 8, 16, 32, 64 or 128 pixels a side (or another 4…7 · 2ᵏ up to 128, as 28)`,
      got: `[${shape}]`,
      mend:
        width === 1 || width === 3
          ? "put their channels first: x.transpose(0, 3, 1, 2)"
          : "resize them (a folder's by --resolution 32), or choose networks for vectors",
    });
  return { channels, base, halvings };
}
