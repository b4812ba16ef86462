/** Which input to halve. */
import type { HalfSpace } from "../bound/cuts.ts";
import type { Box } from "./falsify.ts";

/** Of a row's largest slope, what the others count as at least: no input is forgotten. On ACAS Xu a half less, or twice as much, needs more boxes. */
const SHARE = 0.1;

/** The axis on which linear forms depend most over the box. */
export function widestAxis(forms: readonly Pick<HalfSpace, "g">[], { low, high }: Box): number {
  const score = new Float64Array(low.length);
  for (const { g } of forms) {
    const most = g.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    for (let j = 0; j < g.length; j++) score[j]! += Math.max(Math.abs(g[j]!), SHARE * most) * (high[j]! - low[j]!);
  }
  return score.indexOf(score.reduce((a, b) => Math.max(a, b)));
}
