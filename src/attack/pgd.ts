import { fail } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { Best, copied, randomStart, stepped } from "./iterate.ts";
import { crossEntropy, type Loss, negated } from "./loss.ts";

export interface PgdOptions {
  /** Default 40. */
  readonly steps?: number;
  /** Step length as a share of ε; default 2.5/steps, as in the CIFAR-10 challenge. */
  readonly relativeStep?: number;
  /** Start at a random point of the ball; default true. */
  readonly randomStart?: boolean;
  /** What to climb; default cross-entropy. */
  readonly loss?: Loss;
  /** L1 only: share of the features that a step moves; default 0.02. */
  readonly share?: number;
}

/** A whole number of steps, or a refusal. */
export function checkedSteps(steps: number): number {
  if (!Number.isInteger(steps) || steps < 1)
    fail({ code: "attack-steps", expected: "a whole number of steps ≥ 1", got: `${steps}`, mend: "pass --steps 1 or more" });
  return steps;
}

/**
 * Projected gradient descent. Madry et al. 2017, "Towards Deep Learning Models Resistant to Adversarial Attacks",
 * arXiv:1706.06083, §2.1:  x ← Π(x + α·direction(∇ₓ J(x, y))). In L1 the direction is sparse: Tramèr & Boneh 2019, arXiv:1904.13000, §4.
 * Norms: L∞, L2, L1. White box; targeted or not. Proposes the best iterate (one that wins, of the highest loss), then the last one.
 */
export function pgd({
  steps = 40,
  relativeStep = 2.5 / steps,
  randomStart: random = true,
  loss = crossEntropy,
  share = 0.02,
}: PgdOptions = {}): Attack<"gradient"> {
  checkedSteps(steps);
  return {
    name: "pgd",
    access: "gradient",
    kind: "bounded",
    norms: ["linf", "l2", "l1"],
    targets: true,
    deterministic: !random,
    async run(victim, batch, threat) {
      const { x, labels } = batch;
      const climbed = threat.targeted ? negated(loss) : loss;
      let z = random ? randomStart(batch, threat) : copied(x);
      const best = new Best(z);
      for (let k = 0; k < steps; k++) {
        const { losses, logits, gradient } = await victim.slopes(climbed, z, labels);
        best.offerAll(z, losses, logits, labels, threat.targeted);
        z = stepped(z, gradient, x, threat.epsilon * relativeStep, threat, share);
      }
      // of a single step the iterate with a known loss is the start itself
      return steps === 1 ? [z] : [best.x, z];
    },
  };
}
