import { brightness } from "./brightness.ts";
import { compose } from "./compose.ts";
import { contrast } from "./contrast.ts";
import { gaussianBlur } from "./gaussian-blur.ts";
import { gaussianNoise } from "./gaussian-noise.ts";
import { perspective } from "./perspective.ts";
import type { Transformation } from "./transformation.ts";

/**
 * Printed, then photographed, without a printer: seen askew, out of focus, in another light, with the sensor's noise.
 * The physical channel of Kurakin, Goodfellow & Bengio 2016, arXiv:1607.02533, modelled as in Athalye et al. 2017, arXiv:1707.07397, §2.
 */
export const printAndPhoto = (): Transformation => ({
  ...compose(perspective([-15, 15]), gaussianBlur([0.3, 0.8]), contrast([0.8, 1.1]), brightness([-0.1, 0.1]), gaussianNoise([0, 0.03])),
  name: "print and photo",
});
