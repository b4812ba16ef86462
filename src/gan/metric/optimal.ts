/** How far a discriminator is from the best there is, where the data's density is known. */
import { fail, type Tensor } from "../../base/index.ts";
import type { Mixture } from "../../data/index.ts";
import type { Judge } from "./evaluate.ts";

type Numbers = Tensor<"float32">;

/** Cells of the grid along a side: half a deviation each, as long as there are not more than this. */
const MOST = 400;

/** Φ(z), by the complementary error function of Numerical Recipes, §6.2.2: relative error below 1.2e-7. */
function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const p = [1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  const poly = p.reduceRight((sum, c) => c + t * sum, 0);
  const tail = (t * Math.exp(-x * x - 1.26551223 + t * poly)) / 2;
  return z >= 0 ? 1 - tail : tail;
}

/** The mixture's mass in each cell of the grid, row by row of y. */
function masses({ means, std }: Mixture, [low, high]: readonly [number, number], side: number): Float64Array {
  const out = new Float64Array(side * side);
  const width = (high - low) / side;
  const along = (mean: number) => {
    const cdf = Float64Array.from({ length: side + 1 }, (_, i) => normalCdf((low + i * width - mean) / std));
    return Float64Array.from({ length: side }, (_, i) => cdf[i + 1]! - cdf[i]!);
  };
  for (const [a, b] of means) {
    const [x, y] = [along(a), along(b)];
    for (let j = 0; j < side; j++) if (y[j]! > 0) for (let i = 0; i < side; i++) out[j * side + i]! += (x[i]! * y[j]!) / means.length;
  }
  return out;
}

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/**
 * What to take from logits whose differences alone mean something, so that as many samples are judged real as there are: Σ wᵢσ(dᵢ − c) = ½ Σ wᵢ, as the best
 * discriminator has it, whatever p and q are.
 */
export function calibration(logits: ArrayLike<number>, weight: (i: number) => number = () => 1): number {
  const d = Array.from(logits);
  const total = d.reduce((sum, _, i) => sum + weight(i), 0);
  let [low, high] = d.reduce(
    ([a, b], v) => [Math.min(a, v), Math.max(b, v)] as [number, number],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  for (let k = 0; k < 60; k++) {
    const c = (low + high) / 2;
    if (d.reduce((sum, v, i) => sum + weight(i) * sigmoid(v - c), 0) > total / 2) low = c;
    else high = c;
  }
  return (low + high) / 2;
}

/**
 * Root mean square of σ(D(x)), or of D(x) where the objective makes that the share (least squares), − p(x)/(p(x) + q(x)) on a grid of cells half a deviation wide (at most 400×400) over the data's range, each cell weighted by (p + q)/2: p the mixture's own mass in the cell, q the
 * share of `samples` [n, 2] there (outside the range they are left out). Where the objective fixes its logits up to a constant only (a relativistic one), D is shifted
 * by its `calibration`. Goodfellow et al. 2014, arXiv:1406.2661, Proposition 1.
 */
export async function rmseToOptimal(
  mixture: Mixture,
  samples: Numbers,
  range: readonly [number, number],
  { logits, optimum }: Pick<Judge, "logits" | "optimum">,
): Promise<number> {
  if (samples.shape[1] !== 2)
    fail({ code: "metric-shape", expected: "points of the plane", got: `[${samples.shape}]`, mend: "ask for this of mixtures only" });
  const [low, high] = range;
  const side = Math.min(MOST, Math.ceil((high - low) / (mixture.std / 2)));
  const width = (high - low) / side;
  const p = masses(mixture, range, side);
  const q = new Float64Array(side * side);
  const n = samples.shape[0]!;
  const cell = (v: number) => Math.floor((v - low) / width);
  for (let k = 0; k < n; k++) {
    const [i, j] = [cell(samples.data[2 * k]!), cell(samples.data[2 * k + 1]!)];
    if (i >= 0 && j >= 0 && i < side && j < side) q[j * side + i]! += 1 / n;
  }
  // cells that hold next to nothing of either weigh next to nothing
  const used = Array.from(p.keys()).filter((k) => p[k]! + q[k]! > 1e-9);
  const points = new Float32Array(2 * used.length);
  for (const [k, c] of used.entries()) points.set([low + ((c % side) + 0.5) * width, low + (Math.floor(c / side) + 0.5) * width], 2 * k);
  const d = await logits({ dtype: "float32", shape: [used.length, 2], data: points });
  const weight = (c: number) => (p[c]! + q[c]!) / 2;
  const total = used.reduce((sum, c) => sum + weight(c), 0);
  const shift = optimum === "shifted-log-odds" ? calibration(d, (k) => weight(used[k]!)) : 0;
  const said = (v: number) => (optimum === "share" ? v : sigmoid(v - shift));
  const squares = used.reduce((sum, c, k) => sum + weight(c) * (said(d[k]!) - p[c]! / (p[c]! + q[c]!)) ** 2, 0);
  return Math.sqrt(squares / total);
}
