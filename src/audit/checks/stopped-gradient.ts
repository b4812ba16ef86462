import { gradientFlow } from "../../pass/index.ts";
import { type Check, differentiable, judged, NO_GRADIENT, notRun } from "./check.ts";

/**
 * Operators whose true gradient is zero lie between input and output: rounding, thresholds, thermometer codes. The attacks pass them straight through
 * (BPDA: Athalye, Carlini & Wagner 2018, arXiv:1802.00420, §4.1), which is an approximation. Arithmetic on whole numbers (QDQ) is no defence, and passes.
 * @example Round in front of the first layer → fail; int8 QuantizeLinear/DequantizeLinear → pass
 */
export const stoppedGradient: Check = {
  name: "stopped-gradient",
  title: "No operator stops the gradient",
  mend: "confirm the result with attacks that only ask (Square, HopSkipJump), and with a surrogate that fits the operator",
  async find({ model }) {
    if (!differentiable(model)) return notRun(NO_GRADIENT);
    const flow = gradientFlow(model.logits);
    const quantised = flow.filter((f) => f.flow !== "differentiable" && f.quantises);
    const bad = flow.filter((f) => f.flow !== "differentiable" && !f.quantises);
    const named = bad.slice(0, 3).map((f) => `${f.op}${f.name ? ` (node "${f.name}")` : ""}: ${f.flow}`);
    const note = quantised.length > 0 ? `; ${quantised.length} nodes of quantised arithmetic are differentiated straight through` : "";
    return judged(
      bad.length > 0,
      (bad.length > 0
        ? `${bad.length} of ${flow.length} nodes: ${named.join(", ")}${bad.length > 3 ? ", …" : ""}`
        : `${flow.length} nodes between input and scores`) + note,
    );
  },
};
