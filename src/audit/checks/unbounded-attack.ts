import { apgdDlr, attack, linf } from "../../attack/index.ts";
import { type Check, differentiable, judged, NO_GRADIENT, NO_PROBE, notRun, of } from "./check.ts";

/**
 * With ε as wide as the data every sample can become any other: an attack that does not reach 0 % fails for reasons of its own (Carlini et al. 2019,
 * arXiv:1902.06705, §3.4; Athalye, Carlini & Wagner 2018, §3.1).
 */
export const unboundedAttack: Check = {
  name: "unbounded-attack",
  title: "An attack without bounds turns everything",
  mend: "the attack cannot follow this model's gradients: see the other checks",
  async find({ model, probe, range, run }) {
    if (!differentiable(model)) return notRun(NO_GRADIENT);
    if (probe.labels.length === 0) return notRun(NO_PROBE);
    // features that are fixed or whole may well hold a sample where it is
    if (run.constraints) return notRun("inputs are constrained beyond their range");
    const { samples } = await attack(model, probe, {
      ...run,
      attack: apgdDlr({ steps: 50 }),
      norm: linf,
      epsilon: range[1] - range[0],
      restarts: 2,
    });
    const left = samples.filter((s) => !s.success).length;
    return judged(
      left > 0.02 * samples.length,
      `${of(left, samples.length)} samples withstand APGD-DLR with ε as wide as the data's range`,
    );
  },
};
