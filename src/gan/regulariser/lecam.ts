import { full } from "../../base/index.ts";
import { mean } from "../../nn/index.ts";
import { ema } from "../../optim/index.ts";
import type { Regulariser } from "./regulariser.ts";

/**
 * Keeps the logits of each kind near the running mean of the other: λ(E(D(x) − α_F)² + E(D(G(z)) − α_R)²), α_R and α_F averages over steps. Tseng et al. 2021,
 * arXiv:2104.03310, eq. 4: for little data.
 */
export const lecam = (weight = 0.3, decay = 0.99): Regulariser => ({
  name: "lecam",
  perBatch: true,
  discriminator({ e, critic, real, fake, keep }) {
    const [onReal, onFake] = [critic(real), critic(fake)];
    const [ofReal, ofFake] = [keep("real", full([], 0)), keep("fake", full([], 0))];
    ofReal.set(ema(e, ofReal.value, mean(e, onReal), decay));
    ofFake.set(ema(e, ofFake.value, mean(e, onFake), decay));
    const off = (logits: typeof onReal, from: typeof onReal) => {
      const d = e.Sub(logits, from);
      return mean(e, e.Mul(d, d));
    };
    const sum = e.Add(off(onReal, ofFake.value), off(onFake, ofReal.value));
    return e.Mul(sum, e.scalar(weight, sum));
  },
});
