/** Log-likelihood of test data under a Parzen window of samples: the protocol of Goodfellow et al. 2014, arXiv:1406.2661, §5, as its code has it. */
import { rows, type Tensor } from "../../base/index.ts";
import type { RunOptions } from "../../run/index.ts";
import { distances, flat } from "./distances.ts";

type Numbers = Tensor<"float32">;

export interface Parzen {
  /** Mean over the test samples, in nats. */
  readonly logLikelihood: number;
  /** Standard error of that mean, over the test samples. */
  readonly error: number;
  readonly sigma: number;
  readonly samples: number;
  readonly test: number;
}

/** Widths that are tried: ten from 0.1 to 1, evenly in the logarithm. */
const SIGMAS = Array.from({ length: 10 }, (_, i) => 10 ** (-1 + i / 9));

/** log p(x) of each row of x, for each σ: log mean exp(−‖x − s‖²/2σ²) − d·log(σ√2π). */
async function logDensities(samples: Numbers, x: Numbers, sigmas: readonly number[], run: RunOptions): Promise<Float64Array[]> {
  const [n, d, m] = [samples.shape[0]!, samples.shape[1]!, x.shape[0]!];
  const out = sigmas.map(() => new Float64Array(m));
  await distances(
    x,
    samples,
    (block, at, count) => {
      for (let i = 0; i < count; i++) {
        const row = block.subarray(i * n, (i + 1) * n);
        const least = row.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
        for (const [s, sigma] of sigmas.entries()) {
          let sum = 0;
          for (const v of row) sum += Math.exp((least - v) / (2 * sigma * sigma));
          out[s]![at + i] = Math.log(sum / n) - least / (2 * sigma * sigma) - d * Math.log(sigma * Math.sqrt(2 * Math.PI));
        }
      }
    },
    run,
  );
  return out;
}

const mean = (v: Float64Array): number => v.reduce((a, b) => a + b, 0) / v.length;

/**
 * @param samples of the generator, [n, …]
 * @param validation picks σ; of the protocol the first 1,000 of the last 10,000 training images
 */
export async function parzen(samples: Numbers, validation: Numbers, test: Numbers, run: RunOptions = {}): Promise<Parzen> {
  const [s, v, t] = [flat(samples), flat(validation), flat(test)];
  const tried = (await logDensities(s, rows(v, 0, Math.min(1_000, v.shape[0]!)), SIGMAS, run)).map(mean);
  const sigma = SIGMAS[tried.indexOf(Math.max(...tried))]!;
  const [found] = await logDensities(s, t, [sigma], run);
  const m = mean(found!);
  const variance = mean(found!.map((x) => (x - m) ** 2));
  return { logLikelihood: m, error: Math.sqrt(variance / found!.length), sigma, samples: s.shape[0]!, test: t.shape[0]! };
}
