import type { Attack } from "./attack.ts";
import { ConstantSearch, firstConstant } from "./constant-search.ts";
import { boxOf } from "./domain.ts";
import { negated, odds } from "./loss.ts";
import { beyond, cosine, Nearest, towardsBoundary } from "./nearest.ts";
import { l2 } from "./norm.ts";
import { type Search, searchEach } from "./one-search.ts";
import { checkedSteps } from "./pgd.ts";
import { Adam } from "./row-adam.ts";
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
 * Before that floor f falls along the odds of leaving the label, log Σ_{j≠y} exp z_j − z_y: with the gain's own slope a sample settles on one rival too early.
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
      const loss = targeted ? negated(odds) : odds;
      function* search(x: Float32Array): Search {
        const space = new TanhSpace(boxOf(domain, x));
        const best = new Nearest(x, l2);
        const z = x.slice();
        const slope = new Float64Array(x.length);
        const [start] = yield [{ point: x, loss }];
        best.offer(x, beyond(start!.gain, confidence));
        const c = new ConstantSearch(constant ?? firstConstant(start!.gain, start!.gradient) * 2);
        for (let round = 0; round < rounds && best.distance > 0; round++) {
          const w = space.of(x);
          const adam = new Adam(x.length);
          let reached = false;
          let before = Number.POSITIVE_INFINITY;
          for (let k = 0; k < steps; k++) {
            space.point(w, z);
            const [at] = yield [{ point: z, loss }];
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
