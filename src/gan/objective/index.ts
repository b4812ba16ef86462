import { hinge } from "./hinge.ts";
import { leastSquares } from "./least-squares.ts";
import { minimax } from "./minimax.ts";
import { nonSaturating } from "./non-saturating.ts";
import type { Objective } from "./objective.ts";
import { relativisticAverage } from "./relativistic-average.ts";
import { relativisticPaired } from "./relativistic-paired.ts";
import { wasserstein } from "./wasserstein.ts";

/** By the names of the command line. Those that are judged sample by sample can be smoothed. */
export const objectives = {
  minimax,
  "non-saturating": nonSaturating,
  "least-squares": leastSquares,
  hinge,
  wasserstein,
  "relativistic-paired": relativisticPaired,
  "relativistic-average": relativisticAverage,
} as const satisfies Record<string, (options?: { readonly smoothing?: number }) => Objective>;

export type ObjectiveName = keyof typeof objectives;

export { type Objective, OPTIMA, type Optimum, ofTerms, type Term, type Terms } from "./objective.ts";
export { hinge, leastSquares, minimax, nonSaturating, relativisticAverage, relativisticPaired, wasserstein };
