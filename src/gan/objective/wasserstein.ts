import { type Objective, ofTerms } from "./objective.ts";

/**
 * The difference of means, which over 1-Lipschitz critics is the Wasserstein distance. Arjovsky, Chintala & Bottou 2017, arXiv:1701.07875. What keeps the critic
 * Lipschitz is a regulariser: `weightClip` (the paper's), `gradientPenalty` (WGAN-GP), spectral norm.
 */
export const wasserstein = (): Objective =>
  ofTerms({
    name: "wasserstein",
    real: (e, z) => e.Neg(z),
    fake: (_, z) => z,
    generator: (e, z) => e.Neg(z),
    threshold: null,
  });
