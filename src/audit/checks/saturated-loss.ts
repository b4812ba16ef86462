import { crossEntropy, margin } from "../../attack/index.ts";
import { type Check, differentiable, judged, NO_GRADIENT, NO_PROBE, notRun, of } from "./check.ts";
import { steepness, VANISHED, withSlopes } from "./slopes.ts";

/**
 * Logits so large that cross-entropy is 0 in float32, with its gradient, while the logits themselves still move: defensive distillation, a temperature
 * (Carlini & Wagner 2016, arXiv:1607.04311).
 * @example logits × 100 → fail
 */
export const saturatedLoss: Check = {
  name: "saturated-loss",
  title: "Cross-entropy has a gradient",
  mend: "believe only attacks on differences of logits (APGD with DLR, FAB, C&W), as the cascade has them, and divide the logits by their scale",
  async find({ model, probe, run }) {
    if (!differentiable(model)) return notRun(NO_GRADIENT);
    if (probe.labels.length === 0) return notRun(NO_PROBE);
    return withSlopes(model, run, async (v) => {
      const [entropy, difference] = [await steepness(v, crossEntropy, probe), await steepness(v, margin, probe)];
      const bad = entropy.filter((s, i) => !(s > VANISHED) && difference[i]! > VANISHED).length;
      return judged(
        bad > 0.1 * entropy.length,
        `cross-entropy has no gradient at ${of(bad, entropy.length)} samples where the logits have one`,
      );
    });
  },
};
