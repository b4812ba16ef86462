/**
 * Linear bounds from the back: rows·y ≥ coefficients·x + constant on the whole box. Zhang et al. 2018, arXiv:1811.00866 (CROWN).
 * Each step chooses float64 coefficients and pays for what they miss: whatever was rounded is then no assumption, but a term of the bound.
 */

import { Clock } from "../clock.ts";
import { type Columns, gathered, LANES } from "../net/columns.ts";
import type { Linear, Sparse } from "../net/linear.ts";
import type { Affine, Network } from "../net/network.ts";
import { sourcesOf } from "../net/network.ts";
import { PORTION, type Products, paced, plain } from "../net/products.ts";
import { machine, UNIT } from "../net/unit.ts";
import { multiplied } from "./bends.ts";
import { leastOf } from "./concretize.ts";
import { cutRow, type HalfSpace } from "./cuts.ts";
import { Live, Shape } from "./live.ts";
import { Local } from "./local.ts";
import type { Multipliers } from "./multipliers.ts";
import { domainOf, type Relaxation } from "./relaxation.ts";
import { bent, joinedBy, type Over, type Prices, pricesOf, type Rows, shifted, weigh } from "./rows.ts";

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

/** Rows of which it pays to find out what counts. */
const SOME = 8;

/** What backward passes need of a network and find out once. */
export class Backward {
  readonly network: Network;
  readonly products: Products;
  readonly clock: Clock;
  readonly #prices: Prices;
  readonly #room: Float64Array[] = [];
  readonly #shape: Shape;
  readonly #local: Local;
  #live: Live | null = null;
  #lanes = new Float64Array(0);

  constructor(network: Network, products: Products = plain, clock = new Clock()) {
    this.network = network;
    this.products = paced(products, clock);
    this.clock = clock;
    this.#shape = new Shape(network);
    this.#prices = pricesOf(network);
    this.#local = new Local(network, this.#prices);
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
    const { all, coefficients: room } = await this.#passed(at, rows, count, lines, multipliers);
    const coefficients = room.slice(0, count * this.network.vertices[0]!.size);
    return { coefficients, constant: all.constant, least: concretized(coefficients, all), passed: all.pending };
  }

  /** {@link bound} where the least values are enough. */
  async least(
    at: number,
    rows: Float64Array,
    count: number,
    lines: Relaxation | readonly Relaxation[],
  ): Promise<Pick<LinearBounds, "least" | "passed">> {
    const { all, coefficients } = await this.#passed(at, rows, count, lines);
    return { least: concretized(coefficients, all), passed: all.pending };
  }

  /** @returns coefficients in room that the next rows will take */
  async #passed(at: number, rows: Float64Array, count: number, lines: Relaxation | readonly Relaxation[], multipliers?: Multipliers) {
    const all = this.#started(at, count, lines);
    all.pending[at] = rows;
    await this.#back(at, all, multipliers);
    return { all, coefficients: this.#inputs(all) };
  }

  /**
   * The least values of some elements of vertex `at` and of their negatives, in turns.
   * @throws TimeUp; what interrupts
   */
  async elements(at: number, elements: readonly number[], lines: Relaxation): Promise<Float64Array> {
    const v = this.network.vertices[at]!;
    const count = 2 * elements.length;
    const all = this.#started(at, count, lines);
    if (this.isLocal(at, lines)) {
      const least = new Float64Array(count);
      for (const [r, i] of elements.entries()) {
        const breath = this.clock.look();
        if (breath) await breath;
        this.#local.bound(at, i, lines, least, 2 * r);
      }
      return least;
    }
    if (v.kind === "affine") this.#drawn(at, v, elements, lines, all);
    else {
      const rows = new Float64Array(count * v.size);
      for (const [r, i] of elements.entries()) {
        rows[2 * r * v.size + i] = 1;
        rows[(2 * r + 1) * v.size + i] = -1;
      }
      all.pending[at] = rows;
    }
    await this.#back(v.kind === "affine" ? v.from : at, all);
    return concretized(this.#inputs(all), all);
  }

  /** Whether elements of vertex `at` are bounded one by one. */
  isLocal(at: number, { cuts, ball }: Relaxation): boolean {
    return !cuts && !ball && this.#local.fits(at);
  }

  #started(at: number, count: number, lines: Relaxation | readonly Relaxation[]): Rows {
    const over: Over = "enclosure" in lines ? () => lines : (r) => lines[r]!;
    const live = count >= SOME ? this.#over(lines) : null;
    const [pending, some] = [new Array(at + 1).fill(null), this.#shape.every.slice()];
    return { count, over, constant: new Float64Array(count), lost: new Float64Array(count), live, pending, some };
  }

  #inputs({ count, pending }: Rows): Float64Array {
    return pending[0] ?? this.#rows(0, count);
  }

