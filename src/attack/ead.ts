import type { Attack } from "./attack.ts";
import { ConstantSearch, firstConstant } from "./constant-search.ts";
import { boxOf } from "./domain.ts";
import { freed } from "./iterate.ts";
import { beyond, Nearest, towardsBoundary, widthOf } from "./nearest.ts";
import { l1, type Norm } from "./norm.ts";
import { type Search, searchEach } from "./one-search.ts";
import { checkedSteps } from "./pgd.ts";
import { ascents } from "./rival.ts";

export interface EadOptions {
  /** Of each round; default 200. */
  readonly steps?: number;
  /** Rounds of the search for c; default 9. */
  readonly rounds?: number;
  /** First c; default where the linearised model is turned, sample by sample. */
  readonly constant?: number;
  /** β, the weight of L1, in units of the widest feature; default 0.01. */
  readonly beta?: number;
  /** First step length; it falls with √ to 0; default 0.01. */
  readonly rate?: number;
  /** κ: by how many logits the attack has to win; default 0. */
  readonly confidence?: number;
  /** Which point is the nearest: by L1, or by the elastic net's own β‖δ‖₁ + ‖δ‖₂²; default L1. */
  readonly rule?: "l1" | "elastic-net";
}

/**
 * Elastic-net attack. Chen et al. 2017, "EAD: Elastic-Net Attacks to Deep Neural Networks via Adversarial Examples", arXiv:1709.04114, Algorithm 1:
 *   min c·f(x') + β‖x' − x‖₁ + ‖x' − x‖₂²,  f = max(−gain, −κ) as in Carlini & Wagner (along the same two ways),
 *   x⁺ = S_β(y − α_k·∇(c·f + ‖·‖₂²)(y)),  y = x⁺ + k/(k + 3)·(x⁺ − x⁻)   (FISTA),
 * S_β shrinking each |δᵢ| by β and cutting to the box; c by binary search. Norm: L1. White box; targeted or not. The nearest point met is then drawn back
 * to the boundary.
 */
export function ead({
  steps = 200,
  rounds = 9,
  constant,
  beta = 0.01,
  rate = 0.01,
  confidence = 0,
  rule = "l1",
}: EadOptions = {}): Attack<"gradient"> {
  checkedSteps(steps);
  return {
    name: "ead",
    access: "gradient",
    kind: "minimal",
    norms: ["l1"],
    targets: true,
    deterministic: true,
    async run(victim, batch, { targeted, domain }) {
      function* search(x: Float32Array, label: number): Search {
        const box = boxOf(domain, x);
        const { low, high } = box;
        const threshold = beta * widthOf(box);
        const elastic = elasticNet(threshold);
        const best = new Nearest(x, rule === "l1" ? l1 : elastic);
        const ways = yield* ascents(x, label, targeted, "l1", box);
        const starts = yield ways.map((way) => ({ point: x, ...way }));
        const start = starts[0]!;
        best.offer(x, beyond(start.gain, confidence));
        const c = new ConstantSearch(constant ?? firstConstant(start.gain, freed(start.gradient, domain)) * 2);
        for (let round = 0; round < rounds && best.distance > 0; round++) {
          let last = x.slice();
          const y = x.slice();
          let atY = starts[round % 2]!;
          let reached = false;
          let before = Number.POSITIVE_INFINITY;
          for (let k = 0; k < steps; k++) {
            const alpha = rate * Math.sqrt(1 - k / steps);
            const wanting = beyond(atY.gain, confidence) <= 0;
            const next = Float32Array.from(y, (v, j) => {
              const z = v - alpha * (2 * (v - x[j]!) - (wanting ? c.value * (atY.gradient[j]! || 0) : 0));
              const delta = z - x[j]!;
              const shrunk = Math.sign(delta) * Math.max(Math.abs(delta) - threshold, 0);
              return Math.min(Math.max(x[j]! + shrunk, low[j]!), high[j]!);
            });
            for (let j = 0; j < y.length; j++)
              y[j] = Math.min(Math.max(next[j]! + (k / (k + 3)) * (next[j]! - last[j]!), low[j]!), high[j]!);
            last = next;
            const [atNext, ahead] = yield [{ point: next }, { point: y, ...ways[round % 2]! }];
            atY = ahead!;
            best.offer(next, beyond(atNext!.gain, confidence));
            best.offer(y, beyond(ahead!.gain, confidence));
            reached ||= beyond(atNext!.gain, confidence) > 0;
            if (k % Math.ceil(steps / 10) === 0) {
              const value = c.value * Math.max(-beyond(atNext!.gain, confidence), 0) + elastic.distance(next.map((v, j) => v - x[j]!));
              if (value > 0.9999 * before) break;
              before = value;
            }
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

/** β‖δ‖₁ + ‖δ‖₂², as a distance. */
const elasticNet = (beta: number): Pick<Norm, "distance"> => ({
  distance(delta) {
    let d = 0;
    for (let j = 0; j < delta.length; j++) d += beta * Math.abs(delta[j]!) + delta[j]! ** 2;
    return d;
  },
});
