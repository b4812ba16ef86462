import type { Attack } from "./attack.ts";
import { boxOf } from "./domain.ts";
import { margin, negated } from "./loss.ts";
import { cosine, movable, Nearest, towardsBoundary, widthOf, withoutNeedless } from "./nearest.ts";
import { l2 } from "./norm.ts";
import { type Search, searchEach } from "./one-search.ts";
import { checkedSteps } from "./pgd.ts";
import { ascents, dual } from "./rival.ts";

export interface FmnOptions {
  /** Default 200. */
  readonly steps?: number;
  /** First length of a step, in units of the widest feature, in L∞ of ε; default 1. It falls to a hundredth. */
  readonly step?: number;
  /** γ: by which share ε grows or shrinks a step at first; default 0.05. It falls to 0.001. */
  readonly gamma?: number;
}

/**
 * Fast minimum norm. Pintor et al. 2021, "Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints", arXiv:2102.12827, Algorithm 1:
 *   ε ← (1 + γ)·(‖δ‖ + |gain|/‖∇gain‖_dual) until x + δ first wins, then min((1 − γ)·ε, ‖δ*‖) where it wins and (1 + γ)·ε where not;
 *   δ ← Π_ε(δ + α·∇gain/‖∇gain‖₂).
 * Ours: that first factor 1 + γ, without which a linear model's boundary is met and not crossed; in L∞ the step α·ε·sign ∇gain, which gets much nearer
 * on adversarially trained nets; until x + δ wins, the gain over the rival nearest to x, and from half of the steps on the odds of leaving the label.
 * Norms: L∞, L2, L1, L0. White box; targeted or not. The nearest point met is then drawn back to the boundary; in L0 the features that it changes without
 * need go back.
 */
export function fmn({ steps = 200, step = 1, gamma = 0.05 }: FmnOptions = {}): Attack<"gradient"> {
  checkedSteps(steps);
  return {
    name: "fmn",
    access: "gradient",
    kind: "minimal",
    norms: ["linf", "l2", "l1", "l0"],
    targets: true,
    deterministic: true,
    async run(victim, batch, { norm, targeted, domain }) {
      const loss = targeted ? negated(margin) : margin;
      const whole = norm.name === "l0";
      const inf = norm.name === "linf";
      function* search(x: Float32Array, label: number): Search {
        const box = boxOf(domain, x);
        const best = new Nearest(x, norm);
        const z = x.slice();
        const [first, second] = yield* ascents(x, label, targeted, norm.name, box);
        const direction = new Float32Array(x.length);
        const most = norm.distance(x.map((v, j) => Math.max(box.high[j]! - v, v - box.low[j]!)));
        const unit = widthOf(box);
        let epsilon = whole ? 1 : Number.POSITIVE_INFINITY;
        for (let k = 0; k < steps; k++) {
          const [at] = yield [{ point: z, ...(best.won ? { loss } : k > steps / 2 ? second : first) }];
          const wins = at!.gain > 0;
          best.offer(z, at!.gain);
          if (best.distance === 0) break;
          const g = movable(at!.gradient, z, box);
          const share = 0.001 + (gamma - 0.001) * cosine(k, steps);
          if (whole)
            epsilon = wins
              ? Math.min(epsilon - 1, Math.floor(epsilon * (1 - share)), best.distance)
              : Math.max(epsilon + 1, Math.floor(epsilon * (1 + share)));
          else if (wins) epsilon = Math.min(epsilon * (1 - share), best.distance);
          else if (best.won) epsilon *= 1 + share;
          else
            epsilon = (1 + share) * (norm.distance(z.map((v, j) => v - x[j]!)) + Math.abs(at!.gain) / Math.max(dual[norm.name](g), 1e-12));
          epsilon = Math.max(Math.min(epsilon, most), whole ? 0 : Number.MIN_VALUE);
          (inf ? norm : l2).steepest(g, direction);
          const alpha = (inf ? step * epsilon : step * unit) * (0.01 + 0.99 * cosine(k, steps));
          for (let j = 0; j < x.length; j++) z[j] = z[j]! + alpha * direction[j]!;
          norm.project(z, x, epsilon, box);
        }
        yield* whole ? withoutNeedless(x, best) : towardsBoundary(x, best);
        return best.point;
      }
      return [await searchEach(victim, batch, targeted, search)];
    },
  };
}
