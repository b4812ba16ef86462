/** Curves and products as bounds see them: enclosures, and the lines and planes that take their place backwards. */
import { enclose, lines } from "../net/curve/index.ts";
import type { Curved, Product } from "../net/network.ts";
import { GENEROUS, TINY, UNIT } from "../net/unit.ts";
import type { Enclosure } from "./enclosure.ts";

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

export function curved(
  { curve, from, size: n }: Curved,
  a: Float64Array,
  count: number,
  out: Float64Array,
  constant: Float64Array,
  lost: Float64Array,
  { low, high }: Bounds,
): void {
  for (let i = 0; i < n; i++) {
    if (!asked(a, i, count, n)) continue;
    const [l, h] = [low[from]![i]!, high[from]![i]!];
    const { below, above } = lines(curve, l, h);
    const span = spanOf(l, h);
    const weights = [below, above].map(({ s, t }) => times(s, span) + Math.abs(t)) as [number, number];
    for (let r = 0, p = i; r < count; r++, p += n) {
      const c = a[p]!;
      if (c === 0) continue;
      // NaN takes a line too, and stays
      const [{ s, t }, weight] = c > 0 ? [below, weights[0]] : [above, weights[1]];
      out[p]! += c * s;
      constant[r]! += c * t;
      lost[r]! += 2 * UNIT * (Math.abs(c) * weight + Math.abs(constant[r]!));
    }
  }
}

/** Whether any row has a coefficient there. */
function asked(a: Float64Array, i: number, count: number, n: number): boolean {
  for (let p = i; p < count * n; p += n) if (a[p] !== 0) return true;
  return false;
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

/** What rows of a product say of its factor `side`; the constants are counted with the first. */
export function multiplied(
  { from, size: n }: Product,
  side: 0 | 1,
  a: Float64Array,
  count: number,
  out: Float64Array,
  constant: Float64Array,
  lost: Float64Array,
  { low, high }: Bounds,
): void {
  for (let i = 0; i < n; i++) {
    if (!asked(a, i, count, n)) continue;
    const [lx, hx, ly, hy] = [low[from[0]]![i]!, high[from[0]]![i]!, low[from[1]]![i]!, high[from[1]]![i]!];
    const [below, above] = [planeBelow(lx, hx, ly, hy), planeAbove(lx, hx, ly, hy)];
    const span = side === 0 ? spanOf(lx, hx) : spanOf(ly, hy);
    for (let r = 0, k = i; r < count; r++, k += n) {
      const c = a[k]!;
      if (c === 0) continue;
      const { p, q, t } = c > 0 ? below : above;
      const s = side === 0 ? p : q;
      out[k]! += c * s;
      if (side === 0) constant[r]! += c * t;
      const weight = times(s, span) + (side === 0 ? Math.abs(t) : 0);
      lost[r]! += 2 * UNIT * (Math.abs(c) * weight + Math.abs(constant[r]!));
    }
  }
}
