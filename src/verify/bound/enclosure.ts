/** Enclosures of all values of a network over a box, in float64 and outward: what arithmetic rounds is added on the outside. */

import { terms } from "../net/linear.ts";
import type { Affine, Network, Rectifier, Sum } from "../net/network.ts";
import { gamma, machine, overflows, TINY, tinyOf, UNIT } from "../net/unit.ts";
import { encloseCurve, encloseProduct } from "./bends.ts";

/** low ≤ value ≤ high of each vertex; `reach` is Σ|M|·max|x| + |bias| of an affine one: what its rounding is a share of. */
export interface Enclosure {
  readonly low: Float64Array[];
  readonly high: Float64Array[];
  readonly reach: Float64Array[];
}

const NOTHING = new Float64Array(0);
const NO_PLACES = new Int32Array(0);
/** Which half of a float64 has its sign. */
const HIGH = new Int32Array(Float64Array.of(-1).buffer)[1] === 0 ? 0 : 1;

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
  const { data } = map;
  const bits = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
  const dense = map.kind === "dense";
  const [starts, places] = dense ? [NO_PLACES, NO_PLACES] : [map.starts, map.places];
  const { ends, spans } = endsOf(l, h);
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
    let below = all;
    let above = all;
    const end = dense ? (i + 1) * map.columns : starts[i + 1]!;
    const first = dense ? i * map.columns : starts[i]!;
    for (let p = first; p < end; p++) {
      const j = dense ? p - first : places[p]!;
      const w = data[p]!;
      // the sign bit says which end is less: a branch would be guessed wrongly half of the time
      const q = 2 * j + (bits[2 * p + HIGH]! >>> 31);
      const a = w * ends[q]!;
      const b = w * ends[q ^ 1]!;
      least += a;
      most += b;
      below += Math.abs(a);
      above += Math.abs(b);
      all += Math.abs(w) * spans[j]!;
    }
    // an overflow may be followed by anything
    const lost = overflows(all, unit) ? Number.NaN : tiny;
    outLow[i] = least - share * below - lost;
    outHigh[i] = most + share * above + lost;
    outReach[i] = all + lost;
  }
}

/** The ends of each element, one after the other, and the greatest absolute value between them. Of one that is NaN both are. */
function endsOf(l: Float64Array, h: Float64Array): { readonly ends: Float64Array; readonly spans: Float64Array } {
  const [ends, spans] = [new Float64Array(2 * l.length), new Float64Array(l.length)];
  for (let j = 0; j < l.length; j++) {
    const low = l[j]!;
    const high = h[j]!;
    const span = Math.max(Math.abs(low), Math.abs(high));
    const unknown = Number.isNaN(span);
    ends[2 * j] = unknown ? span : low;
    ends[2 * j + 1] = unknown ? span : high;
    spans[j] = span;
  }
  return { ends, spans };
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
    if (overflows(all, unit)) all = Number.NaN;
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
