import { type Objective, ofTerms } from "./objective.ts";

/** max(0, 1 − D(x)) + max(0, 1 + D(G(z))); the generator's −D(G(z)). Lim & Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, eq. 17. */
export const hinge = ({ smoothing = 0 }: { readonly smoothing?: number } = {}): Objective =>
  ofTerms(
    {
      name: "hinge",
      real: (e, z) => e.Relu(e.Sub(e.scalar(1, z), z)),
      fake: (e, z) => e.Relu(e.Add(e.scalar(1, z), z)),
      generator: (e, z) => e.Neg(z),
      threshold: 0,
    },
    smoothing,
  );
