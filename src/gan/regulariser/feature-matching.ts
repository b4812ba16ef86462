import { fail } from "../../base/index.ts";
import { sum } from "../../nn/index.ts";
import type { Regulariser } from "./regulariser.ts";

/** ‖E f(x) − E f(G(z))‖² for the generator, f the discriminator's features. Salimans et al. 2016, arXiv:1606.03498, §3.1. */
export const featureMatching = (weight = 1): Regulariser => ({
  name: "features",
  perBatch: true,
  generator({ e, features, real, fake }) {
    const [ofReal, ofFake] = [features(real), features(fake)];
    if (!ofReal || !ofFake)
      return fail({
        code: "gan-features",
        expected: 'a discriminator that marks its features, nn.marked("features")',
        got: "none",
        mend: "choose networks that do, or leave feature matching out",
      });
    const means = [ofReal, ofFake].map((f) => e.ReduceMean(f, e.ints([0]), { keepdims: 0 }));
    const d = e.Sub(means[0]!, means[1]!);
    return e.Mul(sum(e, e.Mul(d, d)), e.scalar(weight, d));
  },
});
