/**
 * Linear bounds from the back: rows·y ≥ coefficients·x + constant on the whole box. Zhang et al. 2018, arXiv:1811.00866 (CROWN).
 * Each step chooses float64 coefficients and pays for what they miss: whatever was rounded is then no assumption, but a term of the bound.
 */

import { Clock } from "../clock.ts";
import { columnTerms, terms } from "../net/linear.ts";
import type { Affine, Curved, Network, Rectifier } from "../net/network.ts";
import { sourcesOf } from "../net/network.ts";
import { type Products, paced, plain } from "../net/products.ts";
import { gamma, machine, tinyOf, UNIT } from "../net/unit.ts";
import { multiplied } from "./bends.ts";
import { cutRow, type HalfSpace, leastOf } from "./concretize.ts";
import type { Enclosure } from "./enclosure.ts";
import type { Multipliers } from "./multipliers.ts";
import { domainOf, type Relaxation } from "./relaxation.ts";

export interface LinearBounds {
  /** [count, inputs] */
  readonly coefficients: Float64Array;
  /** [count] */
  readonly constant: Float64Array;
  /** The least value over the box, [count]. NaN proves nothing. */
  readonly least: Float64Array;
  /** By vertex, what the rows asked of it, [count, size], or null. Valid until the next rows are passed back. */
  readonly passed: readonly (Float64Array | null)[];
}

/** Row `r`'s bound, as the half-space of all x at which the row may be ≤ 0. */
export const halfSpaceOf = ({ coefficients, constant }: LinearBounds, r: number): HalfSpace => {
  const n = coefficients.length / constant.length;
  return { g: coefficients.slice(r * n, (r + 1) * n), h: constant[r]! };
};

/** The lines that hold for each row. */
type Over = (row: number) => Relaxation;

/** Rows on their way back: where they stand, what is known of their constants, and what has been lost of those. */
interface Rows {
  readonly count: number;
  readonly over: Over;
  readonly constant: Float64Array;
  readonly lost: Float64Array;
}

/** What backward passes need of a network and find out once. */
export class Backward {
  readonly network: Network;
  readonly products: Products;
  readonly clock: Clock;
  /** γ of the column sums of each affine vertex, and its entries' own error. */
  readonly #share: Float64Array;
  readonly #room: Float64Array[] = [];
  #slopes = new Float64Array(0);

