import { fail } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { boxOf } from "./domain.ts";
import { logit, logitSum } from "./loss.ts";
import { Nearest, withoutNeedless } from "./nearest.ts";
import { l0 } from "./norm.ts";
import { type Search, searchEach } from "./one-search.ts";
import { bestMove, type Move } from "./saliency.ts";

export interface JsmaOptions {
  /** How far a chosen feature goes, as a share of its range; default 1: to its end. */
  readonly theta?: number;
  /** Which way features may go; default both. */
  readonly direction?: "up" | "down" | "both";
  /** Features chosen at a time: 2, as in the paper (default), or 1. */
  readonly together?: 1 | 2;
  /** Most features changed; default ε where one was given, else 1000, or all if there are fewer. */
  readonly features?: number;
  /** Untargeted: how many of the rivals with the highest logits are tried, one after another; default 9. */
  readonly rivals?: number;
}

/**
 * Jacobian-based saliency map attack. Papernot et al. 2015, "The Limitations of Deep Learning in Adversarial Settings", arXiv:1511.07528,
 * Algorithms 2 and 3: of the features that may still move, the pair that maximises
 *   −(Σ a)·(Σ b),  a = ∂z_t/∂xᵢ·mᵢ > 0,  b = Σ_{j≠t} ∂z_j/∂xᵢ·mᵢ < 0,
 * goes by mᵢ = ±θ·range (less at an edge), until the target t leads. With two classes z stands for its difference from the mean, so that a model of one
 * output has a map too. Where no feature qualifies, b is −a.
 * Norm: L0. White box; targeted, and untargeted by trying the classes that come next, until the label is left; the fewest features are kept.
 */
export function jsma({ theta = 1, direction = "both", together = 2, features, rivals = 9 }: JsmaOptions = {}): Attack<"gradient"> {
  if (!(theta > 0 && theta <= 1))
    fail({
      code: "attack-theta",
      expected: "0 < θ ≤ 1",
      got: `${theta}`,
      mend: "θ is a share of a feature's range; to lower features say the direction",
    });
  const signs = { up: [1], down: [-1], both: [1, -1] }[direction];
  return {
    name: "jsma",
    access: "gradient",
    kind: "minimal",
    norms: ["l0"],
    targets: true,
    deterministic: true,
    async run(victim, batch, { epsilon, targeted, domain }) {
      function* search(x: Float32Array, label: number): Search {
        const box = boxOf(domain, x);
        const best = new Nearest(x, l0);
        const limit = Math.min(features ?? (epsilon < Number.POSITIVE_INFINITY ? epsilon : 1000), x.length);
        const [start] = yield [{ point: x }];
        best.offer(x, start!.gain);
        const order = [...start!.logits.keys()].filter((j) => j !== label).sort((a, b) => start!.logits[b]! - start!.logits[a]!);
        for (const target of targeted ? [label] : order.slice(0, rivals)) {
          const z = x.slice();
          const changed = new Set<number>();
          // with as many features as the best so far it would not be nearer
          while (changed.size < best.distance) {
            const [own, all] = yield [
              { point: z, loss: logit, other: target },
              { point: z, loss: logitSum },
            ];
            best.offer(z, own!.gain);
            if (own!.gain > 0 || changed.size >= limit) break;
            const mean = own!.logits.length === 2 ? 0.5 : 0;
            const moves: Move[] = [];
            for (let j = 0; j < x.length; j++)
              for (const sign of signs) {
                const range = box.high[j]! - box.low[j]!;
                const to = Math.min(
                  Math.max(z[j]! + sign * theta * (range < Number.POSITIVE_INFINITY ? range : 1), box.low[j]!),
                  box.high[j]!,
                );
                const by = Math.fround(to) - z[j]!;
                // a feature goes one way, so that it comes to an end
                if (by === 0 || (changed.has(j) && by * (z[j]! - x[j]!) < 0)) continue;
                const sum = all!.gradient[j]! * by;
                const a = own!.gradient[j]! * by - mean * sum;
                moves.push({ j, to, a, b: sum - 2 * mean * sum - a });
              }
            const chosen = bestMove(moves, Math.min(together, limit - changed.size));
            if (chosen.length === 0) break;
            for (const { j, to } of chosen) {
              z[j] = to;
              changed.add(j);
            }
          }
        }
        yield* withoutNeedless(x, best);
        return best.point;
      }
      return [await searchEach(victim, batch, targeted, search)];
    },
  };
}
