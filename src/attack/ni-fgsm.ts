import type { Attack } from "./attack.ts";
import { Best, copied, eachRow, row, stepRow } from "./iterate.ts";
import { negated } from "./loss.ts";
import { gathered, type MomentumOptions, momentumOf } from "./mi-fgsm.ts";

/**
 * Nesterov iterative FGSM. Lin et al. 2020, "Nesterov Accelerated Gradient and Scale Invariance for Adversarial Attacks", arXiv:1908.06281, §3.1:
 * the gradient is asked where momentum will lead,  x_nes = x + α·μ·g,  g ← μ·g + ∇J(x_nes, y)/‖∇J(x_nes, y)‖₁,  x ← Clip(x + α·sign(g)).
 * Norms: L∞; L2 and L1 with their steepest steps. White box; targeted or not. Proposes the iterate of the best margin.
 */
export function niFgsm(options: MomentumOptions = {}): Attack<"gradient"> {
  const { steps, relativeStep, decay, loss, share } = momentumOf(options);
  return {
    name: "ni-fgsm",
    access: "gradient",
    kind: "bounded",
    norms: ["linf", "l2", "l1"],
    targets: true,
    deterministic: true,
    async run(victim, { x, labels }, threat) {
      const climbed = threat.targeted ? negated(loss) : loss;
      const alpha = threat.epsilon * relativeStep;
      let z = copied(x);
      let g = eachRow(x, () => {});
      const best = new Best(z);
      for (let k = 0; k < steps; k++) {
        const ahead = eachRow(z, (out, i) => {
          const [at, v] = [row(z, i), row(g, i)];
          for (let j = 0; j < out.length; j++) out[j] = at[j]! + alpha * decay * v[j]!;
        });
        const { gradient } = await victim.slopes(climbed, ahead, labels);
        g = gathered(g, gradient, decay, threat.domain.free);
        z = eachRow(z, (out, i) => {
          out.set(row(z, i));
          stepRow(out, row(g, i), row(x, i), alpha, threat, share);
        });
        best.offerLeads(z, await victim.scores(z), labels, threat.targeted);
      }
      return [best.x];
    },
  };
}
