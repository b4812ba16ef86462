import type { Attack, Threat } from "./attack.ts";
import { Best, copied, rivals, row, stepped } from "./iterate.ts";
import { crossEntropy, negated } from "./loss.ts";
import { checkedSteps } from "./pgd.ts";

export interface BimOptions {
  /** Default the paper's: min(ε + 4, 1.25ε) in units of α. */
  readonly steps?: number;
  /** α as a share of ε. Default the paper's: one of the 255 levels of the range; where there are none (L2, L1, no limits), 1.25/steps. */
  readonly relativeStep?: number;
  /** Leave the label, or head for the class that the clean input is least like (the paper's l.l. method). Default `leave`. */
  readonly goal?: "leave" | "least-likely";
  /** L1 only: share of the features that a step moves; default 0.02. */
  readonly share?: number;
}

/** §2.2: α is one level, and as many steps as let every pixel reach the edge. */
function plan(
  { norm, epsilon, domain: { low, high, free } }: Threat,
  { steps, relativeStep }: BimOptions,
): { steps: number; length: number } {
  const level = free.reduce((most, f, j) => (f ? Math.max(most, high[j]! - low[j]!) : most), 0) / 255;
  const levels = norm.name === "linf" && level > 0 && level < Number.POSITIVE_INFINITY;
  if (steps !== undefined || relativeStep !== undefined || !levels) {
    const count = steps ?? 10;
    return { steps: count, length: epsilon * (relativeStep ?? 1.25 / count) };
  }
  return { steps: Math.max(1, Math.round(Math.min(epsilon / level + 4, (1.25 * epsilon) / level))), length: level };
}

/**
 * Basic iterative method, I-FGSM. Kurakin, Goodfellow & Bengio 2016, "Adversarial Examples in the Physical World", arXiv:1607.02533, §2.2:
 * x₀ = x,  xₖ₊₁ = Clip(xₖ + α·sign(∇ₓ J(xₖ, y))); with `least-likely` (§2.3)  xₖ₊₁ = Clip(xₖ − α·sign(∇ₓ J(xₖ, y_LL))).
 * Norms: L∞; L2 and L1 with their steepest steps. White box; targeted or not. Proposes the best iterate, then the last one.
 */
export function bim(options: BimOptions = {}): Attack<"gradient"> {
  if (options.steps !== undefined) checkedSteps(options.steps);
  return {
    name: "bim",
    access: "gradient",
    kind: "bounded",
    norms: ["linf", "l2", "l1"],
    targets: true,
    deterministic: true,
    async run(victim, { x, labels }, threat) {
      const { steps, length } = plan(threat, options);
      const farthest = options.goal === "least-likely" && !threat.targeted;
      const logits = farthest ? await victim.scores(x) : undefined;
      const about = logits ? labels.map((y, i) => rivals(row(logits, i), y, victim.classes).at(-1)!) : labels;
      const loss = threat.targeted || farthest ? negated(crossEntropy) : crossEntropy;
      let z = copied(x);
      const best = new Best(z);
      for (let k = 0; k < steps; k++) {
        const { losses, logits, gradient } = await victim.slopes(loss, z, about);
        best.offerAll(z, losses, logits, labels, threat.targeted);
        z = stepped(z, gradient, x, length, threat, options.share ?? 0.02);
      }
      return steps === 1 ? [z] : [best.x, z];
    },
  };
}
