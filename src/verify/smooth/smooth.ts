/** Certificates in L2 for whatever answers with a class, by its answers under noise. Cohen, Rosenfeld & Kolter 2019, arXiv:1902.02918. */
import { checkLabels } from "../../attack/index.ts";
import { fold, rows, seedKey, type Tensor } from "../../base/index.ts";
import type { LabelModel } from "../../model/index.ts";
import { clopperPearson } from "./clopper-pearson.ts";
import { ALPHA, checkNoise, type Noise, need, needDraws } from "./noise.ts";
import { normalQuantile } from "./normal-quantile.ts";
import { leader, votes } from "./votes.ts";

export interface SmoothOptions extends Noise {
  /** N: noisy copies by which the chance of a class is bounded. Default 1,000; the paper has 100,000. */
  readonly draws?: number;
  /** N₀: noisy copies by which that class is chosen, before and apart. Default 100. */
  readonly selection?: number;
  /** L2 radii at which the certified accuracy is told; default the multiples of σ/2 under the ceiling. */
  readonly radii?: readonly number[];
  /** Numbers of the samples in a larger set: the noise of a sample follows its number. Default 0, 1, … */
  readonly indices?: ArrayLike<number>;
  /** Noisy copies that were answered, of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface SmoothCertificate {
  readonly index: number;
  readonly label: number;
  /** The class of the input as it is, without noise. */
  readonly base: number;
  /** The smoothed classifier's class; null where it abstained. */
  readonly predicted: number | null;
  /** L2: the smoothed classifier has this class at every input that is nearer. 0 where it abstained. */
  readonly radius: number;
  /** The class that had most of the N₀ votes, and how many. */
  readonly selected: number;
  readonly selectionVotes: number;
  /** Its votes among the N others. */
  readonly votes: number;
  /** p_A: what these prove of its chance, at 1 − α. */
  readonly lower: number;
}

export interface SmoothResult {
  readonly n: number;
  readonly norm: "l2";
  readonly sigma: number;
  readonly alpha: number;
  /** N and N₀. */
  readonly draws: number;
  readonly selection: number;
  /** σ·Φ⁻¹(α^(1/N)), the radius where all N copies agree: none is larger. */
  readonly ceiling: number;
  /** Share that the smoothed classifier gets right, without abstaining. */
  readonly cleanAccuracy: number;
  /** Share that the model gets right without noise. */
  readonly baseAccuracy: number;
  readonly abstained: number;
  /** Certified accuracy at each radius. */
  readonly certified: readonly { readonly radius: number; readonly accuracy: number }[];
  /** Mean radius, that of a wrong or missing class being 0. Zhai et al. 2020, arXiv:2001.02378. */
  readonly averageRadius: number;
  readonly seed: number;
  readonly runtime: string;
  readonly samples: readonly SmoothCertificate[];
}

/** Rounding of the quantile and of the product, many times over: a radius is rounded down. */
const ROOM = 2 ** -48;

const radiusOf = (sigma: number, lower: number): number => (lower > 0.5 ? sigma * normalQuantile(lower) * (1 - ROOM) : 0);

/**
 * The largest radius that `draws` copies can certify: σ·Φ⁻¹(α^(1/N)).
 * @throws sigma, alpha, draws
 */
export function smoothingCeiling(sigma: number, draws: number, alpha = ALPHA): number {
  checkNoise({ sigma, alpha });
  // α^(1/N) > ½
  needDraws(draws, Math.floor(-Math.log2(alpha)) + 1, alpha);
  return radiusOf(sigma, clopperPearson(draws, draws, alpha));
}

const right = (s: SmoothCertificate): boolean => s.predicted === s.label;

/** Certified accuracy: the share of samples that are right and certified beyond an L2 radius, so that the closed ball is. */
export const certifiedAt = (samples: readonly SmoothCertificate[], radius: number): number =>
  samples.filter((s) => right(s) && s.radius > radius).length / Math.max(samples.length, 1);

const standardRadii = (sigma: number, ceiling: number): number[] =>
  Array.from({ length: Math.ceil(ceiling / (sigma / 2)) }, (_, k) => (k * sigma) / 2);

/**
 * Certify the smoothed classifier g(x) = argmax_c P(f(x + ε) = c), ε ~ N(0, σ²I), around each sample: CERTIFY of the paper. The class c of most of N₀
 * noisy copies is taken, its chance is bounded from below by p_A from N others (Clopper & Pearson), and where p_A > ½, g is c within
 *
 *   ‖δ‖₂ < R = σ Φ⁻¹(p_A)
 *
 * with probability at least 1 − α over the noise, for each certificate on its own; else it abstains. The model is only asked for classes. What is
 * certified is g, to be asked by `smoothed`, and not the file alone. σ and R are in the data's units, before any preprocessing; noise is not clipped to the data's
 * range. The theorem is of real numbers: that noise and sum are rounded to float32 is not in it.
 * @param data samples [n, …] and their labels
 * @throws sigma, alpha, draws, selection, radius, batch, label-count, label-range, input-size
 */
export async function smooth(
  model: LabelModel,
  data: { readonly x: Tensor<"float32">; readonly labels: ArrayLike<number> },
  options: SmoothOptions,
): Promise<SmoothResult> {
  const { sigma, alpha = ALPHA, draws = 1000, selection = 100, seed = 0, indices, onProgress } = options;
  checkNoise(options);
  const ceiling = smoothingCeiling(sigma, draws, alpha);
  const { radii = standardRadii(sigma, ceiling) } = options;
  need(Number.isInteger(selection) && selection >= 1, "selection", "a whole number of copies ≥ 1", selection, "pass --selection 100");
  for (const r of radii) need(r >= 0, "radius", "radii ≥ 0", r, "pass distances in the units of the data");
  const x = model.samples(data.x);
  const n = x.shape[0]!;
  checkLabels(data.labels, n, model.classes);
  const base = await model.labels(x);
  const root = fold(seedKey(seed), "smooth");
  const total = n * (selection + draws);
  let done = 0;
  const onAnswered = (copies: number): void => {
    done += copies;
    onProgress?.(done, total);
  };
  const samples: SmoothCertificate[] = [];
  for (let i = 0; i < n; i++) {
    const sample = rows(x, i, i + 1).data;
    const key = fold(root, indices?.[i] ?? i);
    // the bound holds for a class that was chosen without a look at the votes it is bounded by
    const first = await votes(model, sample, { key: fold(key, "selection"), count: selection, onAnswered }, options);
    const second = await votes(model, sample, { key: fold(key, "estimation"), count: draws, onAnswered }, options);
    const selected = leader(first);
    const lower = clopperPearson(second[selected]!, draws, alpha);
    samples.push({
      index: i,
      label: data.labels[i]!,
      base: base[i]!,
      predicted: lower > 0.5 ? selected : null,
      radius: radiusOf(sigma, lower),
      selected,
      selectionVotes: first[selected]!,
      votes: second[selected]!,
      lower,
    });
  }
  const share = (ok: (s: SmoothCertificate) => boolean): number => samples.filter(ok).length / Math.max(n, 1);
  return {
    n,
    norm: "l2",
    sigma,
    alpha,
    draws,
    selection,
    ceiling,
    cleanAccuracy: share(right),
    baseAccuracy: share((s) => s.base === s.label),
    abstained: share((s) => s.predicted === null),
    certified: radii.map((radius) => ({ radius, accuracy: certifiedAt(samples, radius) })),
    averageRadius: samples.reduce((sum, s) => sum + (right(s) ? s.radius : 0), 0) / Math.max(n, 1),
    seed,
    runtime: model.runtime,
    samples,
  };
}
