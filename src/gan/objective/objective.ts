/** What the two players want, in terms of the discriminator's logits. */
import type { Emit, Value } from "../../graph/index.ts";
import { mean } from "../../nn/index.ts";

export interface Objective {
  readonly name: string;
  /** To be made small by the discriminator: a scalar, of logits of real and of generated samples, each [M, 1]. */
  discriminator(e: Emit, real: Value, fake: Value): Value;
  /** What its mean is to be made small by the generator: of each sample, [M, 1]. */
  generator(e: Emit, fake: Value, real: Value): Value;
  /** The logit above which a sample is called real; null where logits only mean something beside others (Wasserstein, relativistic). */
  readonly threshold: number | null;
  /** What the best discriminator says of a sample of densities p (real) and q (generated); null where that tells no more than which is larger. */
  readonly optimum: Optimum | null;
  /** Whether the losses are means of terms of one sample, or one pair, each: then a batch may be taken in parts. */
  readonly separable: boolean;
}

/** log p/q; that up to a constant; p/(p + q) itself. */
export const OPTIMA = ["log-odds", "shifted-log-odds", "share"] as const;
export type Optimum = (typeof OPTIMA)[number];

/** How one logit is judged, [M, 1] → [M, 1]. */
export type Term = (e: Emit, logit: Value) => Value;

export interface Terms {
  readonly name: string;
  readonly real: Term;
  readonly fake: Term;
  readonly generator: Term;
  readonly threshold: number | null;
  readonly optimum?: Optimum;
}

/**
 * An objective that is a sum of means over real and over generated samples.
 * @param smoothing share of the real samples that counts as generated (one-sided label smoothing: Salimans et al. 2016, arXiv:1606.03498, §3.4)
 */
export const ofTerms = ({ name, real, fake, generator, threshold, optimum }: Terms, smoothing = 0): Objective => ({
  name,
  threshold,
  optimum: smoothing === 0 ? (optimum ?? null) : null,
  separable: true,
  discriminator(e, onReal, onFake) {
    const own = mean(e, real(e, onReal));
    const smoothed =
      smoothing === 0 ? own : e.Add(e.Mul(own, e.scalar(1 - smoothing, own)), e.Mul(mean(e, fake(e, onReal)), e.scalar(smoothing, own)));
    return e.Add(smoothed, mean(e, fake(e, onFake)));
  },
  generator: (e, onFake) => generator(e, onFake),
});
