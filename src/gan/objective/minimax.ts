import { logistic } from "../../nn/index.ts";
import { type Objective, ofTerms } from "./objective.ts";

/** The zero-sum game. Goodfellow et al. 2014, arXiv:1406.2661, eq. 1: the generator makes log(1 − D(G(z))) small, which is flat where D is sure (it saturates). */
export const minimax = ({ smoothing = 0 }: { readonly smoothing?: number } = {}): Objective =>
  ofTerms(
    {
      name: "minimax",
      real: (e, z) => logistic(e, z, true),
      fake: (e, z) => logistic(e, z, false),
      generator: (e, z) => e.Neg(logistic(e, z, false)),
      threshold: 0,
      optimum: "log-odds",
    },
    smoothing,
  );
