/** Enclosures by backward bounds: what bends reads each vertex by intervals first, by linear bounds where that leaves something to gain. */
import { choosing, type Network, sourcesOf } from "../net/network.ts";
import { type Ascent, ascend } from "./ascent.ts";
import type { Backward } from "./backward.ts";
import type { Ball, Cuts } from "./concretize.ts";
import { type Enclosure, emptyEnclosure, encloseVertex, inherit, intersect } from "./enclosure.ts";
import { placesOf, type Split } from "./multipliers.ts";
import { emptyRelaxation, type LowerSlope, type Relaxation, relax } from "./relaxation.ts";

export interface TightenOptions {
  /** Encloses all vertices over a larger domain. */
  readonly inherited?: Enclosure;
  /** What the domain assumes. */
  readonly splits?: readonly Split[];
  /** Half-spaces of the input in which all lies that is to be enclosed; what lies in the box beyond them is not. */
  readonly cuts?: Cuts;
  /** Inputs lie in this ball as well. */
  readonly ball?: Ball;
  /** Slopes of the lower lines; default: those of least area. */
  readonly lower?: LowerSlope;
  /** Steps towards better lower slopes for each bound; default none. */
  readonly ascent?: Ascent;
  /** The larger domain has the same box: intervals say nothing new. */
  readonly sameBox?: boolean;
  /** false: intervals alone. */
  readonly backward?: boolean;
}

/** Rows passed back together. */
const ROWS = 128;

/** Who reads each vertex's numbers: nobody that bends; rectifiers, to whom only an unstable number matters; curves and products, to whom all do. */
type Reader = "none" | "rectifiers" | "all";

const readers = ({ vertices }: Network): Reader[] => {
  const read = vertices.map((): Reader => "none");
  for (const v of vertices) {
    if (v.kind === "rectifier" && read[v.from] === "none") read[v.from] = "rectifiers";
    if (v.kind !== "curve" && v.kind !== "product") continue;
    for (const s of sourcesOf(v)) {
      // numbers that are only chosen from others, some perhaps many times, are bounded where they come from
      let at = s;
      for (let w = vertices[at]!; choosing(w); w = vertices[at]!) at = w.from;
      // no line of a curve tells more of it than its range over what it reads
      if (vertices[at]!.kind !== "curve") read[at] = "all";
    }
  }
  return read;
};

/** Coefficients of one backward pass, of which there are some for each vertex that it meets: what does not fit is bounded later. */
const ROOM = 2 ** 20;

export class Tightener {
  readonly #network: Network;
  readonly #back: Backward;
  readonly #read: Reader[];
  /** The vertex before which nothing bends: intervals are exact up to it, if one map leads there. */
  readonly #first: number;

  constructor(back: Backward) {
    this.#network = back.network;
    this.#back = back;
    this.#read = readers(back.network);
    this.#first = back.network.vertices.findIndex((v) => v.kind === "affine" && v.from === 0);
  }

  /**
   * Enclose all vertices over the box, and find the lines over that. null: what splits and cuts, or those that `inherited` comes of, assume holds
   * nowhere in the box. That shows in bounds that cross, as each alone is rigorous.
   */
  async enclose(
    low: Float64Array,
    high: Float64Array,
    { inherited, splits = [], cuts, ball, lower, ascent, sameBox = false, backward = true }: TightenOptions = {},
  ): Promise<Relaxation | null> {
    const { vertices } = this.#network;
    const all = emptyEnclosure(this.#network);
    const lines = emptyRelaxation(this.#network, all, { cuts, ball, lower });
    all.low[0]!.set(low);
    all.high[0]!.set(high);
    relax(this.#network, 0, lines);
    for (let k = 1; k < vertices.length; k++) {
      const breath = this.#back.clock.look();
      if (breath) await breath;
      if (inherited && sameBox) inherit(k, all, inherited);
      else {
        // of what rectifiers alone read only the sign is wanted
        encloseVertex(this.#network, k, all, this.#read[k] === "rectifiers" ? inherited : undefined);
        if (inherited && !intersect(k, all, inherited)) return null;
      }
      if (!this.#assume(k, splits, all)) return null;
      // its own lines come of what it reads: they are there before it is bounded from the back
      relax(this.#network, k, lines);
      if (backward && this.#read[k] !== "none" && (cuts || ball || k !== this.#first) && !(await this.#rebound(k, lines, ascent)))
        return null;
    }
    return lines;
  }

  /** Cut vertex `k` to what splits assume of it. false: nothing is left. */
  #assume(k: number, splits: readonly Split[], { low, high }: Enclosure): boolean {
    for (const { vertex, element, sign } of splits) {
      const v = this.#network.vertices[vertex]!;
      if (v.kind !== "rectifier" || v.from !== k) continue;
      if (sign > 0) low[k]![element] = Math.max(low[k]![element]!, 0);
      else high[k]![element] = Math.min(high[k]![element]!, 0);
      if (low[k]![element]! > high[k]![element]!) return false;
    }
    return true;
  }

  /** Bound elements of vertex `k` from the back: those that are unstable, or all that are no points. false: nothing is left. */
  async #rebound(k: number, lines: Relaxation, ascent: Ascent | undefined): Promise<boolean> {
    const [low, high] = [lines.enclosure.low[k]!, lines.enclosure.high[k]!];
    const open: number[] = [];
    const every = this.#read[k] === "all";
    for (let i = 0; i < low.length; i++) if (every ? low[i]! < high[i]! : low[i]! < 0 && high[i]! > 0) open.push(i);
    const n = low.length;
    const most = Math.min(ROWS / 2, Math.max(16, Math.floor(ROOM / n)));
    for (let at = 0; at < open.length; at += most) {
      const some = open.slice(at, at + most);
      const rows = new Float64Array(2 * some.length * n);
      some.forEach((i, r) => {
        rows[2 * r * n + i] = 1;
        rows[(2 * r + 1) * n + i] = -1;
      });
      const least = await this.#least(k, rows, 2 * some.length, lines, ascent);
      for (const [r, i] of some.entries()) {
        const [l, h] = [Math.max(low[i]!, least[2 * r]!), Math.min(high[i]!, -least[2 * r + 1]!)];
        if (l > h) return false;
        // NaN changes nothing
        if (l <= h) {
          low[i] = l;
          high[i] = h;
        }
      }
    }
    return true;
  }

  async #least(k: number, rows: Float64Array, count: number, lines: Relaxation, ascent: Ascent | undefined): Promise<Float64Array> {
    if (!ascent) return (await this.#back.bound(k, rows, count, lines)).least;
    const places = placesOf(this.#network, lines, k);
    const own = places.elements.flatMap((elements, v) => Array.from(elements, (i) => lines.below[v]![i]!));
    const alphas = new Float64Array(count * places.count);
    for (let r = 0; r < count; r++) alphas.set(own, r * places.count);
    return (await ascend(this.#back, k, rows, new Array<Relaxation>(count).fill(lines), places, alphas, [], [], ascent)).least;
  }
}
