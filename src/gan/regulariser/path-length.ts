import { full, size } from "../../base/index.ts";
import { mean, sum } from "../../nn/index.ts";
import { ema } from "../../optim/index.ts";
import { gradOf } from "../../pass/index.ts";
import { squares } from "../play.ts";
import type { Regulariser } from "./regulariser.ts";

/**
 * Steps of the latent vector should move samples by as much everywhere: w·E(‖Jᵀy‖ − a)², y normal over √(features), a the running mean of ‖Jᵀy‖. Karras et al.
 * 2019, arXiv:1912.04958, eq. 4, with the latent in the place of their w.
 */
export const pathLength = (weight = 2, decay = 0.99): Regulariser => ({
  name: "path",
  perBatch: true,
  generator({ e, fake, latent, draw, keep }) {
    const [n, ...rest] = fake.type.shape as [number, ...number[]];
    const y = e.Mul(draw({ kind: "normal" }, fake.type.shape), e.scalar(1 / Math.sqrt(size(rest)), fake));
    const [back] = gradOf(e, sum(e, e.Mul(fake, y)), [latent]);
    const length = e.Sqrt(e.Add(squares(e, back!, n), e.scalar(1e-12, fake)));
    const kept = keep("length", full([], 0));
    const a = ema(e, kept.value, mean(e, length), decay);
    kept.set(a);
    // the average counts as a constant: only its past is taken
    const d = e.Sub(length, kept.value);
    return e.Mul(mean(e, e.Mul(d, d)), e.scalar(weight, d));
  },
});
