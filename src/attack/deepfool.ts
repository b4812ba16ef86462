import type { Attack } from "./attack.ts";
import { boxOf } from "./domain.ts";
import { freed } from "./iterate.ts";
import { difference } from "./loss.ts";
import { movable, Nearest, towardsBoundary, widthOf } from "./nearest.ts";
import { l1, l2 } from "./norm.ts";
import { type Search, searchEach } from "./one-search.ts";
import { checkedSteps } from "./pgd.ts";

export interface DeepFoolOptions {
  /** At most; default 50. */
  readonly steps?: number;
  /** By which share the way is overdone, so that the boundary is crossed; default 0.02. */
  readonly overshoot?: number;
  /** How many rivals are considered: the highest at x; default 9, as in the authors' code (10 classes with the label). */
  readonly candidates?: number;
}

/**
 * DeepFool. Moosavi-Dezfooli, Fawzi & Frossard 2015, "DeepFool: a simple and accurate method to fool deep neural networks", arXiv:1511.04599,
 * Algorithm 2: with f_j = z_j − z_y linearised at the point, step to the nearest of the planes f_j = 0,
 *   L2: r = |f_j|/‖∇f_j‖₂²·∇f_j,   L∞: r = |f_j|/‖∇f_j‖₁·sign ∇f_j,
 * until the label is left; the point is cut to the box, and from half of the steps on, features that lie at its edge count as fixed.
 * Norms: L2, L∞. White box; with a target t, f = z_t − z_j for the class j that leads. The point is then drawn back to the boundary, which takes the overshoot
 * off again.
 */
export function deepfool({ steps = 50, overshoot = 0.02, candidates = 9 }: DeepFoolOptions = {}): Attack<"gradient"> {
  checkedSteps(steps);
  return {
    name: "deepfool",
    access: "gradient",
    kind: "minimal",
    norms: ["l2", "linf"],
    targets: true,
    deterministic: true,
    async run(victim, batch, { norm, targeted, domain }) {
      const inf = norm.name === "linf";
      function* search(x: Float32Array, label: number): Search {
        const box = boxOf(domain, x);
        const best = new Nearest(x, norm);
        // as in the authors' code: else the last bit of the way, mostly cut off by the box, takes many steps
        const past = 1e-4 * widthOf(box);
        const total = new Float64Array(x.length);
        const z = x.slice();
        let rivals: number[] | undefined;
        for (let k = 0; k < steps; k++) {
          const [now] = yield [{ point: z }];
          best.offer(z, now!.gain);
          if (best.won) break;
          const order = [...now!.logits.keys()].filter((j) => j !== label).sort((a, b) => now!.logits[b]! - now!.logits[a]!);
          if (targeted) rivals = order.slice(0, 1);
          rivals ??= order.slice(0, candidates);
          // from the class that leads to one that is to lead
          const pairs = rivals.map((j) => (targeted ? { label: j, other: label } : { label, other: j }));
          const answers = yield pairs.map((pair) => ({ point: z, loss: difference, ...pair }));
          let nearest = Number.POSITIVE_INFINITY;
          let step = new Float32Array(x.length);
          answers.forEach(({ logits, gradient }, i) => {
            const g = k < steps / 2 ? freed(gradient, domain) : movable(gradient, z, box);
            const gap = Math.abs(logits[pairs[i]!.other]! - logits[pairs[i]!.label]!);
            const slope = inf ? l1.distance(g) : l2.distance(g);
            if (!(gap / slope < nearest)) return;
            nearest = gap / slope;
            const length = nearest + past;
            step = g.map((v) => (inf ? Math.sign(v) * length : (v * length) / slope));
          });
          if (nearest === Number.POSITIVE_INFINITY) break;
          for (let j = 0; j < x.length; j++) {
            total[j] = total[j]! + step[j]!;
            z[j] = Math.min(Math.max(x[j]! + (1 + overshoot) * total[j]!, box.low[j]!), box.high[j]!);
          }
        }
        yield* towardsBoundary(x, best);
        return best.point;
      }
      return [await searchEach(victim, batch, targeted, search)];
    },
  };
}
