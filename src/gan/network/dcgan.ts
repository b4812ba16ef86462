import {
  batchNorm,
  classEmbedding,
  conditionalBatchNorm,
  conv,
  convTranspose,
  dense,
  flatten,
  type LayerSpec,
  leakyRelu,
  marked,
  normalInit,
  relu,
  reshape,
  sequential,
  spectralNorm,
  tanh,
  zeroBias,
} from "../../nn/index.ts";
import { conditionalHead, type NetworkMaker, pyramid, together } from "./networks.ts";

/**
 * DCGAN. Radford, Metz & Chintala 2015, arXiv:1511.06434: strided convolutions (4×4) both ways, batch normalisation (not at D's input and G's output), rectifiers in G, leaky ones in D,
 * tanh out, weights N(0, 0.02²). Conditional: an embedding beside z, conditional batch normalisation, a projection discriminator.
 */
export const dcgan: NetworkMaker = (shape, { classes, minibatch, auxiliary, norm = "batch", width = 64 }) => {
  const { channels, base, halvings } = pyramid("dcgan", shape);
  const init = normalInit(0.02);
  const wide = (k: number) => width * 2 ** k;
  const step = { stride: 2, pad: 1, init };
  const normed = (): LayerSpec => (classes === null ? batchNorm() : conditionalBatchNorm(classes));
  const up = Array.from({ length: halvings - 1 }, (_, i) => [
    convTranspose(wide(halvings - 2 - i), 4, { ...step, bias: false }),
    normed(),
    relu(),
  ]).flat();
  const restrained = (spec: LayerSpec) => (norm === "spectral" ? spectralNorm(spec) : spec);
  const down = Array.from({ length: halvings }, (_, i) => [
    restrained(conv(wide(i), 4, { ...step, bias: norm === "batch" && i > 0 ? false : zeroBias })),
    ...(norm === "batch" && i > 0 ? [batchNorm()] : []),
    leakyRelu(0.2),
  ]).flat();
  const top = wide(halvings - 1);
  return {
    latent: { size: 100, draw: { kind: "normal" } },
    generator: sequential(
      ...(classes === null ? [] : [classEmbedding(classes, 50)]),
      dense(top * base * base, { init, bias: false }),
      reshape(top, base, base),
      normed(),
      relu(),
      ...up,
      convTranspose(channels, 4, { ...step, bias: zeroBias }),
      tanh(),
    ),
    discriminator: sequential(
      ...down,
      flatten(),
      marked("features"),
      ...together(minibatch),
      classes === null ? restrained(dense(1, { init, bias: zeroBias })) : conditionalHead(classes, { auxiliary, norm }),
    ),
    bounds: [-1, 1],
  };
};
