import { Adam } from "./adam.ts";
import type { Attack } from "./attack.ts";
import { boxOf } from "./domain.ts";
import { beyond, cosine, Nearest, towardsBoundary, widthOf } from "./nearest.ts";
import { linf } from "./norm.ts";
import { type Search, searchEach } from "./one-search.ts";
import { checkedSteps } from "./pgd.ts";
import { ascents } from "./rival.ts";
import { TanhSpace } from "./tanh-space.ts";

export interface CarliniWagnerLinfOptions {
  /** Of one try, a c and a τ; default 100. */
  readonly steps?: number;
  /** Adam's rate in tanh space, falling over a try; default 0.1, but never more than a seventh of τ. */
  readonly rate?: number;
  /** How often c is raised, tenfold, before a τ counts as too small; default 1. */
  readonly raises?: number;
  /** By which share τ falls after a success; default 0.1. */
  readonly shrink?: number;
  /** τ is known when the least that worked and the largest that did not lie within this share; default 0.01. */
  readonly tolerance?: number;
  /** κ: by how many logits the attack has to win; default 0. */
  readonly confidence?: number;
}

/**
 * Carlini & Wagner 2017, "Towards Evaluating the Robustness of Neural Networks", arXiv:1608.04644, §VI.C:
 *   min over w  c·f(x'(w)) + Σᵢ max(|x'ᵢ(w) − xᵢ| − τ, 0),  f(x') = max(−gain(x'), −κ),
 * by Adam in tanh space, starting from the last success. τ falls to 0.9 of what was reached as long as that works; then between what worked and
 * what did not. f falls towards the nearest rival, and with a higher c along the odds, as in L2. A try ends when its sample wins within τ.
 * Norm: L∞. White box; targeted or not. The nearest point met is then drawn back to the boundary.
 */
export function carliniWagnerLinf({
  steps = 100,
  rate = 0.1,
  raises = 1,
  shrink = 0.1,
  tolerance = 0.01,
  confidence = 0,
}: CarliniWagnerLinfOptions = {}): Attack<"gradient"> {
  checkedSteps(steps);
  return {
    name: "cw-linf",
    access: "gradient",
    kind: "minimal",
    norms: ["linf"],
    targets: true,
    deterministic: true,
    async run(victim, batch, { targeted, domain }) {
      function* search(x: Float32Array, label: number): Search {
        const box = boxOf(domain, x);
        const space = new TanhSpace(box);
        const unit = widthOf(box);
        const best = new Nearest(x, linf);
        const z = x.slice();
        const slope = new Float64Array(x.length);
        const ways = yield* ascents(x, label, targeted, "linf", box);
        const [start] = yield [{ point: x, ...ways[0] }];
        best.offer(x, beyond(start!.gain, confidence));
        // where one feature's share of f weighs as much as its way past τ
        const first = 1 / (linf.distance(start!.gradient) || 1);
        let tau = Number.POSITIVE_INFINITY;
        let failed = 0;
        while (best.distance > failed * (1 + tolerance) || !best.won) {
          let reached = false;
          for (let raise = 0; raise <= raises && !reached; raise++) {
            const c = first * 10 ** raise;
            const way = ways[raise % 2]!;
            const w = space.of(best.won ? best.point : x);
            const adam = new Adam(x.length);
            const pace = Math.min(rate, tau / unit / 7);
            for (let k = 0; k < steps; k++) {
              space.point(w, z);
              const [at] = yield [{ point: z, ...way }];
              const over = beyond(at!.gain, confidence);
              best.offer(z, over);
              if (best.won && best.distance <= tau) {
                reached = true;
                break;
              }
              for (let j = 0; j < x.length; j++) {
                const delta = z[j]! - x[j]!;
                slope[j] = (Math.abs(delta) > tau ? Math.sign(delta) : 0) - (over > 0 ? 0 : c * at!.gradient[j]!);
              }
              space.pullBack(w, slope);
              adam.step(w, slope, pace * (0.01 + 0.99 * cosine(k, steps)));
            }
          }
          if (!reached && !best.won) break;
          if (!reached) failed = tau;
          tau = Math.max((1 - shrink) * best.distance, (failed + best.distance) / 2);
        }
        yield* towardsBoundary(x, best, confidence);
        return best.point;
      }
      return [await searchEach(victim, batch, targeted, search)];
    },
  };
}
