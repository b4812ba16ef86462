/** What verdicts on samples add up to, at each ε. */
import type { GradientModel } from "../model/index.ts";
import type { BallVerdict, CertifyEachOptions, Method, SampleCertificates } from "./certify.ts";

/** A sample at one ε. */
export interface Certificate extends BallVerdict {
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Of attack and proofs, at all radii together. */
  readonly seconds: number;
}

export interface CertifyResult {
  readonly n: number;
  readonly method: Method;
  readonly epsilon: number;
  readonly norm: "linf" | "l2" | "l1";
  /** Of the data: balls are cut to it. */
  readonly range: readonly [number, number];
  readonly cleanAccuracy: number;
  /** Share certified: a lower bound of the accuracy under any attack. */
  readonly certifiedAccuracy: number;
  /** Share that nothing has falsified: an upper bound of it. */
  readonly attackedAccuracy: number;
  readonly seed: number;
  readonly runtime: string;
  readonly samples: readonly Certificate[];
}

/** The sums at each ε, of the samples that are there. */
export function results(
  samples: readonly SampleCertificates[],
  { runtime }: Pick<GradientModel, "runtime">,
  { epsilons, method = "crown", norm = "linf", range = [0, 1], seed = 0 }: CertifyEachOptions,
): CertifyResult[] {
  const sorted = [...samples].sort((a, b) => a.index - b.index);
  const n = sorted.length;
  const share = (ok: (s: SampleCertificates) => boolean) => sorted.filter(ok).length / Math.max(n, 1);
  return epsilons.map((epsilon, k) => ({
    n,
    method,
    epsilon,
    norm,
    range,
    cleanAccuracy: share((s) => s.predicted === s.label),
    certifiedAccuracy: share((s) => s.at[k]!.status === "certified"),
    attackedAccuracy: share((s) => s.at[k]!.status !== "falsified"),
    seed,
    runtime,
    samples: sorted.map(({ at, unstable: _, ...s }) => ({ ...s, ...at[k]! })),
  }));
}

export interface LayerStability {
  readonly size: number;
  /** Neurons that stay unstable, on average over the samples. */
  readonly mean: number;
  /** In how many samples each neuron did, [size]. */
  readonly counts: readonly number[];
}

/** How many rectifiers CROWN left unstable, layer by layer, over the samples that it was asked about. */
export function stability(
  samples: readonly SampleCertificates[],
  layers: readonly number[],
): { readonly n: number; readonly layers: LayerStability[] } {
  const asked = samples.flatMap((s) => (s.unstable ? [s.unstable] : []));
  return {
    n: asked.length,
    layers: layers.map((size, k) => {
      const counts = new Array<number>(size).fill(0);
      for (const unstable of asked) for (const i of unstable[k] ?? []) counts[i]!++;
      return { size, mean: counts.reduce((a, b) => a + b, 0) / Math.max(asked.length, 1), counts };
    }),
  };
}
