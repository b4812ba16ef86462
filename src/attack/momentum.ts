/** What MI-, NI-, DI- and TI-FGSM share: iterative FGSM along a gathered gradient. They differ in where they ask for the slope, and in what they make of it. */
import type { Tensor } from "../base/index.ts";
import type { Attack, Batch, Threat } from "./attack.ts";
import type { Domain } from "./domain.ts";
import { Best, copied, eachRow, freed, row, stepped } from "./iterate.ts";
import { crossEntropy, type Loss, negated } from "./loss.ts";
import { checkedSteps } from "./pgd.ts";
import type { GradientVictim } from "./victim.ts";

type Floats = Tensor<"float32">;

export interface MomentumOptions {
  /** Default 10. */
  readonly steps?: number;
  /** α as a share of ε; default 1/steps. */
  readonly relativeStep?: number;
  /** μ: how much of the gathered gradient stays; default 1, 0 forgets it. */
  readonly decay?: number;
  /** What to climb; default cross-entropy. */
  readonly loss?: Loss;
  /** L1 only: share of the features that a step moves; default 0.02. */
  readonly share?: number;
}

/** How one step comes to its slope. */
export interface Look {
  /** Where the gradient is asked; default at the iterate. */
  readonly at?: Floats;
  /** The slope at the iterate, from the gradient where it was asked; default that gradient. */
  readonly slope?: (gradient: Floats) => Floats;
}

/**
 * g ← μ·g + ∇/‖∇‖₁, of every sample. ‖·‖₁ is the mean of |∇ᵢ|, as in the code of MI-FGSM's authors: no step depends on that scale, but NI's look-ahead does.
 * A slope that is NaN adds nothing.
 */
export const gathered = (g: Floats, gradient: Floats, decay: number, domain: Domain): Floats =>
  eachRow(g, (out, i) => {
    const slope = freed(row(gradient, i), domain);
    const before = row(g, i);
    let sum = 0;
    for (let j = 0; j < slope.length; j++) if (Number.isFinite(slope[j]!)) sum += Math.abs(slope[j]!);
    const scale = sum > 0 ? slope.length / sum : 0;
    for (let j = 0; j < out.length; j++) out[j] = decay * before[j]! + (Number.isFinite(slope[j]!) ? slope[j]! * scale : 0);
  });

/**
 * An attack of the family. Norms: L∞; L2 and L1 with their steepest steps. Where slopes are asked at the iterate, the same
 * pass judges it, and the best iterate is proposed, then the last one; otherwise iterates get a pass of their own, and that of the best margin is proposed.
 * @param look how step `k` of a batch looks, from its iterate and what is gathered
 */
export function momentumAttack(
  name: string,
  { steps = 10, relativeStep = 1 / steps, decay = 1, loss = crossEntropy, share = 0.02 }: MomentumOptions,
  look: (batch: Batch, threat: Threat) => (z: Floats, gathered: Floats, k: number) => Look,
  deterministic = true,
): Attack<"gradient"> {
  checkedSteps(steps);
  return {
    name,
    access: "gradient",
    kind: "bounded",
    norms: ["linf", "l2", "l1"],
    targets: true,
    deterministic,
    async run(victim: GradientVictim, batch, threat) {
      const { x, labels } = batch;
      const climbed = threat.targeted ? negated(loss) : loss;
      const looking = look(batch, threat);
      let apart = false;
      let z = copied(x);
      let g = eachRow(x, () => {});
      const best = new Best(z);
      for (let k = 0; k < steps; k++) {
        const { at, slope } = looking(z, g, k);
        apart = at !== undefined;
        const { losses, logits, gradient } = await victim.slopes(climbed, at ?? z, labels);
        if (!apart) best.offerAll(z, losses, logits, labels, threat.targeted);
        g = gathered(g, slope ? slope(gradient) : gradient, decay, threat.domain);
        z = stepped(z, g, x, threat.epsilon * relativeStep, threat, share);
        if (apart) best.offerLeads(z, await victim.scores(z), labels, threat.targeted);
      }
      if (apart) return [best.x];
      // of a single step the iterate with a known loss is the start itself
      return steps === 1 ? [z] : [best.x, z];
    },
  };
}
