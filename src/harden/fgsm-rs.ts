import { sum } from "../nn/index.ts";
import { gradOf } from "../pass/index.ts";
import type { Adversary } from "../train/index.ts";
import { type Ball, inBall } from "./ball.ts";

/**
 * FGSM with a random start, in the training step. Wong, Rice & Kolter 2020, "Fast is better than free", arXiv:2001.03994,
 * Algorithm 3:  δ ~ U(−ε, ε);  δ ← Π(δ + α·sign ∇ J(x + δ));  train on x + δ. Norm: L∞.
 * @param relativeStep α/ε; 1.25 as in the paper
 */
export const fgsmRs =
  (ball: Ball, relativeStep = 1.25): Adversary =>
  ({ e, x, lossAt, noise }) => {
    const { epsilon } = ball;
    const start = e.Add(x, noise({ kind: "uniform", low: -epsilon, high: epsilon }, x.type.shape));
    const [g] = gradOf(e, sum(e, lossAt(start)), [start]);
    return inBall(e, x, e.Add(start, e.Mul(e.Sign(g!), e.scalar(epsilon * relativeStep, x))), ball);
  };