  constructor(network: Network, products: Products = plain, clock = new Clock()) {
    this.network = network;
    this.products = paced(products, clock);
    this.clock = clock;
    this.#share = Float64Array.from(network.vertices, (v) =>
      v.kind === "affine" ? gamma(columnTerms(v.map) + 4) + v.inexact + machine(terms(v.map), v.unit) : 0,
    );
  }

  /** Zeroed room for `count` rows of vertex `k`. */
  #rows(k: number, count: number): Float64Array {
    const wanted = count * this.network.vertices[k]!.size;
    if (!this.#room[k] || this.#room[k]!.length < wanted) this.#room[k] = new Float64Array(wanted);
    else this.#room[k]!.fill(0, 0, wanted);
    return this.#room[k]!;
  }

  /**
   * Bound rows [count, size of vertex `at`] times that vertex.
   * @param lines over the box of all rows, or of each; they must be there for all vertices before `at`
   * @param multipliers default: the lower lines in `lines`
   * @throws TimeUp; what interrupts
   */
  async bound(
    at: number,
    rows: Float64Array,
    count: number,
    lines: Relaxation | readonly Relaxation[],
    multipliers?: Multipliers,
  ): Promise<LinearBounds> {
    const { vertices } = this.network;
    const over: Over = "enclosure" in lines ? () => lines : (r) => lines[r]!;
    const all: Rows = { count, over, constant: new Float64Array(count), lost: new Float64Array(count) };
    const pending: (Float64Array | null)[] = new Array(at + 1).fill(null);
    pending[at] = rows;
    for (let k = at; k > 0; k--) {
      const a = pending[k];
      if (!a) continue;
      const breath = this.clock.look();
      if (breath) await breath;
      const v = vertices[k]!;
      for (const [side, s] of sourcesOf(v).entries()) {
        const joins = pending[s] !== null && pending[s] !== undefined;
        const out = joins ? pending[s]! : this.#rows(s, count);
        pending[s] = out;
        if (v.kind === "affine") {
          const wait = this.products.pull(a, count, v.map, out);
          if (wait) await wait;
          this.#shifted(k, v, a, all);
        } else if (v.kind === "rectifier" || v.kind === "curve") this.#bent(k, v, a, out, all, multipliers);
        else if (v.kind === "product") multiplied(v, k, side === 0 ? 0 : 1, a, out, all);
        else for (let p = 0; p < count * v.size; p++) out[p]! += a[p]!;
        if (v.kind === "sum" && v.unit) weigh(a, s, machine(v.from.length, v.unit), all);
        // what two branches bring is added, and rounded
        if (joins || v.kind === "sum") weigh(out, s, 4 * UNIT, all);
        for (let r = 0; r < count; r++) all.lost[r]! += over(r).underflow[s]!;
      }
    }
    const coefficients = (pending[0] ?? this.#rows(0, count)).slice(0, count * vertices[0]!.size);
    return { coefficients, constant: all.constant, least: concretized(coefficients, all), passed: pending };
  }

  /** What the biases of an affine vertex bring, and what its product with the rows has rounded. */
  #shifted(k: number, v: Affine, a: Float64Array, { count, over, constant, lost }: Rows): void {
    const share = this.#share[k]! + gamma(v.size + 2);
    const tiny = tinyOf(terms(v.map) + 3, v.unit);
    for (let r = 0; r < count; r++) {
      const all = over(r).enclosure.reach[k]!;
      let [sum, missed, under] = [0, 0, 0];
      for (let i = 0, p = r * v.size; i < v.size; i++, p++) {
        missed += Math.abs(a[p]!) * all[i]!;
        under += Math.abs(a[p]!);
        if (v.bias) sum += a[p]! * v.bias[i]!;
      }
      constant[r]! += sum;
      // the sum over biases has as many terms as rows, each within `all`
      lost[r]! += share * missed + tiny * under + 2 * UNIT * Math.abs(constant[r]!);
    }
  }

  /** Lines for what a rectifier or a curve does. */
  #bent(k: number, v: Rectifier | Curved, a: Float64Array, out: Float64Array, rows: Rows, multipliers: Multipliers | undefined): void {
    const { count, over, constant, lost } = rows;
    const n = v.size;
    // a leaky rectifier's own machine rounds its product
    const own = v.kind === "curve" || v.slope === 0 || v.slope === 1 ? 0 : (v.unit ?? 0);
    const share = 2 * UNIT + gamma(n + 2) + 2 * own;
    const tiny = own > 0 ? tinyOf(1, own) : 0;
    if (this.#slopes.length < n) this.#slopes = new Float64Array(n);
    for (let r = 0; r < count; r++) {
      const { below: usual, lift: lifts, above: up, offset: offsets, weight: weights } = over(r);
      const [lift, above, offset, weight] = [lifts[k]!, up[k]!, offsets[k]!, weights[k]!];
      let below = usual[k]!;
      if (multipliers) {
        this.#slopes.set(below);
        below = this.#slopes;
        multipliers.choose(k, r, offset, below);
      }
      let [sum, missed, under] = [0, 0, 0];
      for (let i = 0, p = r * n; i < n; i++, p++) {
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
      if (betas) lost[r]! += 2 * UNIT * reached(out, r, n, betas, over(r).enclosure, v.from);
    }
  }
}

/** Σ|a|·max|x| of the elements that splits have changed. */
function reached(out: Float64Array, r: number, n: number, elements: readonly number[], { low, high }: Enclosure, from: number): number {
  let sum = 0;
  for (const i of elements) sum += Math.abs(out[r * n + i]!) * Math.max(Math.abs(low[from]![i]!), Math.abs(high[from]![i]!));
  return sum;
}

/** lost += share·Σ|a|·max|x|. */
function weigh(a: Float64Array, k: number, share: number, { count, over, lost }: Rows): void {
  for (let r = 0; r < count; r++) {
    const { low, high } = over(r).enclosure;
    const [l, h] = [low[k]!, high[k]!];
    let sum = 0;
    for (let i = 0, p = r * l.length; i < l.length; i++, p++) sum += Math.abs(a[p]!) * Math.max(Math.abs(l[i]!), Math.abs(h[i]!));
    lost[r]! += share * sum;
  }
}

/** The least of each row over its box, or what cuts leave of it; what was lost is taken from the constants. */
function concretized(coefficients: Float64Array, { count, over, constant, lost }: Rows): Float64Array {
  const least = new Float64Array(count);
  for (let r = 0; r < count; r++) {
    const lines = over(r);
    if (lines.cuts) lost[r]! += cutRow(coefficients, r, constant, lines.cuts);
    least[r] = leastOf(coefficients, r, constant, lost[r]!, domainOf(lines));
  }
  return least;
}
