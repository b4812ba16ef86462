import { logistic } from "../../nn/index.ts";
import { type Objective, ofTerms } from "./objective.ts";

/**
 * The game as it is played. Goodfellow et al. 2014, arXiv:1406.2661, §3: the discriminator's −log D(x) − log(1 − D(G(z))), and for the generator −log D(G(z)), which has the
 * same fixed point as the minimax game and a gradient where the generator loses.
 */
export const nonSaturating = ({ smoothing = 0 }: { readonly smoothing?: number } = {}): Objective =>
  ofTerms(
    {
      name: "non-saturating",
      real: (e, z) => logistic(e, z, true),
      fake: (e, z) => logistic(e, z, false),
      generator: (e, z) => logistic(e, z, true),
      threshold: 0,
      optimum: "log-odds",
    },
    smoothing,
  );
