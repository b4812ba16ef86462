/** The kernel inception distance, on any features. Bińkowski et al. 2018, arXiv:1801.01401, §4. */
import type { Tensor } from "../../base/index.ts";
import type { RunOptions } from "../../run/index.ts";
import { products } from "./distances.ts";

type Numbers = Tensor<"float32">;

/** Σ k(aᵢ, bⱼ), k(x, y) = (x·y/d + 1)³; with `distinct` without i = j. */
async function total(a: Numbers, b: Numbers, distinct: boolean, run: RunOptions): Promise<number> {
  const [d, m] = [a.shape[1]!, b.shape[0]!];
  let sum = 0;
  await products(
    a,
    b,
    (block, at, count) => {
      for (let i = 0; i < count; i++) for (let j = 0; j < m; j++) if (!distinct || at + i !== j) sum += (block[i * m + j]! / d + 1) ** 3;
    },
    run,
  );
  return sum;
}

/**
 * The unbiased estimate of the squared maximum mean discrepancy between features [n, d] and [m, d], of all samples at once (not of subsets): 0 in the mean for two
 * samples of one distribution, and then below 0 half the time.
 */
export async function kernelDistance(a: Numbers, b: Numbers, run: RunOptions = {}): Promise<number> {
  const [n, m] = [a.shape[0]!, b.shape[0]!];
  const [aa, bb, ab] = [await total(a, a, true, run), await total(b, b, true, run), await total(a, b, false, run)];
  return aa / (n * (n - 1)) + bb / (m * (m - 1)) - (2 * ab) / (n * m);
}
