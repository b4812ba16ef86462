/** Rows on their way back, and what single steps do to them. */

import { columnTerms, terms } from "../net/linear.ts";
import type { Affine, Curved, Network, Rectifier } from "../net/network.ts";
import { gamma, machine, tinyOf, UNIT } from "../net/unit.ts";
import type { Enclosure } from "./enclosure.ts";
import type { Live } from "./live.ts";
import type { Multipliers } from "./multipliers.ts";
import type { Relaxation } from "./relaxation.ts";

/** The lines that hold for each row. */
export type Over = (row: number) => Relaxation;

/** Where rows stand, what is known of their constants, and what has been lost of those. */
export interface Rows {
  readonly count: number;
  readonly over: Over;
  readonly constant: Float64Array;
  readonly lost: Float64Array;
  /** What counts over the lines of any of the rows; null of few rows. */
  readonly live: Live | null;
  /** By vertex, what the rows ask of it, [count, size], or null; and the elements beside which that is 0. */
  readonly pending: (Float64Array | null)[];
  readonly some: Int32Array[];
}

/** What a step through an affine vertex costs. */
export interface Price {
  /** γ of the column sums of the vertex and of its biases' sum, and its entries' own error. */
  readonly share: number;
  /** Of the columns that other branches have brought something already: γ of their sums. */
  readonly joining: number;
  /** What underflow of its own machine takes, a unit of the coefficients. */
  readonly tiny: number;
  /** Zeros where there is none. */
  readonly bias: Float64Array;
}

/** By vertex; of those that are not affine null. */
export type Prices = readonly (Price | null)[];

export const pricesOf = ({ vertices }: Network): Prices =>
  vertices.map((v) => {
    if (v.kind !== "affine") return null;
    const n = terms(v.map);
    const joining = gamma(columnTerms(v.map) + 4);
    const share = joining + v.inexact + machine(n, v.unit) + gamma(v.size + 2);
    return { share, joining, tiny: tinyOf(n + 3, v.unit), bias: v.bias ?? new Float64Array(v.size) };
  });

/** What the biases of an affine vertex bring, and what its product with the rows has rounded. */
export function shifted(k: number, v: Affine, a: Float64Array, prices: Prices, { count, over, constant, lost, some }: Rows): void {
  const { share, tiny, bias } = prices[k]!;
  const own = some[k]!;
  for (let r = 0; r < count; r++) {
    const all = over(r).enclosure.reach[k]!;
    let sum = 0;
    let missed = 0;
    let under = 0;
    const first = r * v.size;
    for (let t = 0; t < own.length; t++) {
      const i = own[t]!;
      const c = a[first + i]!;
      missed += Math.abs(c) * all[i]!;
      under += Math.abs(c);
      sum += c * bias[i]!;
    }
    constant[r]! += sum;
    // the sum over biases has as many terms as rows, each within `all`
    lost[r]! += share * missed + tiny * under + 2 * UNIT * Math.abs(constant[r]!);
  }
}

/** What a rectifier's or a curve's lines cost: shares of their weights, and underflow of its own machine. */
export function priceOf(v: Rectifier | Curved): { readonly share: number; readonly tiny: number } {
  // a leaky rectifier's own machine rounds its product
  const own = v.kind === "curve" || v.slope === 0 || v.slope === 1 ? 0 : (v.unit ?? 0);
  return { share: 2 * UNIT + gamma(v.size + 2) + 2 * own, tiny: own > 0 ? tinyOf(1, own) : 0 };
}

/** Lines for what a rectifier or a curve does. */
export function bent(k: number, v: Rectifier | Curved, a: Float64Array, out: Float64Array, rows: Rows, multipliers?: Multipliers): void {
  const { count, over, constant, lost, live } = rows;
  const n = v.size;
  const { share, tiny } = priceOf(v);
  const own = live ? live.of(k).bending : rows.some[k]!;
  const straight = live?.of(k).straight;
  let slopes: Float64Array | null = null;
  for (let r = 0; r < count; r++) {
    const lines = over(r);
    const [lift, above, offset, weight] = [lines.lift[k]!, lines.above[k]!, lines.offset[k]!, lines.weight[k]!];
    let below = lines.below[k]!;
    if (multipliers) {
      slopes ??= new Float64Array(n);
      slopes.set(below);
      below = slopes;
      multipliers.choose(k, r, offset, below);
    }
    const first = r * n;
    if (straight) for (let t = 0; t < straight.length; t++) out[first + straight[t]!]! += a[first + straight[t]!]!;
    let sum = 0;
    let missed = 0;
    let under = 0;
    for (let t = 0; t < own.length; t++) {
      const i = own[t]!;
      const p = first + i;
      const c = a[p]!;
      // of an element that is not asked for, nothing has to be known
      if (c === 0) continue;
      under += Math.abs(c);
      // a NaN takes the second way and stays one
      if (c > 0) {
        out[p]! += c * below[i]!;
        sum += c * lift[i]!;
      } else {
        out[p]! += c * above[i]!;
        sum += c * offset[i]!;
      }
      missed += Math.abs(c) * weight[i]!;
    }
    constant[r]! += sum;
    // the sum of lifts and offsets has at most n terms, each within the weights
    lost[r]! += share * missed + tiny * under + 2 * UNIT * Math.abs(constant[r]!);
    const betas = multipliers?.split(k, r, n, out);
    if (betas) lost[r]! += 2 * UNIT * reached(out, r, n, betas, lines.enclosure, v.from);
  }
}

/** Σ|a|·max|x| of the elements that splits have changed. */
function reached(out: Float64Array, r: number, n: number, elements: readonly number[], { low, high }: Enclosure, from: number): number {
  let sum = 0;
  for (const i of elements) sum += Math.abs(out[r * n + i]!) * Math.max(Math.abs(low[from]![i]!), Math.abs(high[from]![i]!));
  return sum;
}

/**
 * What a vertex's rows lose to what other branches have brought to the same place: one addition each, or those of all entries of an affine vertex's
 * column. A sum of n products and of what was there errs by γ(|there| + Σ|products|) ≤ γ(|all| + 2Σ|products|), and {@link shifted} pays for the products.
 */
export const joinedBy = (k: number, prices: Prices): number => prices[k]?.joining ?? 4 * UNIT;

/** lost += share·Σ|a|·max|x|. */
export function weigh(a: Float64Array, k: number, share: number, { count, over, lost }: Rows): void {
  for (let r = 0; r < count; r++) {
    const { low, high } = over(r).enclosure;
    const [l, h] = [low[k]!, high[k]!];
    let sum = 0;
    for (let i = 0, p = r * l.length; i < l.length; i++, p++) sum += Math.abs(a[p]!) * Math.max(Math.abs(l[i]!), Math.abs(h[i]!));
    lost[r]! += share * sum;
  }
}
