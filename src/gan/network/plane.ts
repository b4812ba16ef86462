import { size } from "../../base/index.ts";
import { dense, flatten, leakyRelu, marked, relu, reshape, sequential } from "../../nn/index.ts";
import { type NetworkMaker, together } from "./networks.ts";

/** A 2-128-128 pair for points of the plane (or any small vectors), of plain layers: the size toy mixtures are learnt with. */
export const plane: NetworkMaker = (shape, { width = 128, minibatch }) => ({
  latent: { size: 2, draw: { kind: "normal" } },
  generator: sequential(dense(width), relu(), dense(width), relu(), dense(size(shape)), reshape(...shape)),
  discriminator: sequential(
    flatten(),
    dense(width),
    leakyRelu(0.2),
    dense(width),
    leakyRelu(0.2),
    marked("features"),
    ...together(minibatch),
    dense(1),
  ),
  bounds: [-1, 1],
});
