import type { Attack } from "./attack.ts";
import { eachRow, row } from "./iterate.ts";
import { type MomentumOptions, momentumAttack } from "./momentum.ts";

/**
 * Nesterov iterative FGSM. Lin et al. 2020, "Nesterov Accelerated Gradient and Scale Invariance for Adversarial Attacks", arXiv:1908.06281, §3.1:
 * the gradient is asked where momentum will lead,  x_nes = x + α·μ·g,  g ← μ·g + ∇J(x_nes, y)/‖∇J(x_nes, y)‖₁,  x ← Clip(x + α·sign(g)).
 * Norms: L∞; L2 and L1 with their steepest steps. White box; targeted or not. Proposes the iterate of the best margin.
 */
export function niFgsm(options: MomentumOptions = {}): Attack<"gradient"> {
  const { steps = 10, relativeStep = 1 / steps, decay = 1 } = options;
  return momentumAttack("ni-fgsm", options, (_, { epsilon }) => (z, g) => ({
    at: eachRow(z, (out, i) => {
      const [x, v] = [row(z, i), row(g, i)];
      for (let j = 0; j < out.length; j++) out[j] = x[j]! + epsilon * relativeStep * decay * v[j]!;
    }),
  }));
}
