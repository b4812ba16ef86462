/** The smoothed classifier itself, as a model that tells classes. Cohen, Rosenfeld & Kolter 2019, arXiv:1902.02918, PREDICT. */
import { fold, rows, seedKey } from "../../base/index.ts";
import type { LabelModel } from "../../model/index.ts";
import { incompleteBeta } from "./beta.ts";
import { ALPHA, checkNoise, type Noise, needDraws } from "./noise.ts";
import { leader, votes } from "./votes.ts";

export interface SmoothedOptions extends Noise {
  /** Noisy copies a sample; default 1,000. */
  readonly draws?: number;
}

/** The chance that two classes as likely as each other share `most` + `fewer` votes so unevenly, or more so: the two-sided binomial test. */
const evenChance = (most: number, fewer: number): number => Math.min(1, 2 * incompleteBeta(0.5, most, fewer + 1));

/**
 * g(x) = argmax_c P(f(x + ε) = c), ε ~ N(0, σ²I), as a model: of each input the class with most votes of noisy copies, where the binomial test against
 * the second tells the two apart at α; else −1, which is no class. A class is g's with probability at least 1 − α over the noise, of an input that was
 * chosen without it. All inputs are asked with the same noise, a function of the seed, so that an answer does not depend on what else was asked.
 * @throws sigma, alpha, draws, batch
 */
export function smoothed(model: LabelModel, options: SmoothedOptions): LabelModel & { readonly access: "labels" } {
  const { sigma, alpha = ALPHA, draws = 1000, seed = 0 } = options;
  checkNoise(options);
  // 2·½^N ≤ α
  needDraws(draws, Math.ceil(1 - Math.log2(alpha)), alpha);
  const key = fold(seedKey(seed), "smoothed");
  return {
    access: "labels",
    classes: model.classes,
    inputShape: model.inputShape,
    runtime: model.runtime,
    notes: [
      ...(model.notes ?? []),
      `smoothed: the vote of ${draws} copies with normal noise of σ = ${sigma}, −1 where it is open at α = ${alpha}`,
    ],
    why: "a vote of noisy copies tells classes only",
    samples: (x) => model.samples(x),
    async labels(given) {
      const x = model.samples(given);
      const out = new Int32Array(x.shape[0]!);
      for (let i = 0; i < out.length; i++) {
        const counts = await votes(model, rows(x, i, i + 1).data, { key, count: draws }, options);
        const first = leader(counts);
        const most = counts[first]!;
        const second = counts.reduce((best, v, j) => (j !== first ? Math.max(best, v) : best), 0);
        out[i] = most > 0 && evenChance(most, second) <= alpha ? first : -1;
      }
      return out;
    },
    release: () => model.release(),
  };
}
