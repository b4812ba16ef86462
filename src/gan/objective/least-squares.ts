import type { Emit, Value } from "../../graph/index.ts";
import { type Objective, ofTerms } from "./objective.ts";

const halfSquare = (e: Emit, z: Value, from: number): Value => {
  const d = e.Sub(z, e.scalar(from, z));
  return e.Mul(e.Mul(d, d), e.scalar(0.5, z));
};

/** Least squares towards 1 for real and 0 for generated. Mao et al. 2016, arXiv:1611.04076, eq. 9. */
export const leastSquares = ({ smoothing = 0 }: { readonly smoothing?: number } = {}): Objective =>
  ofTerms(
    {
      name: "least-squares",
      real: (e, z) => halfSquare(e, z, 1),
      fake: (e, z) => halfSquare(e, z, 0),
      generator: (e, z) => halfSquare(e, z, 1),
      threshold: 0.5,
      optimum: "share",
    },
    smoothing,
  );
