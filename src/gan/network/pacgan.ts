import { size } from "../../base/index.ts";
import { batchNorm, dense, flatten, marked, maxout, normalInit, relu, reshape, sequential, zeroBias } from "../../nn/index.ts";
import { type NetworkMaker, together } from "./networks.ts";

/**
 * The networks of PacGAN's mixtures. Lin et al. 2018, arXiv:1712.04086, §4.1, and its code: z ~ N(0, I₂); G four layers of 400 (no bias, batch normalisation, rectifier) and a
 * linear one; D three maxout layers of 200 units × 5 pieces; weights N(0, 0.02²).
 */
export const pacgan: NetworkMaker = (shape, { minibatch }) => {
  const init = normalInit(0.02);
  const layer = () => [dense(400, { init, bias: false }), batchNorm(), relu()];
  const unit = () => maxout(200, 5, { init, bias: zeroBias });
  return {
    latent: { size: 2, draw: { kind: "normal" } },
    generator: sequential(...layer(), ...layer(), ...layer(), ...layer(), dense(size(shape), { init, bias: zeroBias }), reshape(...shape)),
    discriminator: sequential(
      flatten(),
      unit(),
      unit(),
      unit(),
      marked("features"),
      ...together(minibatch),
      dense(1, { init, bias: zeroBias }),
    ),
    bounds: null,
  };
};
