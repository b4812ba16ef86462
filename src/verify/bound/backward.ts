/**
 * Linear bounds from the back: rows·y ≥ coefficients·x + constant on the whole box. Zhang et al. 2018, arXiv:1811.00866 (CROWN).
 * Each step chooses float64 coefficients and pays for what they miss: whatever was rounded is then no assumption, but a term of the bound.
 */

import { columnTerms, pulled } from "../net/linear.ts";
import type { Rectifier, Vertex } from "../net/network.ts";
import { type Network, sourcesOf } from "../net/network.ts";
import { curved, multiplied } from "./bends.ts";
import { type Enclosure, gamma, TINY, UNIT } from "./enclosure.ts";

/** Slope of the lower line of each rectifier's element, in [slope, 1], by vertex; one for all rows. */
export type Slopes = ReadonlyMap<number, Float64Array>;

export interface LinearBounds {
  /** [count, inputs] */
  readonly coefficients: Float64Array;
  /** [count] */
  readonly constant: Float64Array;
  /** The least value over the box, [count]. NaN proves nothing. */
  readonly least: Float64Array;
}

/** More than the rounding of the sums that say how much was rounded. */
const GENEROUS = 1 + 2 ** -20;

/** What backward passes need of a network and find out once. */
export class Backward {
  readonly #network: Network;
  /** γ of the column sums of each affine vertex, and its entries' own error. */
  readonly #share: Float64Array;
  readonly #room: Float64Array[] = [];

  constructor(network: Network) {
    this.#network = network;
    this.#share = Float64Array.from(network.vertices, (v) => (v.kind === "affine" ? gamma(columnTerms(v.map) + 4) + v.inexact : 0));
  }

  /** Zeroed room for `count` rows of vertex `k`. */
  #rows(k: number, count: number): Float64Array {
    const wanted = count * this.#network.vertices[k]!.size;
    if (!this.#room[k] || this.#room[k]!.length < wanted) this.#room[k] = new Float64Array(wanted);
    else this.#room[k]!.fill(0, 0, wanted);
    return this.#room[k]!;
  }

