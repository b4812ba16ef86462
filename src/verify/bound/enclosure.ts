/** Enclosures of all values of a network over a box, in float64 and outward: what arithmetic rounds is added on the outside. */

import { terms } from "../net/linear.ts";
import type { Affine, Network, Rectifier, Sum } from "../net/network.ts";
import { gamma, machine, TINY, tinyOf, UNIT } from "../net/unit.ts";
import { encloseCurve, encloseProduct } from "./bends.ts";

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

/** Enclose vertex `k` by what encloses those before it; `known` encloses it over a larger domain. */
export function encloseVertex(network: Network, k: number, into: Enclosure, known?: Enclosure): void {
  const v = network.vertices[k]!;
  if (v.kind === "affine") encloseAffine(v, k, into, known);
  else if (v.kind === "sum") encloseSum(v, k, into);
  else if (v.kind === "rectifier") encloseRectifier(v, k, into);
  else if (v.kind === "curve") encloseCurve(v, k, into);
  else if (v.kind === "product") encloseProduct(v, k, into);
}

/** `known` encloses the vertex over a larger domain: what has one sign there is left as it is. */
function encloseAffine(
  { map, bias, biasReach, from, inexact, size, unit }: Affine,
  k: number,
  { low, high, reach }: Enclosure,
  known?: Enclosure,
): void {
  const [l, h] = [low[from]!, high[from]!];
  const [outLow, outHigh, outReach] = [low[k]!, high[k]!, reach[k]!];
  const n = terms(map);
  const share = gamma(n + 3) + inexact + machine(n, unit);
  const tiny = TINY + tinyOf(n + 3, unit);
  for (let i = 0; i < size; i++) {
    if (known) {
      const [a, b] = [known.low[k]![i]!, known.high[k]![i]!];
      if (a >= 0 || b <= 0) {
        outLow[i] = a;
        outHigh[i] = b;
        outReach[i] = known.reach[k]![i]!;
        continue;
      }
    }
    let least = bias ? bias[i]! : 0;
    let most = least;
    // each sum pays for its own terms: of positive ones the least stays positive, however large the others may be
    let all = biasReach ? biasReach[i]! : Math.abs(least);
    let [below, above] = [all, all];
    const [start, end] = map.kind === "dense" ? [i * map.columns, (i + 1) * map.columns] : [map.starts[i]!, map.starts[i + 1]!];
    for (let p = start; p < end; p++) {
      const w = map.data[p]!;
      const j = map.kind === "dense" ? p - start : map.places[p]!;
      const x = w * l[j]!;
      const y = w * h[j]!;
      // which is less depends on w's sign; a NaN stays one
      const [a, b] = [Math.min(x, y), Math.max(x, y)];
      const [down, up] = [Math.abs(a), Math.abs(b)];
      least += a;
      most += b;
      below += down;
      above += up;
      all += Math.max(down, up);
    }
    outLow[i] = least - share * below - tiny;
    outHigh[i] = most + share * above + tiny;
    outReach[i] = all;
  }
}

function encloseSum({ from, size, unit }: Sum, k: number, { low, high }: Enclosure): void {
  const share = gamma(from.length + 1) + machine(from.length, unit);
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

function encloseRectifier({ from, slope, size, unit = 0 }: Rectifier, k: number, { low, high }: Enclosure): void {
  // a product with a slope other than 0 or 1 is rounded
  const down = slope * (1 + 2 * UNIT + 2 * unit);
  const up = slope * (1 - 2 * UNIT - 2 * unit);
  const room = slope > 0 ? TINY + tinyOf(1, unit) : 0;
  for (let i = 0; i < size; i++) {
    const [l, h] = [low[from]![i]!, high[from]![i]!];
    // a NaN stays one: comparisons with it are false
    low[k]![i] = l >= 0 ? l : down * l - room;
    high[k]![i] = h >= 0 ? h : up * h + room;
  }
}

/** Enclose vertex `k` as a larger domain does. */
export function inherit(k: number, into: Enclosure, from: Enclosure): void {
  into.low[k]!.set(from.low[k]!);
  into.high[k]!.set(from.high[k]!);
  into.reach[k]!.set(from.reach[k]!);
}

/** Intersect vertex `k` with what a larger box has given. Rounding may cross the two by a little: then the new one stands. */
export function intersect(k: number, into: Enclosure, with_: Enclosure): boolean {
  const [l, h, pl, ph] = [into.low[k]!, into.high[k]!, with_.low[k]!, with_.high[k]!];
  for (let i = 0; i < l.length; i++) {
    const [a, b] = [Math.max(l[i]!, pl[i]!), Math.min(h[i]!, ph[i]!)];
    // both hold wherever there is anything: NaN says nothing
    if (a > b) return false;
    if (a <= b) {
      l[i] = a;
      h[i] = b;
    }
  }
  return true;
}