  /** Pass back what is pending at vertices up to `at`. */
  async #back(at: number, all: Rows, multipliers?: Multipliers): Promise<void> {
    const { vertices } = this.network;
    const { count, over, live, pending, some } = all;
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
          const wait = this.#pulled(k, v, a, out, some[k]!, all);
          if (wait) await wait;
          shifted(k, v, a, this.#prices, all);
        } else if (v.kind === "rectifier" || v.kind === "curve") {
          bent(k, v, a, out, all, multipliers);
          // splits ask of others as well
          if (live && !joins && !multipliers?.splits.length) some[s] = live.of(k).elements;
        } else if (v.kind === "product") multiplied(v, k, side === 0 ? 0 : 1, a, out, all);
        else for (let p = 0; p < count * v.size; p++) out[p]! += a[p]!;
        if (joins) some[s] = this.#shape.every[s]!;
        if (v.kind === "sum" && v.unit) weigh(a, s, machine(v.from.length, v.unit), all);
        // what two branches bring is added, and rounded
        if (joins || v.kind === "sum") weigh(out, s, joinedBy(k, this.#prices), all);
        for (let r = 0; r < count; r++) all.lost[r]! += over(r).underflow[s]!;
      }
    }
  }

  /** Rows ±element have those of the map for their product: as {@link #pulled} and {@link shifted} say of rows of one number. */
  #drawn(k: number, v: Affine, elements: readonly number[], { enclosure, underflow }: Relaxation, { constant, lost, pending }: Rows): void {
    const { map, from } = v;
    const out = this.#rows(from, 2 * elements.length);
    pending[from] = out;
    const { share, tiny, bias } = this.#prices[k]!;
    for (const [r, i] of elements.entries()) {
      const [up, down] = [2 * r * map.columns, (2 * r + 1) * map.columns];
      const [start, end] = map.kind === "dense" ? [i * map.columns, (i + 1) * map.columns] : [map.starts[i]!, map.starts[i + 1]!];
      for (let p = start; p < end; p++) {
        const j = map.kind === "dense" ? p - start : map.places[p]!;
        out[up + j]! += map.data[p]!;
        out[down + j]! -= map.data[p]!;
      }
      const own = bias[i]!;
      const missed = share * enclosure.reach[k]![i]! + tiny + 2 * UNIT * Math.abs(own) + underflow[from]!;
      for (const row of [2 * r, 2 * r + 1]) {
        constant[row] = row === 2 * r ? own : -own;
        lost[row] = missed;
      }
    }
  }

  /**
   * Add rows of what affine vertex `k` reads, each within its lines, times its map to `out`.
   * @returns a promise if there is something to wait for
   */
  forward(k: number, rows: Float64Array, lines: readonly Relaxation[], out: Float64Array): Promise<void> | undefined {
    const { map, from, size } = this.network.vertices[k] as Affine;
    if (lines.length < SOME || !isWide(map)) return this.products.push(rows, lines.length, map, out);
    return this.#gathered(rows, lines.length, map.columns, this.#over(lines).forward(k, map, from), out, size);
  }

  #over(lines: Relaxation | readonly Relaxation[]): Live {
    const own = "enclosure" in lines || lines.some((l) => l !== lines[0]) ? lines : lines[0]!;
    if (this.#live?.lines !== own) this.#live = new Live(this.#shape, own);
    return this.#live;
  }

  #gathered(rows: Float64Array, count: number, n: number, m: Columns, out: Float64Array, w: number): Promise<void> | undefined {
    if (this.#lanes.length < LANES * n) this.#lanes = new Float64Array(LANES * n);
    if (count * m.data.length <= PORTION) {
      gathered(rows, count, n, m, out, w, this.#lanes);
      return undefined;
    }
    return this.#inPortions(rows, count, n, m, out, w);
  }

  /** What takes long, with a look at the clock between some rows and the next. */
  async #inPortions(rows: Float64Array, count: number, n: number, m: Columns, out: Float64Array, w: number): Promise<void> {
    for (let r = 0; r < count; r += LANES) {
      const breath = this.clock.look();
      if (breath) await breath;
      const some = Math.min(LANES, count - r);
      gathered(rows.subarray(r * n, (r + some) * n), some, n, m, out.subarray(r * w, (r + some) * w), w, this.#lanes);
    }
  }

  /** Rows times the map of an affine vertex; of a sparse one only what counts. */
  #pulled(k: number, v: Affine, a: Float64Array, out: Float64Array, some: Int32Array, { count, live }: Rows): Promise<void> | undefined {
    if (!live || !isWide(v.map)) return this.products.pull(a, count, v.map, out);
    return this.#gathered(a, count, v.size, live.columns(k, some, v.map, v.from), out, v.map.columns);
  }
}

/** Whether a map is sparse, and more than a choice. */
const isWide = (map: Linear): map is Sparse => map.kind === "sparse" && map.places.length > map.rows;

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
