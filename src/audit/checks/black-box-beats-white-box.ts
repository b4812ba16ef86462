import { type Check, differentiable, judged, NO_GRADIENT, notRun } from "./check.ts";

/** As AutoAttack flags: 0.2 points; of few samples two at least, so that one lucky sample is none. */
const SHARE = 0.002;

/**
 * An attack that only asks finds what those that differentiate did not: their gradients mislead. Carlini et al. 2019, arXiv:1902.06705, §3; Croce & Hein 2020.
 * @example k-winners-take-all, saturated logits → fail
 */
export const blackBoxBeatsWhiteBox: Check = {
  name: "black-box-beats-white-box",
  title: "Attacks that only ask find no more than those that differentiate",
  mend: "the gradients mislead: find out why (the checks above), adapt the attack, and do not quote the white-box figure",
  async find({ model, ensemble, result }) {
    if (!differentiable(model)) return notRun(NO_GRADIENT);
    const asking = result.stages.filter((s) => ensemble.stages.some((e) => e.name === s.name && !e.whiteBox));
    if (asking.length === 0) return notRun("no attack that only asks was run");
    const n = result.samples.length;
    const [turned, attacked] = [asking.reduce((t, s) => t + s.turned, 0), asking[0]!.attacked];
    if (attacked === 0) return judged(false, "the white-box attacks left nothing");
    return judged(
      turned > Math.max(1, SHARE * n),
      `${asking.map((s) => s.name).join(" and ")} turned ${turned} of the ${attacked} samples that the white-box attacks left`,
    );
  },
};
