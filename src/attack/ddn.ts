import type { Attack } from "./attack.ts";
import { boxOf } from "./domain.ts";
import { type Loss, negated, odds } from "./loss.ts";
import { cosine, movable, Nearest, towardsBoundary, widthOf } from "./nearest.ts";
import { l2 } from "./norm.ts";
import { type Search, searchEach } from "./one-search.ts";
import { checkedSteps } from "./pgd.ts";

export interface DdnOptions {
  /** Default 200. */
  readonly steps?: number;
  /** γ: by which share the norm grows or shrinks a step; default 0.05. */
  readonly gamma?: number;
  /** First norm, in units of the widest feature, where the linearised model at x is not turned sooner; default 1. */
  readonly norm?: number;
  /** What δ climbs; default the odds. */
  readonly loss?: Loss;
}

/**
 * Decoupling direction and norm. Rony et al. 2018, "Decoupling Direction and Norm for Efficient Gradient-Based L2 Adversarial Attacks and Defenses",
 * arXiv:1811.09600, Algorithm 1:
 *   δ ← δ + α·g/‖g‖₂;  ε ← (1 ∓ γ)·ε, smaller where x + δ has won;  δ ← ε·δ/‖δ‖₂, cut to the box.
 * g is the gradient of the odds of leaving the label: cross-entropy's direction, which does not vanish where the model is sure. The first ε is where the
 * model, linearised at x, is turned, so that no scale of the data has to be told.
 * Norm: L2. White box; targeted or not. The nearest point met is then drawn back to the boundary.
 */
export function ddn({ steps = 200, gamma = 0.05, norm = 1, loss: climbed = odds }: DdnOptions = {}): Attack<"gradient"> {
  checkedSteps(steps);
  return {
    name: "ddn",
    access: "gradient",
    kind: "minimal",
    norms: ["l2"],
    targets: true,
    deterministic: true,
    async run(victim, batch, { targeted, domain }) {
      const loss = targeted ? negated(climbed) : climbed;
      function* search(x: Float32Array): Search {
        const box = boxOf(domain, x);
        const best = new Nearest(x, l2);
        const delta = new Float64Array(x.length);
        const direction = new Float32Array(x.length);
        const z = x.slice();
        const unit = widthOf(box);
        let epsilon = norm * unit;
        let length = unit;
        for (let k = 0; k < steps; k++) {
          const [at] = yield [{ point: z, loss }];
          best.offer(z, at!.gain);
          if (best.distance === 0) break;
          if (k === 0) {
            epsilon = Math.min(epsilon, -at!.gain / l2.distance(movable(at!.gradient, z, box)) || epsilon);
            length = Math.min(unit, 2 * epsilon);
          }
          const alpha = length * (0.01 + 0.99 * cosine(k, steps));
          l2.steepest(movable(at!.gradient, z, box), direction);
          for (let j = 0; j < x.length; j++) delta[j] = delta[j]! + alpha * direction[j]!;
          epsilon *= at!.gain > 0 ? 1 - gamma : 1 + gamma;
          const scale = epsilon / (l2.distance(delta) || 1);
          for (let j = 0; j < x.length; j++) {
            z[j] = Math.min(Math.max(x[j]! + scale * delta[j]!, box.low[j]!), box.high[j]!);
            delta[j] = z[j]! - x[j]!;
          }
        }
        yield* towardsBoundary(x, best);
        return best.point;
      }
      return [await searchEach(victim, batch, targeted, search)];
    },
  };
}
