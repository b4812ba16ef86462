import { fold, type Tensor, take } from "../base/index.ts";
import type { Attack, Threat } from "./attack.ts";
import { boxOf } from "./domain.ts";
import { eachRow, freed, row } from "./iterate.ts";
import { crossEntropy, negated } from "./loss.ts";
import { isCheckpoint, lossOfWon, minibatch, shareWon } from "./one-for-all.ts";
import { checkedSteps } from "./pgd.ts";

type Floats = Tensor<"float32">;

export interface UniversalOptions {
  /** Default 200. */
  readonly steps?: number;
  /** Step length as a share of ε; default 0.1, falling to a tenth of that. */
  readonly relativeStep?: number;
  /** Samples a step; default 64. */
  readonly minibatch?: number;
  /** β: a sample whose loss is above it is won and no longer pulls; default 9 at the paper's 1000 classes, in proportion to log K. */
  readonly most?: number;
  /** Gets the perturbation that was kept, of one sample's shape: to try it on other samples with `transformed(added(delta))`. */
  readonly onFound?: (delta: Floats) => void;
}

/** x + δ, each sample cut to its box. */
const added = (x: Floats, delta: Float32Array, { domain }: Threat): Floats =>
  eachRow(x, (out, i) => {
    const clean = row(x, i);
    const { low, high } = boxOf(domain, clean);
    for (let j = 0; j < out.length; j++) out[j] = Math.min(Math.max(clean[j]! + delta[j]!, low[j]!), high[j]!);
  });

/** ∇ of Σ min(J, β) in δ. Where x + δ was cut, only what leads back inside counts. */
function gradientOf(x: Floats, seen: Floats, delta: Float32Array, gradient: Floats, losses: Float32Array, most: number): Float32Array {
  const sum = new Float32Array(delta.length);
  for (let k = 0; k < losses.length; k++) {
    if (losses[k]! > most) continue;
    const [clean, z, g] = [row(x, k), row(seen, k), row(gradient, k)];
    for (let j = 0; j < sum.length; j++) {
      const cut = z[j]! - Math.fround(clean[j]! + delta[j]!);
      if (cut === 0 || cut * g[j]! > 0) sum[j] = sum[j]! + g[j]!;
    }
  }
  return sum;
}

/**
 * Universal perturbation: one δ for all samples (Moosavi-Dezfooli et al. 2016, arXiv:1610.08401), by stochastic gradients. Shafahi et al. 2018, "Universal
 * Adversarial Training", arXiv:1811.11304, alg. 2:  max_{‖δ‖ ≤ ε} Σ min(J(x + δ, y), β),  δ ← Π(δ + α·direction(∇_δ)) on minibatches.
 * Norms: L∞, L2. White box; targeted or not. Proposes x + δ of the δ that won the most. A restart seeks another δ for the samples still standing, and
 * whether δ holds on new samples is the caller's to measure.
 */
export function universal({
  steps = 200,
  relativeStep = 0.1,
  minibatch: size = 64,
  most,
  onFound,
}: UniversalOptions = {}): Attack<"gradient"> {
  checkedSteps(steps);
  return {
    name: "universal",
    access: "gradient",
    kind: "bounded",
    norms: ["linf", "l2"],
    targets: true,
    whole: true,
    async run(victim, batch, threat) {
      const { x, labels, keys, restart } = batch;
      const { norm, epsilon, domain, targeted } = threat;
      const n = labels.length;
      if (n === 0) return [];
      const root = fold(keys[0]!, "universal");
      const width = row(x, 0).length;
      const zero = new Float32Array(width);
      const anywhere = { low: zero.map(() => Number.NEGATIVE_INFINITY), high: zero.map(() => Number.POSITIVE_INFINITY) };
      const delta = restart === 0 ? zero.slice() : freed(norm.start(root, width, epsilon), domain).slice();
      const direction = new Float32Array(width);
      let kept = { delta: delta.slice(), share: -1 };
      for (let k = 0; k < steps; k++) {
        const chosen = minibatch(fold(root, "order"), n, size, k);
        const part = take(x, chosen);
        const classes = chosen.map((i) => labels[i]!);
        const seen = added(part, delta, threat);
        const { losses, gradient } = await victim.slopes(targeted ? negated(crossEntropy) : crossEntropy, seen, classes, classes, chosen);
        norm.steepest(freed(gradientOf(part, seen, delta, gradient, losses, most ?? lossOfWon(victim.classes)), domain), direction);
        const length = epsilon * relativeStep * (1 - (0.9 * k) / steps);
        for (let j = 0; j < width; j++) delta[j] = delta[j]! + length * direction[j]!;
        norm.project(delta, zero, epsilon, anywhere);
        if (!isCheckpoint(k, steps)) continue;
        const share = await shareWon(victim, added(x, delta, threat), labels, targeted);
        if (share >= kept.share) kept = { delta: delta.slice(), share };
      }
      onFound?.({ dtype: "float32", shape: victim.inputShape, data: kept.delta });
      return [added(x, kept.delta, threat)];
    },
  };
}
