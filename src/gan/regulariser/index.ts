import { ada } from "./ada.ts";
import { auxiliaryClassifier } from "./auxiliary-classifier.ts";
import { consistency } from "./consistency.ts";
import { diffAugment } from "./diff-augment.ts";
import { featureMatching } from "./feature-matching.ts";
import { dragan, gradientPenalty, r1, r2, zeroCentredPenalty } from "./gradient-norm.ts";
import { instanceNoise } from "./instance-noise.ts";
import { lecam } from "./lecam.ts";
import { pathLength } from "./path-length.ts";
import type { Regulariser } from "./regulariser.ts";
import { topK } from "./top-k.ts";
import { weightClip } from "./weight-clip.ts";

/** By the names of the command line, with the number that is given there (`r1=0.5`), if one is, or two (`r1=1:0.1`). */
export const regularisers = {
  r1,
  r2,
  gp: gradientPenalty,
  gp0: zeroCentredPenalty,
  dragan,
  clip: weightClip,
  lecam: (weight?: number) => lecam(weight),
  path: (weight?: number) => pathLength(weight),
  features: featureMatching,
  acgan: auxiliaryClassifier,
  consistency,
  noise: instanceNoise,
  topk: topK,
  diffaugment: () => diffAugment(),
  ada: (target?: number) => ada(target === undefined ? {} : { target }),
} as const satisfies Record<string, (value?: number, last?: number) => Regulariser>;

export type RegulariserName = keyof typeof regularisers;

/** How many numbers each may be given. */
export const regulariserNumbers = (name: RegulariserName): 0 | 1 | 2 =>
  name === "diffaugment" ? 0 : name === "r1" || name === "r2" ? 2 : 1;

export type { AdaOptions } from "./ada.ts";
export { type Augmentation, type AugmentationName, augmentations } from "./augmentation.ts";
export type { Regulariser } from "./regulariser.ts";
export {
  ada,
  auxiliaryClassifier,
  consistency,
  diffAugment,
  dragan,
  featureMatching,
  gradientPenalty,
  instanceNoise,
  lecam,
  pathLength,
  r1,
  r2,
  topK,
  weightClip,
  zeroCentredPenalty,
};
