import { type AugmentationName, augmentations } from "./augmentation.ts";
import type { Regulariser } from "./regulariser.ts";

/**
 * All that the discriminator sees, real and generated, is changed at random, and the generator's gradient passes the change. Zhao et al. 2020, arXiv:2006.10738:
 * translation, cutout, colour. For little data.
 */
export const diffAugment = (
  which: readonly AugmentationName[] = ["brightness", "saturation", "contrast", "translation", "cutout"],
): Regulariser => ({
  name: "diffaugment",
  view: (play, x) => which.reduce((y, name) => augmentations[name](play, y, play.e.fill(1, [x.type.shape[0]!, 1, 1, 1], "float32")), x),
});
