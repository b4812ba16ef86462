import { logistic, mean } from "../../nn/index.ts";
import type { Objective } from "./objective.ts";

/**
 * How much more real a real sample looks than a generated one: softplus(−(D(x) − D(G(z)))), pair by pair, and for the generator the opposite. Jolicoeur-Martineau 2018,
 * arXiv:1807.00734; with R1 and R2 it converges where others cycle (Huang et al. 2024, arXiv:2501.05441). The generator's loss is the non-saturating one.
 */
export const relativisticPaired = (): Objective => ({
  name: "relativistic-paired",
  threshold: null,
  optimum: "shifted-log-odds",
  separable: true,
  discriminator: (e, real, fake) => mean(e, logistic(e, e.Sub(real, fake), true)),
  generator: (e, fake, real) => logistic(e, e.Sub(fake, real), true),
});
