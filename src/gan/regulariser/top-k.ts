import { fail } from "../../base/index.ts";
import { mean } from "../../nn/index.ts";
import type { Regulariser } from "./regulariser.ts";

/**
 * The generator learns only from the samples that look most real to the discriminator: from all of them at first to a share `least` of them at the end. Sinha et al. 2020,
 * arXiv:2002.06224.
 */
export const topK = (least = 0.5): Regulariser => {
  if (!(least > 0 && least <= 1))
    fail({ code: "penalty-weight", expected: "a least share of top-k in (0, 1]", got: `${least}`, mend: "0.5 is the paper's" });
  return {
    name: "topk",
    perBatch: true,
    chosen({ e, progress }, fake) {
      const m = fake.type.shape[0]!;
      // how many lie above each one: its rank, from 0
      const rank = e.ReduceSum(
        e.Where(e.Greater(e.Reshape(fake, e.ints([1, m])), fake), e.scalar(1, fake), e.scalar(0, fake)),
        e.ints([1]),
        { keepdims: 1 },
      );
      const share = e.Sub(e.scalar(1, progress), e.Mul(progress, e.scalar(1 - least, progress)));
      const kept = e.Where(e.Less(rank, e.Mul(share, e.scalar(m, share))), e.scalar(1, fake), e.scalar(0, fake));
      return e.Div(kept, mean(e, kept));
    },
  };
};
