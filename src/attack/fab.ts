import { fold } from "../base/index.ts";
import type { Attack, Threat } from "./attack.ts";
import { boxOf } from "./domain.ts";
import { towardsPlane } from "./hyperplane.ts";
import { rivals, startRow } from "./iterate.ts";
import { difference, margin, negated } from "./loss.ts";
import { Nearest, towardsBoundary } from "./nearest.ts";
import type { Box, Norm } from "./norm.ts";
import { type Question, type Search, searchEach } from "./one-search.ts";
import { checkedSteps } from "./pgd.ts";

export interface FabOptions {
  /** N: iterations towards each class; default 100. */
  readonly steps?: number;
  /** How many classes to head for, the likeliest of the clean input first; default 9. A model of K classes has K − 1. */
  readonly classes?: number;
  /** α_max: the largest weight of the way from the clean input; default 0.1. */
  readonly bias?: number;
  /** η: how far past the plane to go; default 1.05. */
  readonly overshoot?: number;
  /** β: how much of the way is kept, back from a point that wins; default 0.9. */
  readonly keep?: number;
  /** Let a sample go once it is turned within ε, as an ensemble wants; its distance is then not the least. Default false. */
  readonly stopWithin?: boolean;
}

/** d from `point` to the plane f + w·(· − at) = 0, within the box. */
function toPlane(norm: Norm, box: Box, point: Float32Array, at: Float32Array, f: number, w: Float32Array): Float64Array {
  const slope = w.map((v) => (Number.isFinite(v) ? v : 0));
  let gain = -f;
  for (let j = 0; j < slope.length; j++) gain -= slope[j]! * (point[j]! - at[j]!);
  return towardsPlane(norm, point, slope, gain, box);
}

/** Algorithm 1 towards one plane, which `ask` tells: its loss is 0 there. */
function* descend(
  x: Float32Array,
  start: Float32Array,
  threat: Threat,
  options: FabOptions,
  ask: (z: Float32Array) => Question,
  best: Nearest,
): Search<void> {
  const { steps = 100, bias = 0.1, overshoot = 1.05, keep = 0.9, stopWithin = false } = options;
  const box = boxOf(threat.domain, x);
  const { low, high } = box;
  const z = start;
  for (let k = 0; k < steps; k++) {
    const [at] = yield [ask(z)];
    const own = toPlane(threat.norm, box, z, z, at!.loss, at!.gradient);
    const clean = toPlane(threat.norm, box, x, z, at!.loss, at!.gradient);
    const [a, b] = [Math.max(threat.norm.distance(own), 1e-8), Math.max(threat.norm.distance(clean), 1e-8)];
    const alpha = Math.min(a / (a + b), bias);
    for (let j = 0; j < z.length; j++) {
      const next = (1 - alpha) * (z[j]! + overshoot * own[j]!) + alpha * (x[j]! + overshoot * clean[j]!);
      z[j] = Math.min(Math.max(next, low[j]!), high[j]!);
    }
    const [now] = yield [{ point: z }];
    if (!(now!.gain > 0)) continue;
    best.offer(z, now!.gain);
    if (stopWithin && best.distance <= threat.epsilon) return;
    for (let j = 0; j < z.length; j++) z[j] = x[j]! + keep * (z[j]! - x[j]!);
  }
}

/**
 * Fast adaptive boundary attack, targeted version (FAB-T). Croce & Hein 2020, "Minimally Distorted Adversarial Examples with a Fast Adaptive
 * Boundary Attack", arXiv:1907.02044, Algorithm 1, with one class after another in place of the nearest plane of all (as in AutoAttack):
 * d = proj(z) − z and d₀ = proj(x) − x onto {z_t − z_y = 0} linearised at z, within the box;  z ← (1 − α)(z + η·d) + α(x + η·d₀),
 * α = min(‖d‖/(‖d‖ + ‖d₀‖), α_max);  from a point that wins  z ← x + β(z − x). A final search ends on the boundary.
 * Norms: L∞, L2, L1. White box; with a target of the caller's, f = z_t − max_{j≠t} z_j. The first run starts at the clean input, restarts at random points.
 * Proposes the nearest point that wins. N gradients and N forwards a class.
 */
export function fab(options: FabOptions = {}): Attack<"gradient"> {
  checkedSteps(options.steps ?? 100);
  return {
    name: "fab-t",
    access: "gradient",
    kind: "minimal",
    norms: ["linf", "l2", "l1"],
    targets: true,
    async run(victim, { x: clean, labels, keys, restart }, threat) {
      const within = (best: Nearest) => options.stopWithin && best.distance <= threat.epsilon;
      function* search(x: Float32Array, label: number, i: number): Search {
        const best = new Nearest(x, threat.norm);
        const [now] = yield [{ point: x }];
        for (const other of threat.targeted ? [label] : rivals(now!.logits, label, options.classes)) {
          const ask = (point: Float32Array): Question => ({ point, other, loss: threat.targeted ? negated(margin) : difference });
          const start = x.slice();
          if (restart > 0) {
            // half the ball of ε, or of the way to the nearest point, or to the plane as x sees it
            const [at] = yield [ask(x)];
            const way = threat.norm.distance(toPlane(threat.norm, boxOf(threat.domain, x), x, x, at!.loss, at!.gradient));
            const epsilon = Math.min(threat.epsilon, best.distance, way) / 2;
            startRow(start, x, fold(fold(keys[i]!, "fab"), other), { ...threat, epsilon });
          }
          yield* descend(x, start, threat, options, ask, best);
          if (within(best)) return best.point;
        }
        yield* towardsBoundary(x, best);
        return best.point;
      }
      return [await searchEach(victim, { x: clean, labels }, threat.targeted, search)];
    },
  };
}
