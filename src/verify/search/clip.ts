/** Cut a box with linear bounds: what lies beyond them holds no counterexample. */

import type { LinearBounds } from "../bound/backward.ts";
import { gamma, TINY } from "../net/unit.ts";
import type { Box } from "./falsify.ts";

/** The part of `box` in which coefficients·x + constant ≤ 0 of each of `rows` is possible, outward; null where there is none. */
export function clipped(box: Box, { coefficients, constant }: LinearBounds, rows: readonly number[]): Box | null {
  const n = box.low.length;
  const [low, high] = [box.low.slice(), box.high.slice()];
  const share = gamma(n + 6);
  for (const r of rows) {
    let [sum, all] = [constant[r]!, Math.abs(constant[r]!)];
    for (let j = 0; j < n; j++) {
      const c = coefficients[r * n + j]!;
      sum += Math.min(c * low[j]!, c * high[j]!);
      all += Math.abs(c) * Math.max(Math.abs(low[j]!), Math.abs(high[j]!));
    }
    if (sum - share * all - TINY > 0) return null;
    for (let j = 0; j < n; j++) {
      const c = coefficients[r * n + j]!;
      // what is left of 0 for c·x_j, when all the others are at their least
      const left = Math.min(c * low[j]!, c * high[j]!) - sum + 2 * share * all + TINY;
      const edge = left / c;
      if (!Number.isFinite(edge)) continue;
      const outward = Math.abs(edge) * 2 ** -50 + TINY;
      if (c > 0 && edge + outward < high[j]!) high[j] = Math.max(edge + outward, low[j]!);
      if (c < 0 && edge - outward > low[j]!) low[j] = Math.min(edge - outward, high[j]!);
    }
  }
  return { low, high };
}

/** The smallest box around both. */
export const hull = (a: Box, b: Box): Box => ({
  low: a.low.map((v, j) => Math.min(v, b.low[j]!)),
  high: a.high.map((v, j) => Math.max(v, b.high[j]!)),
});
