/** Enclosures of all values of a network over a box, in float64 and outward: what arithmetic rounds is added on the outside. */

import { terms } from "../net/linear.ts";
import type { Affine, Network, Rectifier, Sum } from "../net/network.ts";
import { gamma, TINY, UNIT } from "../net/unit.ts";
import { encloseCurve, encloseProduct } from "./bends.ts";

export { gamma, TINY, UNIT } from "../net/unit.ts";

/** low ≤ value ≤ high of each vertex; `reach` is Σ|M|·max|x| + |bias| of an affine one: what its rounding is a share of. */
export interface Enclosure {
  readonly low: Float64Array[];
  readonly high: Float64Array[];
  readonly reach: Float64Array[];
}

const NOTHING = new Float64Array(0);

/** Room for `network`'s enclosures. */
export const emptyEnclosure = ({ vertices }: Network): Enclosure => ({
  low: vertices.map((v) => new Float64Array(v.size)),
  high: vertices.map((v) => new Float64Array(v.size)),
  reach: vertices.map((v) => (v.kind === "affine" ? new Float64Array(v.size) : NOTHING)),
});

/** Enclose vertex `k` by what encloses those before it. */
export function encloseVertex(network: Network, k: number, into: Enclosure): void {
  const v = network.vertices[k]!;
  if (v.kind === "affine") encloseAffine(v, k, into);
  else if (v.kind === "sum") encloseSum(v, k, into);
  else if (v.kind === "rectifier") encloseRectifier(v, k, into);
  else if (v.kind === "curve") encloseCurve(v, k, into);
  else if (v.kind === "product") encloseProduct(v, k, into);
}

function encloseAffine({ map, bias, from, inexact, size }: Affine, k: number, { low, high, reach }: Enclosure): void {
  const [l, h] = [low[from]!, high[from]!];
  const [outLow, outHigh, outReach] = [low[k]!, high[k]!, reach[k]!];
  const share = gamma(terms(map) + 3) + inexact;
  for (let i = 0; i < size; i++) {
    let least = bias ? bias[i]! : 0;
    let most = least;
    // each sum pays for its own terms: of positive ones the least stays positive, however large the others may be
    let [below, above, all] = [Math.abs(least), Math.abs(least), Math.abs(least)];
    const [from, to] = map.kind === "dense" ? [i * map.columns, (i + 1) * map.columns] : [map.starts[i]!, map.starts[i + 1]!];
    const first = map.kind === "dense" ? from : 0;
    for (let p = from; p < to; p++) {
      const w = map.data[p]!;
      const j = map.kind === "dense" ? p - first : map.places[p]!;
      const a = w * (w >= 0 ? l[j]! : h[j]!);
      const b = w * (w >= 0 ? h[j]! : l[j]!);
      const down = Math.abs(a);
      const up = Math.abs(b);
      least += a;
      most += b;
      below += down;
      above += up;
      all += Math.max(down, up);
    }
    outLow[i] = least - share * below - TINY;
    outHigh[i] = most + share * above + TINY;
    outReach[i] = all;
  }
}

function encloseSum({ from, size }: Sum, k: number, { low, high }: Enclosure): void {
  const share = gamma(from.length + 1);
  for (let i = 0; i < size; i++) {
    let [least, most, all] = [0, 0, 0];
    for (const s of from) {
      least += low[s]![i]!;
      most += high[s]![i]!;
      all += Math.max(Math.abs(low[s]![i]!), Math.abs(high[s]![i]!));
    }
    low[k]![i] = least - share * all;
    high[k]![i] = most + share * all;
  }
}

function encloseRectifier({ from, slope, size }: Rectifier, k: number, { low, high }: Enclosure): void {
  // a product with a slope other than 0 or 1 is rounded
  const down = slope * (1 + 2 * UNIT);
  const up = slope * (1 - 2 * UNIT);
  const room = slope > 0 ? TINY : 0;
  for (let i = 0; i < size; i++) {
    const [l, h] = [low[from]![i]!, high[from]![i]!];
    // a NaN stays one: comparisons with it are false
    low[k]![i] = l >= 0 ? l : down * l - room;
    high[k]![i] = h >= 0 ? h : up * h + room;
  }
}

/** Intersect vertex `k` with what a larger box has given. Rounding may cross the two by a little: then the new one stands. */
export function intersect(k: number, into: Enclosure, with_: Enclosure): void {
  const [l, h, pl, ph] = [into.low[k]!, into.high[k]!, with_.low[k]!, with_.high[k]!];
  for (let i = 0; i < l.length; i++) {
    const [a, b] = [Math.max(l[i]!, pl[i]!), Math.min(h[i]!, ph[i]!)];
    if (a <= b) {
      l[i] = a;
      h[i] = b;
    }
  }
}
