import { crossEntropy, oneHot } from "../nn/index.ts";
import type { WorstCase } from "../train/index.ts";
import type { Ball } from "./ball.ts";

export interface IbpSchedule {
  /** Share of the training with ε = 0 and the clean loss alone; default 0.05. */
  readonly warmUp?: number;
  /** Share of the training by whose end ε has grown to its full size, and κ fallen; default 0.5. */
  readonly ramp?: number;
  /** Weight of the clean loss at the end; default 0.5. */
  readonly kappa?: number;
}

/**
 * Train on what interval bounds cannot rule out: κ·J(z) + (1 − κ)·J(ẑ), where ẑ has the label's least logit and all other classes' greatest over the
 * ball. ε grows and κ falls along the training. Gowal et al. 2018, arXiv:1810.12715, eqs. (11) and (12). Norm: L∞.
 */
export const ibpTraining =
  ({ epsilon, range = [0, 1] }: Ball, { warmUp = 0.05, ramp = 0.5, kappa = 0.5 }: IbpSchedule = {}): WorstCase =>
  ({ e, x, labels, clean, logitsWithin, progress }) => {
    const scalar = (v: number) => e.scalar(v, x);
    // 0 until the warm-up is over, 1 from the end of the ramp on
    const grown = e.Min(e.Max(e.Mul(e.Sub(progress, scalar(warmUp)), scalar(1 / Math.max(ramp - warmUp, 1e-6))), scalar(0)), scalar(1));
    const radius = e.Mul(grown, scalar(epsilon));
    const { lo, hi } = logitsWithin(e.Max(e.Sub(x, radius), scalar(range[0])), e.Min(e.Add(x, radius), scalar(range[1])));
    const own = oneHot(e, labels, lo);
    const worst = e.Add(hi, e.Mul(own, e.Sub(lo, hi)));
    const share = e.Mul(grown, scalar(1 - kappa));
    return e.Add(e.Mul(e.Sub(scalar(1), share), clean), e.Mul(share, crossEntropy(e, worst, labels)));
  };
