/**
 * For how much of what a bound misses each rectifier is to blame: by its own line, and by the lines of others that its bounds have made. A row misses
 * c·gap at a rectifier of which it asks c, and would gain c·∂gap/∂l of each unit by which that rectifier's low bound rose: that bound is a row as
 * well, and misses what it misses times this. Gaps are taken where the rectifier reads 0: a measure of what to split, and no bound.
 */
import type { Network } from "../net/network.ts";
import type { Relaxation } from "./relaxation.ts";

export interface Blame {
  /** By rectifier vertex and element: what the bound would gain if nothing were missed there. */
  readonly shares: readonly Float64Array[];
  /** By vertex that rectifiers read, the low bound of each element and its high one: what the bound gains of each unit. */
  readonly gains: readonly Float64Array[];
}

export const noBlame = ({ vertices }: Network): Blame => ({
  shares: vertices.map((v) => new Float64Array(v.kind === "rectifier" ? v.size : 0)),
  gains: vertices.map((v) => new Float64Array(2 * v.size)),
});

/** Add what row `r`, of which a unit counts `weight`, misses at each vertex before. */
export function blame(
  { vertices }: Network,
  lines: Relaxation,
  passed: readonly (Float64Array | null)[],
  r: number,
  weight: number,
  { shares, gains }: Blame,
): void {
  for (let k = 0; k < passed.length; k++) {
    const v = vertices[k]!;
    const asked = passed[k];
    if (v.kind !== "rectifier" || !asked) continue;
    const [low, high] = [lines.enclosure.low[v.from]!, lines.enclosure.high[v.from]!];
    const [offset, share, gain] = [lines.offset[k]!, shares[k]!, gains[v.from]!];
    for (let i = 0, p = r * v.size; i < v.size; i++, p++) {
      if (!(offset[i]! > 0)) continue;
      const c = asked[p]! * weight;
      const [l, h] = [low[i]!, high[i]!];
      if (c < 0) {
        // (1 − slope)·h·(−l)/(h − l)
        const [a, b] = [h / (h - l), l / (h - l)];
        share[i]! -= c * offset[i]!;
        gain[2 * i]! -= c * (1 - v.slope) * a * a;
        gain[2 * i + 1]! -= c * (1 - v.slope) * b * b;
      } else share[i]! += c * (1 - v.slope) * Math.min(h, -l);
    }
  }
}
