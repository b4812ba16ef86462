import type { Value } from "../graph/index.ts";
import { sum } from "../nn/index.ts";
import { gradOf } from "../pass/index.ts";
import type { Adversary } from "../train/index.ts";
import { type Ball, inBall } from "./ball.ts";

/**
 * Train on PGD examples: min_θ E max_δ J(x + δ). Madry et al. 2017, arXiv:1706.06083, eq. (2.1). Norm: L∞.
 * A step costs `steps` + 1 gradients.
 * @param relativeStep α/ε; default 2.5/steps
 */
export const pgdTraining =
  (ball: Ball, steps = 7, relativeStep = 2.5 / steps): Adversary =>
  ({ e, x, lossAt, noise }) => {
    const { epsilon } = ball;
    let now: Value = inBall(e, x, e.Add(x, noise({ kind: "uniform", low: -epsilon, high: epsilon }, x.type.shape)), ball);
    for (let k = 0; k < steps; k++) {
      const [g] = gradOf(e, sum(e, lossAt(now)), [now]);
      now = inBall(e, x, e.Add(now, e.Mul(e.Sign(g!), e.scalar(epsilon * relativeStep, x))), ball);
    }
    return now;
  };
