/** Curves and products as bounds see them: enclosures, and the lines and planes that take their place backwards. */
import { enclose, lines } from "../net/curve/index.ts";
import type { Curved, Product } from "../net/network.ts";
import { GENEROUS, TINY, UNIT } from "../net/unit.ts";
import type { Enclosure } from "./enclosure.ts";
import type { Relaxation } from "./relaxation.ts";

type Bounds = Pick<Enclosure, "low" | "high">;

export function encloseCurve({ curve, from, size }: Curved, k: number, { low, high }: Bounds): void {
  for (let i = 0; i < size; i++) [low[k]![i], high[k]![i]] = enclose(curve, low[from]![i]!, high[from]![i]!);
}

/** The least and the largest of four corners. Of numbers of one sign each the product has one too, even where it underflows. */
export function encloseProduct({ from: [a, b], size }: Product, k: number, { low, high }: Bounds): void {
  for (let i = 0; i < size; i++) {
    const [lx, hx, ly, hy] = [low[a]![i]!, high[a]![i]!, low[b]![i]!, high[b]![i]!];
    const [p, q, r, s] = [lx * ly, lx * hy, hx * ly, hx * hy];
    // past the largest number there is at least that one; NaN stays
    const [least, most] = [Math.min(p, q, r, s, Number.MAX_VALUE), Math.max(p, q, r, s, -Number.MAX_VALUE)];
    const [down, up] = [least - 2 * UNIT * Math.abs(least) - TINY, most + 2 * UNIT * Math.abs(most) + TINY];
    const alike = (lx >= 0 && ly >= 0) || (hx <= 0 && hy <= 0);
    const unlike = (lx >= 0 && hy <= 0) || (hx <= 0 && ly >= 0);
    low[k]![i] = alike ? Math.max(down, 0) : down;
    high[k]![i] = unlike ? Math.min(up, 0) : up;
  }
}

/** s·|x| ≤ s·span, of an x that may be anything where s is 0. */
const times = (s: number, span: number): number => (s === 0 ? 0 : Math.abs(s) * span);

const spanOf = (l: number, h: number): number => Math.max(Math.abs(l), Math.abs(h));

/** The lines of all elements of a curve. */
export function relaxCurve({ curve, from, size }: Curved, k: number, { enclosure, below, lift, above, offset, weight }: Relaxation): void {
  const [low, high] = [enclosure.low[from]!, enclosure.high[from]!];
  for (let i = 0; i < size; i++) {
    const own = lines(curve, low[i]!, high[i]!);
    const span = spanOf(low[i]!, high[i]!);
    below[k]![i] = own.below.s;
    lift[k]![i] = own.below.t;
    above[k]![i] = own.above.s;
    offset[k]![i] = own.above.t;
    weight[k]![i] = Math.max(times(own.below.s, span) + Math.abs(own.below.t), times(own.above.s, span) + Math.abs(own.above.t));
  }
}

/** p·x + q·y + t */
export interface Plane {
  readonly p: number;
  readonly q: number;
  readonly t: number;
}

/**
 * A plane below x·y on a box. McCormick 1976's two, ly·x + lx·y − lx·ly and hy·x + hx·y − hx·hy, are equally high in the middle, and so is
 * each of their mixtures: the one that falls least over the box is taken. x·y − p·x − q·y is least in a corner, which proves t.
 */
export function planeBelow(lx: number, hx: number, ly: number, hy: number): Plane {
  const [wx, wy] = [hx - lx, hy - ly];
  let [p, q, fall] = [ly, lx, Math.abs(ly) * wx + Math.abs(lx) * wy];
  for (const share of [-ly / wy, -lx / wx, 1]) {
    if (!(share > 0 && share <= 1)) continue;
    const [u, v] = [ly + share * wy, lx + share * wx];
    const falls = Math.abs(u) * wx + Math.abs(v) * wy;
    if (falls < fall) [p, q, fall] = [u, v, falls];
  }
  let t = Number.POSITIVE_INFINITY;
  for (const x of [lx, hx])
    for (const y of [ly, hy]) {
      const [xy, px, qy] = [x * y, p * x, q * y];
      const room = (4 * UNIT * (Math.abs(xy) + Math.abs(px) + Math.abs(qy)) + TINY) * GENEROUS;
      t = Math.min(t, xy - px - qy - room);
    }
  return { p, q, t };
}

/** x·y = −(−x)·y */
export function planeAbove(lx: number, hx: number, ly: number, hy: number): Plane {
  const { p, q, t } = planeBelow(-hx, -lx, ly, hy);
  return { p, q: -q, t: -t };
}

/** Numbers of an element's two planes. */
export const PLANES = 6;

/** The planes of all elements of a product. */
export function relaxProduct({ from: [a, b], size }: Product, k: number, { enclosure: { low, high }, planes }: Relaxation): void {
  for (let i = 0; i < size; i++) {
    const box = [low[a]![i]!, high[a]![i]!, low[b]![i]!, high[b]![i]!] as const;
    const [under, over] = [planeBelow(...box), planeAbove(...box)];
    planes[k]!.set([under.p, under.q, under.t, over.p, over.q, over.t], PLANES * i);
  }
}

/** Where rows that are passed back have their constants, and what has been lost of those. */
interface Constants {
  readonly count: number;
  readonly over: (row: number) => Relaxation;
  readonly constant: Float64Array;
  readonly lost: Float64Array;
}

/** What rows of product `k` say of its factor `side`; the constants are counted with the first. */
export function multiplied(
  { from, size: n }: Product,
  k: number,
  side: 0 | 1,
  a: Float64Array,
  out: Float64Array,
  { count, over, constant, lost }: Constants,
): void {
  for (let r = 0; r < count; r++) {
    const { planes, enclosure } = over(r);
    const [own, low, high] = [planes[k]!, enclosure.low[from[side]]!, enclosure.high[from[side]]!];
    for (let i = 0, p = r * n; i < n; i++, p++) {
      const c = a[p]!;
      if (c === 0) continue;
      const at = PLANES * i + (c > 0 ? 0 : 3);
      const s = own[at + side]!;
      const t = own[at + 2]!;
      out[p]! += c * s;
      if (side === 0) constant[r]! += c * t;
      const weight = times(s, spanOf(low[i]!, high[i]!)) + (side === 0 ? Math.abs(t) : 0);
      lost[r]! += 2 * UNIT * (Math.abs(c) * weight + Math.abs(constant[r]!));
    }
  }
}
