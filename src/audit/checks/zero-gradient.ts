import { margin } from "../../attack/index.ts";
import { type Check, differentiable, judged, NO_GRADIENT, NO_PROBE, notRun, of } from "./check.ts";
import { EXPLODED, steepness, VANISHED, withSlopes } from "./slopes.ts";

/**
 * The difference of two logits has a gradient everywhere but in masks: saturated activations, scores cut off, weights that overflow
 * (Athalye, Carlini & Wagner 2018, arXiv:1802.00420, §3: shattered and vanishing gradients).
 * @example tanh(100·z) as logits → fail; a network of Relu → pass
 */
export const zeroGradient: Check = {
  name: "zero-gradient",
  title: "Gradients neither vanish nor explode",
  mend: "find the operator that saturates (counterfoil inspect), attack the model without it, or judge by attacks that only ask",
  async find({ model, probe, run }) {
    if (!differentiable(model)) return notRun(NO_GRADIENT);
    if (probe.labels.length === 0) return notRun(NO_PROBE);
    const sizes = await withSlopes(model, run, (v) => steepness(v, margin, probe));
    const bad = sizes.filter((s) => !(s > VANISHED && s < EXPLODED)).length;
    return judged(bad > 0.1 * sizes.length, `the margin's gradient is zero, infinite or no number at ${of(bad, sizes.length)} samples`);
  },
};
