import { apgdCe, attack, crossEntropy } from "../../attack/index.ts";
import { take } from "../../base/index.ts";
import { type Check, differentiable, judged, NO_GRADIENT, NO_PROBE, notRun, of } from "./check.ts";
import { withSlopes } from "./slopes.ts";

/**
 * The loss rises past log K, where another class must lead, and the file still answers with the label: what is attacked is not what answers (a detector,
 * a vote, rounding behind the scores; Pintor et al. 2022, arXiv:2106.09947: silent success, unavailable gradients).
 */
export const verdictDeniesLoss: Check = {
  name: "loss-without-success",
  title: "Where the loss rises, the answer changes",
  mend: "attack what decides: put the part that answers into the graph, or judge by attacks on labels",
  async find({ model, probe, epsilon, norm, run }) {
    if (!differentiable(model)) return notRun(NO_GRADIENT);
    if (probe.labels.length === 0) return notRun(NO_PROBE);
    const { samples, adversarial } = await attack(model, probe, { ...run, attack: apgdCe({ steps: 20 }), norm, epsilon });
    const failed = samples.filter((s) => !s.success).map((s) => s.index);
    if (failed.length === 0) return judged(false, "every loss that was climbed turned its sample");
    const x = take(adversarial, failed);
    const { losses } = await withSlopes(model, run, (v) =>
      v.slopes(
        crossEntropy,
        x,
        failed.map((i) => probe.labels[i]!),
      ),
    );
    const denied = losses.filter((l) => l > Math.log(model.classes) + 1e-3).length;
    return judged(
      denied > 0.02 * samples.length,
      `the loss passes log ${model.classes} at ${of(denied, failed.length)} samples that the file still gets right`,
    );
  },
};
