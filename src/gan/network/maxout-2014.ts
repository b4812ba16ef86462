import { size } from "../../base/index.ts";
import { dense, dropout, flatten, maxout, relu, reshape, sequential, sigmoid, uniformInit, zeroBias } from "../../nn/index.ts";
import type { NetworkMaker } from "./networks.ts";

/**
 * The adversarial nets of Goodfellow et al. 2014 (arXiv:1406.2661) for MNIST, as in the published code: z ~ U(−√3, √3)¹⁰⁰; G 1200-1200 rectifiers, sigmoid out; D two maxout
 * layers of 240 units × 5 pieces with dropout (0.2 of the input, 0.5 of the units). Left out: output biases from the mean image.
 */
export const maxout2014: NetworkMaker = (shape) => {
  const wide = { init: uniformInit(0.05), bias: zeroBias };
  const narrow = { init: uniformInit(0.005), bias: zeroBias };
  return {
    latent: { size: 100, draw: { kind: "uniform", low: -Math.sqrt(3), high: Math.sqrt(3) } },
    generator: sequential(dense(1200, wide), relu(), dense(1200, wide), relu(), dense(size(shape), wide), sigmoid(), reshape(...shape)),
    discriminator: sequential(
      flatten(),
      dropout(0.2),
      maxout(240, 5, narrow),
      dropout(0.5),
      maxout(240, 5, narrow),
      dropout(0.5),
      dense(1, narrow),
    ),
    bounds: [0, 1],
  };
};
