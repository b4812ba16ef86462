import { mean } from "../../nn/index.ts";
import { flip, translation } from "./augmentation.ts";
import type { Regulariser } from "./regulariser.ts";

/**
 * The discriminator should say the same of a picture and of it flipped and moved: λ·E(D(x) − D(T(x)))², of real pictures and, balanced, of generated ones. Zhang et al. 2019,
 * arXiv:1910.12027; Zhao et al. 2020, arXiv:2002.04724.
 */
export const consistency = (weight = 10): Regulariser => ({
  name: "consistency",
  discriminator(play) {
    const { e, critic, real, fake } = play;
    const off = (x: typeof real) => {
      const always = e.fill(1, [x.type.shape[0]!, 1, 1, 1], "float32");
      const changed = translation(play, flip(play, x, always), always);
      const d = e.Sub(critic(x), critic(changed));
      return mean(e, e.Mul(d, d));
    };
    const both = e.Add(off(real), off(fake));
    return e.Mul(both, e.scalar(weight, both));
  },
});
