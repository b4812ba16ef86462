/** Per sample: how far its class is proven to reach, and how near an attack turns it. */
import { attack, fmn, norms, row } from "../attack/index.ts";
import { fail, type Tensor, take } from "../base/index.ts";
import type { GradientModel } from "../model/index.ts";
import { cores } from "../run/index.ts";
import type { CertifyOptions } from "./certify.ts";
import { Prover } from "./prover.ts";
import type { Claim } from "./spec/claim.ts";

export interface RadiusOptions extends Omit<CertifyOptions, "epsilon"> {
  /** The bisection stops where proof and the smallest unproven radius are so near; default a thousandth of the range. */
  readonly tolerance?: number;
  /** Samples that need not be looked at again. */
  readonly done?: readonly SampleRadius[];
}

export interface SampleRadius {
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** No input of the closed ball of this radius, within the range, is classified otherwise: proven. 0 where nothing is, or the sample is wrong as it is. */
  readonly certified: number;
  /** Distance of the nearest input that was found and turns the file; null where none was. */
  readonly attacked: number | null;
  /** What the nearest is classified as. */
  readonly turnedTo: number | null;
  readonly seconds: number;
}

/** Samples that are attacked together. */
const CHUNK = 32;

/**
 * Bisect each sample's radius between 0 and what a minimal attack (Pintor et al. 2021, arXiv:2102.12827) has found. `certified` ≤ `attacked`, always.
 * @throws tolerance, label-count, label-range, input-size, input-range; the signal's reason
 */
export async function* radiusEach(
  classifier: GradientModel,
  data: { readonly x: Tensor<"float32">; readonly labels: ArrayLike<number> },
  options: RadiusOptions = {},
): AsyncGenerator<SampleRadius> {
  const { norm = "linf", range = [0, 1], seed = 0, steps = 200, signal, onProgress, done = [] } = options;
  const tolerance = options.tolerance ?? (range[1] - range[0]) / 1000;
  if (!(tolerance > 0)) fail({ code: "tolerance", expected: "a tolerance > 0", got: `${tolerance}`, mend: "pass 0.001 or so" });
  const n = data.x.shape[0]!;
  const known = new Set(done.map((s) => s.index));
  const open = Array.from({ length: n }, (_, i) => i).filter((i) => !known.has(i));
  const prover = new Prover(classifier);
  let finished = n - open.length;
  try {
    for (let at = 0; at < open.length; at += CHUNK) {
      signal?.throwIfAborted();
      const chosen = open.slice(at, at + CHUNK);
      const start = performance.now();
      const part = { x: take(classifier.samples(data.x), chosen), labels: chosen.map((i) => data.labels[i]!) };
      const { samples } = await attack(classifier, part, {
        ...options,
        attack: fmn({ steps }),
        norm: norms[norm],
        range,
        seed,
        indices: chosen,
        onProgress: undefined,
      });
      const attacking = (performance.now() - start) / 1000 / chosen.length;
      for (const [k, index] of chosen.entries()) {
        signal?.throwIfAborted();
        const began = performance.now();
        const { label, predicted, adversarialPredicted, success, distance } = samples[k]!;
        const found =
          success && distance !== null ? { attacked: distance, turnedTo: adversarialPredicted } : { attacked: null, turnedTo: null };
        const claim = { x: row(part.x, k), label, norm, range };
        const reached = predicted === label ? await bisect(prover, claim, found, tolerance, options) : { ...found, certified: 0 };
        yield { index, label, predicted, ...reached, seconds: attacking + (performance.now() - began) / 1000 };
        onProgress?.(++finished, n);
      }
    }
  } finally {
    await prover.release();
  }
}

type Reached = Pick<SampleRadius, "certified" | "attacked" | "turnedTo">;

async function bisect(
  prover: Prover,
  claim: Omit<Claim, "epsilon">,
  found: Omit<Reached, "certified">,
  tolerance: number,
  { method = "crown", timeout = 10, threads = cores(), seed, signal }: RadiusOptions,
): Promise<Reached> {
  let { attacked, turnedTo } = found;
  const isProven = async (epsilon: number): Promise<boolean> => {
    const one = { ...claim, epsilon };
    for (const how of method === "ibp" ? (["ibp"] as const) : (["ibp", "crown"] as const))
      if ((await prover.bound(one, how)).margin > 0) return true;
    if (method !== "complete") return false;
    const { verdict, counterexample } = await prover.search(one, { timeout, threads, seed, starts: 0, signal });
    if (counterexample) {
      attacked = norms[claim.norm].distance(Float64Array.from(counterexample.x, (v, i) => v - claim.x[i]!));
      turnedTo = counterexample.y.reduce((b, v, j) => (v > counterexample.y[b]! ? j : b), 0);
    }
    return verdict === "unsat";
  };
  let certified = 0;
  if (prover.unread) return { certified, attacked, turnedTo };
  let unproven = attacked ?? widest(claim);
  // nothing was found anywhere: perhaps there is nothing
  if (attacked === null && (await isProven(unproven))) return { certified: unproven, attacked, turnedTo };
  while (unproven - certified > tolerance) {
    signal?.throwIfAborted();
    const middle = certified + 0.5 * (unproven - certified);
    if (await isProven(middle)) certified = middle;
    else unproven = attacked !== null && attacked < middle ? attacked : middle;
  }
  return { certified, attacked, turnedTo };
}

/** From any input of the range to any other. */
function widest({ x, norm, range }: Omit<Claim, "epsilon">): number {
  const [width, n] = [range[1] - range[0], x.length];
  return norm === "linf" ? width : norm === "l2" ? width * Math.sqrt(n) : width * n;
}

/** The share of samples that are right as they are and certified up to at least each radius. */
export const certifiedShare = (samples: readonly SampleRadius[], radius: number): number =>
  samples.filter((s) => s.predicted === s.label && s.certified >= radius).length / Math.max(samples.length, 1);

/** All samples at once. The method is CROWN unless another is asked for. */
export async function radius(
  classifier: GradientModel,
  data: { readonly x: Tensor<"float32">; readonly labels: ArrayLike<number> },
  options: RadiusOptions = {},
): Promise<readonly SampleRadius[]> {
  const samples: SampleRadius[] = [...(options.done ?? [])];
  for await (const one of radiusEach(classifier, data, options)) samples.push(one);
  return samples.sort((a, b) => a.index - b.index);
}