  /**
   * Bound rows [count, size of vertex `at`] times that vertex, over the box of the input in `enclosure`, which encloses all vertices before it.
   * `slopes` says the lower lines; default the one of less area.
   */
  bound(at: number, rows: Float64Array, count: number, enclosure: Enclosure, slopes?: Slopes): LinearBounds {
    const { vertices } = this.#network;
    const constant = new Float64Array(count);
    const lost = new Float64Array(count);
    const pending: (Float64Array | null)[] = new Array(at + 1).fill(null);
    pending[at] = rows;
    for (let k = at; k > 0; k--) {
      const a = pending[k];
      if (!a) continue;
      const v = vertices[k]!;
      for (const [side, s] of sourcesOf(v).entries()) {
        const joins = pending[s] !== null && pending[s] !== undefined;
        const out = joins ? pending[s]! : this.#rows(s, count);
        pending[s] = out;
        if (v.kind === "affine") this.#affine(k, v, a, count, out, constant, lost, enclosure);
        else if (v.kind === "rectifier") rectified(v, a, count, out, constant, lost, enclosure, slopes?.get(k));
        else if (v.kind === "curve") curved(v, a, count, out, constant, lost, enclosure);
        else if (v.kind === "product") multiplied(v, side === 0 ? 0 : 1, a, count, out, constant, lost, enclosure);
        else for (let p = 0; p < count * v.size; p++) out[p]! += a[p]!;
        // what two branches bring is added, and rounded
        if (joins || v.kind === "sum") weigh(out, count, enclosure, s, 4 * UNIT, lost);
        const under = underflowOf(enclosure, s);
        for (let r = 0; r < count; r++) lost[r]! += under;
      }
    }
    const coefficients = (pending[0] ?? this.#rows(0, count)).slice(0, count * vertices[0]!.size);
    const [low, high] = [enclosure.low[0]!, enclosure.high[0]!];
    const n = low.length;
    const least = new Float64Array(count);
    const share = gamma(n + 3);
    for (let r = 0; r < count; r++) {
      let [sum, all] = [0, 0];
      for (let j = 0; j < n; j++) {
        const c = coefficients[r * n + j]!;
        const [p, q] = [c * low[j]!, c * high[j]!];
        sum += c >= 0 ? p : q;
        all += Math.max(Math.abs(p), Math.abs(q));
      }
      lost[r] = (lost[r]! + TINY + share * all + 4 * UNIT * (Math.abs(constant[r]!) + Math.abs(sum))) * GENEROUS;
      constant[r]! -= lost[r]!;
      least[r] = sum + constant[r]!;
    }
    return { coefficients, constant, least };
  }

  #affine(
    k: number,
    v: Extract<Vertex, { kind: "affine" }>,
    a: Float64Array,
    count: number,
    out: Float64Array,
    constant: Float64Array,
    lost: Float64Array,
    { reach }: Enclosure,
  ): void {
    pulled(a, count, v.map, out);
    const [all, share] = [reach[k]!, this.#share[k]!];
    for (let r = 0; r < count; r++) {
      let [sum, missed] = [0, 0];
      for (let i = 0, p = r * v.size; i < v.size; i++, p++) {
        if (a[p] === 0) continue;
        missed += Math.abs(a[p]!) * all[i]!;
        if (v.bias) sum += a[p]! * v.bias[i]!;
      }
      constant[r]! += sum;
      // the sum over biases has as many terms as rows, each within `all`
      lost[r]! += (share + gamma(v.size + 2)) * missed + 2 * UNIT * Math.abs(constant[r]!);
    }
  }
}

/** What underflow of coefficients at vertex `k`, and of a constant beside them, takes at most: TINY·(1 + Σ max|x|). */
function underflowOf({ low, high }: Enclosure, k: number): number {
  let sum = 1;
  for (let i = 0; i < low[k]!.length; i++) sum += Math.max(Math.abs(low[k]![i]!), Math.abs(high[k]![i]!));
  return TINY * sum;
}

/** lost += share·Σ|a|·max|x|. */
function weigh(a: Float64Array, count: number, { low, high }: Enclosure, k: number, share: number, lost: Float64Array): void {
  const [l, h] = [low[k]!, high[k]!];
  for (let r = 0; r < count; r++) {
    let sum = 0;
    for (let i = 0, p = r * l.length; i < l.length; i++, p++) sum += Math.abs(a[p]!) * Math.max(Math.abs(l[i]!), Math.abs(h[i]!));
    lost[r]! += share * sum;
  }
}

/** The line above max(x, slope·x) on [l, h], l < 0 < h: y = s·x + t with s as it was rounded and t large enough for it. */
export function above(l: number, h: number, slope: number): { s: number; t: number } {
  const s = (h - slope * l) / (h - l);
  return { s, t: Math.max(h - s * h, slope * l - s * l) + 8 * UNIT * (h - l) + TINY };
}

/** The lower line of less area: of max(x, slope·x) ≥ α·x, α = 1 where more of the box is above 0. */
export const leastArea = (l: number, h: number, slope: number): number => (h > -l ? 1 : slope);

function rectified(
  v: Rectifier,
  a: Float64Array,
  count: number,
  out: Float64Array,
  constant: Float64Array,
  lost: Float64Array,
  { low, high }: Enclosure,
  alphas: Float64Array | undefined,
): void {
  const [l, h, n] = [low[v.from]!, high[v.from]!, v.size];
  for (let i = 0; i < n; i++) {
    const [least, most] = [l[i]!, h[i]!];
    if (least >= 0) {
      for (let p = i; p < count * n; p += n) out[p]! += a[p]!;
      continue;
    }
    const span = Math.max(-least, most);
    // NaN is neither: its lines are NaN, and so is the bound
    if (most <= 0) {
      if (v.slope === 0) continue;
      for (let r = 0, p = i; r < count; r++, p += n) {
        out[p]! += a[p]! * v.slope;
        lost[r]! += 2 * UNIT * Math.abs(a[p]!) * span;
      }
      continue;
    }
    const { s, t } = above(least, most, v.slope);
    const alpha = alphas ? alphas[i]! : leastArea(least, most, v.slope);
    for (let r = 0, p = i; r < count; r++, p += n) {
      const c = a[p]!;
      if (c > 0) out[p]! += c * alpha;
      else if (c < 0) {
        out[p]! += c * s;
        constant[r]! += c * t;
      } else if (!Number.isNaN(c)) continue;
      else out[p] = Number.NaN;
      lost[r]! += 2 * UNIT * (Math.abs(c) * (span + t) + Math.abs(constant[r]!));
    }
  }
}
