import type { Regulariser } from "./regulariser.ts";

/**
 * Normal noise on all that the discriminator sees, of deviation σ that falls to 0 over training: densities that overlap have an optimal discriminator that is not sure.
 * Sønderby et al. 2016, arXiv:1610.04490; Arjovsky & Bottou 2017, arXiv:1701.04862.
 */
export const instanceNoise = (deviation = 0.1): Regulariser => ({
  name: "noise",
  view({ e, draw, progress }, x) {
    const left = e.Sub(e.scalar(1, progress), progress);
    return e.Add(x, e.Mul(draw({ kind: "normal" }, x.type.shape), e.Mul(left, e.scalar(deviation, x))));
  },
});
