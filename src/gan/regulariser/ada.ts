import { full } from "../../base/index.ts";
import { mean } from "../../nn/index.ts";
import { type AugmentationName, augmentations } from "./augmentation.ts";
import type { Regulariser } from "./regulariser.ts";

export interface AdaOptions {
  /** What E sign(D(x)) over real samples is held at; default 0.6, the paper's. */
  readonly target?: number;
  /** Samples shown until p could have gone from 0 to 1; default 500,000, the paper's. */
  readonly span?: number;
  readonly which?: readonly AugmentationName[];
}

/**
 * Adaptive augmentation: each change is made with probability p, which rises while the discriminator is surer of real samples than it should be, as it is once it learns
 * them by heart. Karras et al. 2020, arXiv:2006.06676, §3.1: p moves by the sign of E sign(D(x)) − target, D(x) counted from the line between real and generated samples.
 */
export const ada = ({
  target = 0.6,
  span = 500_000,
  which = ["flip", "translation", "brightness", "saturation", "contrast", "cutout"],
}: AdaOptions = {}): Regulariser => ({
  name: "ada",
  perBatch: true,
  view({ e, draw, keep }, x) {
    const p = keep("p", full([], 0)).value;
    const gate = () => {
      const drawn = draw({ kind: "uniform", low: 0, high: 1 }, [x.type.shape[0]!, 1, 1, 1]);
      return e.Where(e.Less(drawn, p), e.scalar(1, x), e.scalar(0, x));
    };
    return which.reduce((y, name) => augmentations[name]({ e, draw }, y, gate()), x);
  },
  watch({ e, keep }, real) {
    const p = keep("p", full([], 0));
    const sure = e.Sub(mean(e, e.Sign(real)), e.scalar(target, real));
    const moved = e.Add(p.value, e.Mul(e.Sign(sure), e.scalar(real.type.shape[0]! / span, real)));
    p.set(e.Min(e.Max(moved, e.scalar(0, moved)), e.scalar(1, moved)));
  },
});
