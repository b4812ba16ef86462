import type { Attack } from "./attack.ts";
import { type MomentumOptions, momentumAttack } from "./momentum.ts";

/**
 * Momentum iterative FGSM. Dong et al. 2018, "Boosting Adversarial Attacks with Momentum", arXiv:1710.06081, Algorithm 1:
 * g ← μ·g + ∇ₓ J(x, y)/‖∇ₓ J(x, y)‖₁,  x ← Clip(x + α·sign(g)), from the clean input. Its use is transfer.
 * Norms: L∞; L2 (the paper's §3.3) and L1 with their steepest steps. White box; targeted or not. Proposes the best iterate, then the last one.
 */
export const miFgsm = (options: MomentumOptions = {}): Attack<"gradient"> => momentumAttack("mi-fgsm", options, () => () => ({}));
