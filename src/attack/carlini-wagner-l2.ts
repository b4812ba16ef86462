import { Adam } from "./adam.ts";
import type { Attack } from "./attack.ts";
import { ConstantSearch, firstConstant } from "./constant-search.ts";
import { boxOf } from "./domain.ts";
import { freed } from "./iterate.ts";
import { beyond, cosine, Nearest, towardsBoundary } from "./nearest.ts";
import { l2 } from "./norm.ts";
import { type Search, searchEach } from "./one-search.ts";
import { checkedSteps } from "./pgd.ts";
import { ascents } from "./rival.ts";
import { TanhSpace } from "./tanh-space.ts";

export interface CarliniWagnerOptions {
  /** Of each round; default 500. */
  readonly steps?: number;
  /** Rounds of the search for c; default 9. */
  readonly rounds?: number;
  /** First c; default where the linearised model is turned, sample by sample. */
  readonly constant?: number;
  /** Adam's rate in tanh space; default 0.05, falling to 0 over a round. */
  readonly rate?: number;
  /** κ: by how many logits the attack has to win; default 0. */
  readonly confidence?: number;
  /** End a round that no longer gets better; default true. */
  readonly stopEarly?: boolean;
}

/**
 * Carlini & Wagner 2017, "Towards Evaluating the Robustness of Neural Networks", arXiv:1608.04644, §VI.A:
 *   min over w  ‖x'(w) − x‖₂² + c·f(x'(w)),  f(x') = max(−gain(x'), −κ),
 * gain = max_{j≠y} z_j − z_y (or z_t − max_{j≠t} z_j), x' = tanh space over the data's box, by Adam; c by binary search.
 * With the gain's own slope a sample settles on the rival of the highest logit, which is often not the nearest: f falls by turns, a round each, towards the
 * nearest rival of x and along the odds of leaving the label.
 * Norm: L2. White box; targeted or not. Rounds end early sample by sample. The nearest point met is then drawn back to the boundary.
 */
export function carliniWagnerL2({
  steps = 500,
  rounds = 9,
  constant,
  rate = 0.05,
  confidence = 0,
  stopEarly = true,
}: CarliniWagnerOptions = {}): Attack<"gradient"> {
  checkedSteps(steps);
  return {
    name: "cw-l2",
    access: "gradient",
    kind: "minimal",
    norms: ["l2"],
    targets: true,
    deterministic: true,
    async run(victim, batch, { targeted, domain }) {
      function* search(x: Float32Array, label: number): Search {
        const box = boxOf(domain, x);
        const space = new TanhSpace(box);
        const best = new Nearest(x, l2);
        const z = x.slice();
        const slope = new Float64Array(x.length);
        const ways = yield* ascents(x, label, targeted, "l2", box);
        const [start] = yield [{ point: x, ...ways[0] }];
        best.offer(x, beyond(start!.gain, confidence));
        const c = new ConstantSearch(constant ?? firstConstant(start!.gain, freed(start!.gradient, domain)) * 2);
        for (let round = 0; round < rounds && best.distance > 0; round++) {
          const way = ways[round % 2]!;
          const w = space.of(x);
          const adam = new Adam(x.length);
          let reached = false;
          let before = Number.POSITIVE_INFINITY;
          for (let k = 0; k < steps; k++) {
            space.point(w, z);
            const [at] = yield [{ point: z, ...way }];
            const over = beyond(at!.gain, confidence);
            best.offer(z, over);
            reached ||= over > 0;
            let value = c.value * Math.max(-over, 0);
            for (let j = 0; j < x.length; j++) {
              const delta = z[j]! - x[j]!;
              value += delta * delta;
              slope[j] = 2 * delta - (over > 0 ? 0 : c.value * at!.gradient[j]!);
            }
            if (stopEarly && k % Math.ceil(steps / 10) === 0) {
              if (value > 0.9999 * before) break;
              before = value;
            }
            space.pullBack(w, slope);
            adam.step(w, slope, rate * cosine(k, steps));
          }
          c.next(reached);
        }
        yield* towardsBoundary(x, best, confidence);
        return best.point;
      }
      return [await searchEach(victim, batch, targeted, search)];
    },
  };
}
