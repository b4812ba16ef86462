import { size } from "../../base/index.ts";
import { classEmbedding, dense, flatten, leakyRelu, marked, relu, reshape, sequential } from "../../nn/index.ts";
import { conditionalHead, type NetworkMaker, together } from "./networks.ts";

/**
 * A 2-128-128 pair for points of the plane (or any small vectors), of plain layers: the size toy mixtures are learnt with. Conditional: an embedding beside z, a projection
 * discriminator.
 */
export const plane: NetworkMaker = (shape, { classes, width = 128, minibatch, auxiliary }) => ({
  latent: { size: 2, draw: { kind: "normal" } },
  generator: sequential(
    ...(classes === null ? [] : [classEmbedding(classes, 16)]),
    dense(width),
    relu(),
    dense(width),
    relu(),
    dense(size(shape)),
    reshape(...shape),
  ),
  discriminator: sequential(
    flatten(),
    dense(width),
    leakyRelu(0.2),
    dense(width),
    leakyRelu(0.2),
    marked("features"),
    ...together(minibatch),
    classes === null ? dense(1) : conditionalHead(classes, { auxiliary }),
  ),
  bounds: [-1, 1],
});
