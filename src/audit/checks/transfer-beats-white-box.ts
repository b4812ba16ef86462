import { type Check, differentiable, judged, NO_GRADIENT, notRun, of } from "./check.ts";

/** Inputs made on another model turn what the model's own gradients did not: those mislead (Athalye, Carlini & Wagner 2018, §3.1). */
export const transferBeatsWhiteBox: Check = {
  name: "transfer-beats-white-box",
  title: "Inputs made on another model find no more",
  mend: "the gradients mislead: attack through the other model, and do not quote the white-box figure",
  async find({ model, transferred, result }) {
    if (!transferred) return notRun("no second model was given (--transfer-from other.onnx)");
    if (!differentiable(model)) return notRun(NO_GRADIENT);
    const n = result.samples.length;
    return judged(
      transferred.turned > Math.max(1, 0.002 * n),
      `inputs made on the other model turn ${of(transferred.turned, transferred.asked)} samples that the cascade left`,
    );
  },
};
