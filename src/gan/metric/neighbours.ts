/** Precision and recall, density and coverage: whether samples lie where the data do, and the data where the samples do. */
import { fail, type Tensor } from "../../base/index.ts";
import type { RunOptions } from "../../run/index.ts";
import { distances, kthNearest } from "./distances.ts";

type Numbers = Tensor<"float32">;

export interface Neighbourhood {
  readonly k: number;
  /** Share of generated samples within a real one's k-th neighbour. Kynkäänniemi et al. 2019, arXiv:1904.06991, eq. 1–3. */
  readonly precision: number;
  /** Share of real samples within a generated one's k-th neighbour. */
  readonly recall: number;
  /** Mean number of such real balls that a generated sample lies in, by k: precision that an outlier does not spoil; may exceed 1. Naeem et al. 2020, arXiv:2002.09797, §3. */
  readonly density: number;
  /** Share of real samples with a generated one in their ball. */
  readonly coverage: number;
}

/** Of features or points, real [n, d] and generated [m, d]. */
export async function neighbourhood(
  real: Numbers,
  fake: Numbers,
  { k = 5, ...run }: RunOptions & { k?: number } = {},
): Promise<Neighbourhood> {
  const [n, m] = [real.shape[0]!, fake.shape[0]!];
  if (Math.min(n, m) <= k)
    fail({ code: "metric-few", expected: `more than ${k} samples on either side`, got: `${Math.min(n, m)}`, mend: "bring more samples" });
  const [ofReal, ofFake] = [await kthNearest(real, k, run), await kthNearest(fake, k, run)];
  const inside = new Int32Array(m);
  const recalled = new Uint8Array(n);
  const covered = new Uint8Array(n);
  await distances(
    fake,
    real,
    (block, at, count) => {
      for (let i = 0; i < count; i++)
        for (let j = 0; j < n; j++) {
          const d = block[i * n + j]!;
          if (d <= ofReal[j]!) {
            inside[at + i]!++;
            covered[j] = 1;
          }
          if (d <= ofFake[at + i]!) recalled[j] = 1;
        }
    },
    run,
  );
  const share = (v: ArrayLike<number>): number => Array.from(v).filter((c) => c > 0).length / v.length;
  return {
    k,
    precision: share(inside),
    recall: share(recalled),
    density: inside.reduce((a, b) => a + b, 0) / (k * m),
    coverage: share(covered),
  };
}
