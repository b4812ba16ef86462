import { fold } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { Best, copied, eachRow, row, stepRow } from "./iterate.ts";
import { negated } from "./loss.ts";
import { gathered, type MomentumOptions, momentumOf } from "./mi-fgsm.ts";
import { resizePad } from "./transform/resize-pad.ts";
import type { Transformation } from "./transform/transformation.ts";

export interface DiFgsmOptions extends MomentumOptions {
  /** T: what every step sees the input through; default a random resize and pad, with probability 0.5. */
  readonly transformation?: Transformation;
}

/**
 * Diverse inputs FGSM. Xie et al. 2019, "Improving Transferability of Adversarial Examples with Input Diversity", arXiv:1803.06978, eq. (5):
 * g ← μ·g + ∇ₓ J(T(x; p), y)/‖∇ₓ J(T(x; p), y)‖₁,  x ← Clip(x + α·sign(g)): M-DI²-FGSM; DI²-FGSM with decay 0. Its use is transfer.
 * Images. Norms: L∞; L2 and L1 with their steepest steps. White box; targeted or not. Proposes the iterate of the best margin, seen plainly.
 */
export function diFgsm({ transformation = resizePad(), ...options }: DiFgsmOptions = {}): Attack<"gradient"> {
  const { steps, relativeStep, decay, loss, share } = momentumOf(options);
  return {
    name: "di-fgsm",
    access: "gradient",
    kind: "bounded",
    norms: ["linf", "l2", "l1"],
    targets: true,
    async run(victim, { x, labels, keys }, threat) {
      const climbed = threat.targeted ? negated(loss) : loss;
      const { low, high } = threat.domain;
      const range = [low.reduce((a, b) => Math.min(a, b)), high.reduce((a, b) => Math.max(a, b))] as const;
      let z = copied(x);
      let g = eachRow(x, () => {});
      const best = new Best(z);
      for (let k = 0; k < steps; k++) {
        const draws = keys.map((key) => transformation.draw(fold(key, k), x.shape.slice(1), range));
        const seen = eachRow(z, (out, i) => out.set(draws[i]!.apply(row(z, i))));
        const { gradient } = await victim.slopes(climbed, seen, labels);
        const slope = eachRow(z, (out, i) => out.set(draws[i]!.pullBack(row(z, i), row(gradient, i))));
        g = gathered(g, slope, decay, threat.domain.free);
        z = eachRow(z, (out, i) => {
          out.set(row(z, i));
          stepRow(out, row(g, i), row(x, i), threat.epsilon * relativeStep, threat, share);
        });
        best.offerLeads(z, await victim.scores(z), labels, threat.targeted);
      }
      return [best.x];
    },
  };
}
