import { attack, fgsm, pgd } from "../../attack/index.ts";
import { type Check, differentiable, judged, NO_GRADIENT, NO_PROBE, notRun, of } from "./check.ts";

/**
 * One step turns samples that many do not: the loss is not smooth along the gradient, as where training has learnt to mask one (Tramèr et al. 2018, arXiv:1705.07204;
 * Carlini et al. 2019, arXiv:1902.06705, §3.4).
 */
export const singleStepBeatsIterative: Check = {
  name: "single-step-beats-iterative",
  title: "Iterative attacks are at least as strong as a single step",
  mend: "use smaller steps, more of them, and random starts; look for masked gradients",
  async find({ model, probe, epsilon, norm, run }) {
    if (!differentiable(model)) return notRun(NO_GRADIENT);
    if (probe.labels.length === 0) return notRun(NO_PROBE);
    const one = await attack(model, probe, { ...run, attack: fgsm(), norm, epsilon });
    const many = await attack(model, probe, { ...run, attack: pgd({ steps: 20 }), norm, epsilon });
    const [single, iterative] = [one, many].map((r) => r.samples.filter((s) => s.success).length) as [number, number];
    return judged(single > iterative + Math.max(1, 0.02 * one.n), `FGSM turns ${of(single, one.n)} samples, PGD-20 ${iterative}`);
  },
};
