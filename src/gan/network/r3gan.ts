import { fold } from "../../base/index.ts";
import {
  averagePool,
  classEmbedding,
  conv,
  dense,
  flatten,
  type Initializer,
  type LayerSpec,
  leakyRelu,
  marked,
  normalInit,
  reshape,
  residual,
  sequential,
  upsample,
  zeroBias,
} from "../../nn/index.ts";
import { conditionalHead, type NetworkMaker, pyramid, together } from "./networks.ts";

/** N(0, gain²·2/(1 + 0.2²)/fan): He et al.'s, for leaky rectifiers. */
const scaled =
  (gain: number): Initializer =>
  (key, shape, fans) =>
    normalInit(gain * Math.sqrt(2 / (1.04 * fans.in)))(fold(key, "scaled"), shape, fans);

/**
 * A residual pair without any normalisation, after R3GAN. Huang et al. 2024, arXiv:2501.05441, §3 and appendix: blocks of (1×1, leaky, grouped 3×3, leaky, 1×1), the last convolution
 * starting at zero (Fix-up), doubling and halving between blocks, the same shape for both players.
 */
export const r3gan: NetworkMaker = (shape, { classes, minibatch, auxiliary, width = 64 }) => {
  const { channels, base, halvings } = pyramid("r3gan", shape);
  const blocks = 1;
  const depth = halvings * blocks;
  // Fix-up: each of a block's convolutions shares the weight of the depth
  const inner = { init: scaled(depth ** (-1 / 4)), bias: zeroBias };
  const hidden = 2 * width;
  const block = (): LayerSpec =>
    residual(
      sequential(
        conv(hidden, 1, inner),
        leakyRelu(0.2),
        conv(hidden, 3, { ...inner, pad: 1, group: Math.max(1, hidden / 16) }),
        leakyRelu(0.2),
        conv(width, 1, { init: normalInit(0), bias: false }),
      ),
    );
  const many = () => Array.from({ length: blocks }, block);
  const plain = { init: scaled(1), bias: zeroBias };
  return {
    latent: { size: 64, draw: { kind: "normal" } },
    generator: sequential(
      ...(classes === null ? [] : [classEmbedding(classes, 64)]),
      dense(width * base * base, plain),
      reshape(width, base, base),
      ...many(),
      ...Array.from({ length: halvings }, () => [upsample(), ...many()]).flat(),
      conv(channels, 1, plain),
    ),
    discriminator: sequential(
      conv(width, 1, plain),
      ...many(),
      ...Array.from({ length: halvings }, () => [averagePool(2), ...many()]).flat(),
      flatten(),
      marked("features"),
      ...together(minibatch),
      classes === null ? dense(1, plain) : conditionalHead(classes, { auxiliary }),
    ),
    bounds: [-1, 1],
  };
};
