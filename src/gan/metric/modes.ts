/** How much of a known mixture a generator makes, and how well. */
import type { Mixture } from "../../data/index.ts";

export interface ModeCount {
  /** Samples. */
  readonly n: number;
  /** Modes with a sample of high quality. */
  readonly modes: number;
  readonly of: number;
  /** Share of samples within 3 standard deviations of the nearest mode. */
  readonly highQuality: number;
  /** KL(generated ‖ uniform) of the modes' shares among samples of high quality, in nats; null where there is none. */
  readonly reverseKl: number | null;
  /** Samples of high quality, mode by mode. */
  readonly counts: readonly number[];
}

/** Deviations within which a sample counts. */
const NEAR = 3;

/** Σ p log(p·K) over K shares. */
export function klFromUniform(counts: ArrayLike<number>): number | null {
  const total = Array.from(counts).reduce((a, b) => a + b, 0);
  if (total === 0) return null;
  return Array.from(counts).reduce((sum, c) => (c === 0 ? sum : sum + (c / total) * Math.log((c / total) * counts.length)), 0);
}

/**
 * Modes, share of high quality and reverse KL of points [n, 2]: the metric of VEEGAN (Srivastava et al. 2017, arXiv:1705.07761) as PacGAN computes it (Lin et al. 2018,
 * arXiv:1712.04086, §4.1).
 */
export function countModes(points: ArrayLike<number>, { means, std }: Mixture): ModeCount {
  const counts = new Array<number>(means.length).fill(0);
  const n = points.length / 2;
  for (let i = 0; i < n; i++) {
    let [nearest, least] = [0, Number.POSITIVE_INFINITY];
    for (const [k, [a, b]] of means.entries()) {
      const d = Math.hypot(points[2 * i]! - a, points[2 * i + 1]! - b);
      if (d < least) [nearest, least] = [k, d];
    }
    if (least < NEAR * std) counts[nearest]!++;
  }
  const good = counts.reduce((a, b) => a + b, 0);
  return {
    n,
    modes: counts.filter((c) => c > 0).length,
    of: means.length,
    highQuality: good / Math.max(n, 1),
    reverseKl: klFromUniform(counts),
    counts,
  };
}
