import { fail } from "../../base/index.ts";
import {
  averagePool,
  batchNorm,
  conditionalBatchNorm,
  conv,
  dense,
  globalSum,
  glorotUniform,
  type LayerSpec,
  marked,
  relu,
  reshape,
  residual,
  sequential,
  spectralNorm,
  tanh,
  upsample,
  zeroBias,
} from "../../nn/index.ts";
import { conditionalHead, type NetworkMaker, pyramid, together } from "./networks.ts";

/**
 * The residual pair of SNGAN. Miyato et al. 2018, arXiv:1802.05957, tables 3 and 4: G blocks of (normalise, rectify, double, 3×3, normalise, rectify, 3×3), D blocks of
 * (rectify, 3×3, rectify, 3×3, halve) under spectral norm, summed over pixels. Conditional: conditional batch normalisation and a projection discriminator (Miyato & Koyama 2018).
 */
export const sngan: NetworkMaker = (shape, { classes, minibatch, auxiliary, norm = "spectral", width = 64 }) => {
  const { channels, base, halvings } = pyramid("resnet", shape);
  if (norm === "batch")
    fail({
      code: "gan-network",
      expected: "spectral norm or none in the discriminator of resnet",
      got: "batch normalisation",
      mend: "choose one of those, or dcgan",
    });
  const options = { init: glorotUniform, bias: zeroBias };
  const restrained = (spec: LayerSpec) => (norm === "spectral" ? spectralNorm(spec) : spec);
  const three = (out: number) => conv(out, 3, { ...options, pad: 1 });
  const one = (out: number) => conv(out, 1, options);
  const normed = (): LayerSpec => (classes === null ? batchNorm() : conditionalBatchNorm(classes));
  const up = () =>
    residual(sequential(normed(), relu(), upsample(), three(width), normed(), relu(), three(width)), sequential(upsample(), one(width)));
  const [dThree, dOne] = [() => restrained(three(width)), () => restrained(one(width))];
  const first = residual(sequential(dThree(), relu(), dThree(), averagePool(2)), sequential(averagePool(2), dOne()));
  const down = () => residual(sequential(relu(), dThree(), relu(), dThree(), averagePool(2)), sequential(dOne(), averagePool(2)));
  const flat = () => residual(sequential(relu(), dThree(), relu(), dThree()));
  return {
    latent: { size: 128, draw: { kind: "normal" } },
    generator: sequential(
      dense(width * base * base, options),
      reshape(width, base, base),
      ...Array.from({ length: halvings }, up),
      batchNorm(),
      relu(),
      three(channels),
      tanh(),
    ),
    discriminator: sequential(
      first,
      ...Array.from({ length: halvings - 1 }, down),
      flat(),
      relu(),
      globalSum(),
      marked("features"),
      ...together(minibatch),
      classes === null ? restrained(dense(1, options)) : conditionalHead(classes, { auxiliary, norm }),
    ),
    bounds: [-1, 1],
  };
};
