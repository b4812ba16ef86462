import type { Emit, Value } from "../../graph/index.ts";
import { logistic, mean } from "../../nn/index.ts";
import type { Objective } from "./objective.ts";

/** How much more real than the mean of the other kind. Jolicoeur-Martineau 2018, arXiv:1807.00734, eq. 5 (RaSGAN). */
const each = (e: Emit, higher: Value, lower: Value): Value =>
  e.Add(logistic(e, e.Sub(higher, mean(e, lower)), true), logistic(e, e.Sub(lower, mean(e, higher)), false));

export const relativisticAverage = (): Objective => ({
  name: "relativistic-average",
  threshold: null,
  optimum: null,
  separable: false,
  discriminator: (e, real, fake) => mean(e, each(e, real, fake)),
  generator: (e, fake, real) => each(e, fake, real),
});
