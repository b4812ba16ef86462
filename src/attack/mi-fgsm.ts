import type { Tensor } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { Best, copied, eachRow, freed, row, stepRow } from "./iterate.ts";
import { crossEntropy, type Loss, negated } from "./loss.ts";
import { checkedSteps } from "./pgd.ts";

export interface MomentumOptions {
  /** Default 10. */
  readonly steps?: number;
  /** α as a share of ε; default 1/steps. */
  readonly relativeStep?: number;
  /** μ: how much of the gathered gradient stays; default 1, 0 forgets it. */
  readonly decay?: number;
  /** What to climb; default cross-entropy. */
  readonly loss?: Loss;
  /** L1 only: share of the features that a step moves; default 0.05. */
  readonly share?: number;
}

/** The same options with their defaults. */
export function momentumOf({ steps = 10, relativeStep = 1 / steps, decay = 1, loss = crossEntropy, share = 0.05 }: MomentumOptions) {
  return { steps: checkedSteps(steps), relativeStep, decay, loss, share };
}

/**
 * g ← μ·g + ∇/‖∇‖₁, of every sample. ‖·‖₁ is the mean of |∇ᵢ|, as in the authors' code: no step depends on that scale, but NI's look-ahead does.
 * A slope that is NaN adds nothing.
 */
export const gathered = (g: Tensor<"float32">, gradient: Tensor<"float32">, decay: number, free: Uint8Array): Tensor<"float32"> =>
  eachRow(g, (out, i) => {
    const slope = freed(row(gradient, i), free);
    const before = row(g, i);
    let sum = 0;
    for (let j = 0; j < slope.length; j++) if (Number.isFinite(slope[j]!)) sum += Math.abs(slope[j]!);
    const scale = sum > 0 ? slope.length / sum : 0;
    for (let j = 0; j < out.length; j++) out[j] = decay * before[j]! + (Number.isFinite(slope[j]!) ? slope[j]! * scale : 0);
  });

/**
 * Momentum iterative FGSM. Dong et al. 2018, "Boosting Adversarial Attacks with Momentum", arXiv:1710.06081, Algorithm 1:
 * g ← μ·g + ∇ₓ J(x, y)/‖∇ₓ J(x, y)‖₁,  x ← Clip(x + α·sign(g)), from the clean input. Its use is transfer.
 * Norms: L∞; L2 (the paper's §3.3) and L1 with their steepest steps. White box; targeted or not. Proposes the best iterate, then the last one.
 */
export function miFgsm(options: MomentumOptions = {}): Attack<"gradient"> {
  const { steps, relativeStep, decay, loss, share } = momentumOf(options);
  return {
    name: "mi-fgsm",
    access: "gradient",
    kind: "bounded",
    norms: ["linf", "l2", "l1"],
    targets: true,
    deterministic: true,
    async run(victim, { x, labels }, threat) {
      const climbed = threat.targeted ? negated(loss) : loss;
      let z = copied(x);
      let g = eachRow(x, () => {});
      const best = new Best(z);
      for (let k = 0; k < steps; k++) {
        const { losses, logits, gradient } = await victim.slopes(climbed, z, labels);
        best.offerAll(z, losses, logits, labels, threat.targeted);
        g = gathered(g, gradient, decay, threat.domain.free);
        z = eachRow(z, (out, i) => {
          out.set(row(z, i));
          stepRow(out, row(g, i), row(x, i), threat.epsilon * relativeStep, threat, share);
        });
      }
      return steps === 1 ? [z] : [best.x, z];
    },
  };
}
