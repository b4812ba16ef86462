/** Enclosures by backward bounds: what bends reads each vertex by intervals first, by linear bounds where that leaves something to gain. */
import { choosing, type Network, sourcesOf } from "../net/network.ts";
import { type Ascent, ascend } from "./ascent.ts";
import type { Backward } from "./backward.ts";
import { type Blame, blame } from "./blame.ts";
import type { Ball } from "./concretize.ts";
import type { Cuts } from "./cuts.ts";
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
  /** Blame the rectifiers before for what each bound misses, by what a unit of it gains. */
  readonly blamed?: { readonly gains: Blame["gains"]; readonly on: Blame };
}

/** A box at work. */
interface Box extends TightenOptions {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly lines: Relaxation;
  empty: boolean;
}

/** A bound to be found: of element `i`, the low one (sign 1) or the high one. */
interface Bound {
  readonly box: Box;
  readonly i: number;
  readonly sign: 1 | -1;
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
  /** Room for rows at work. */
  #rows = new Float64Array(0);

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
  async enclose(low: Float64Array, high: Float64Array, options: TightenOptions = {}): Promise<Relaxation | null> {
    return (await this.encloseEach([{ low, high, ...options }]))[0]!;
  }

  /** {@link enclose} of several boxes, whose rows are passed back together. */
  async encloseEach(boxes: readonly (TightenOptions & Pick<Box, "low" | "high">)[]): Promise<(Relaxation | null)[]> {
    const { vertices } = this.#network;
    const all = boxes.map((box): Box => {
      const enclosure = emptyEnclosure(this.#network);
      enclosure.low[0]!.set(box.low);
      enclosure.high[0]!.set(box.high);
      const lines = emptyRelaxation(this.#network, enclosure, box);
      relax(this.#network, 0, lines);
      return { ...box, lines, empty: false };
    });
    for (let k = 1; k < vertices.length; k++) {
      const breath = this.#back.clock.look();
      if (breath) await breath;
      for (const box of all) if (!box.empty) this.#forward(k, box);
      if (this.#read[k] === "none") continue;
      const open = all.filter(({ empty, backward = true, cuts, ball }) => !empty && backward && (cuts || ball || k !== this.#first));
      // slopes are numbered by box
      for (const box of open) if (box.ascent) await this.#rebound(k, [box], box.ascent);
      await this.#rebound(
        k,
        open.filter((box) => !box.ascent),
      );
    }
    return all.map(({ empty, lines }) => (empty ? null : lines));
  }

  /** Vertex `k` by what is known of those before it, and its lines. */
  #forward(k: number, box: Box): void {
    const { inherited, sameBox, splits = [], lines } = box;
    const { enclosure } = lines;
    if (inherited && sameBox) inherit(k, enclosure, inherited);
    else {
      // of what rectifiers alone read only the sign is wanted
      encloseVertex(this.#network, k, enclosure, this.#read[k] === "rectifiers" ? inherited : undefined);
      if (inherited && !intersect(k, enclosure, inherited)) box.empty = true;
    }
    if (!this.#assume(k, splits, enclosure)) box.empty = true;
    // its own lines come of what it reads: they are there before it is bounded from the back
    if (!box.empty) relax(this.#network, k, lines);
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

  /** Bound elements of vertex `k` from the back: those that are unstable, or all that are no points. Boxes in which bounds cross are empty. */
  async #rebound(k: number, boxes: readonly Box[], ascent?: Ascent): Promise<void> {
    const n = this.#network.vertices[k]!.size;
    const every = this.#read[k] === "all";
    const open = boxes.flatMap((box) => {
      const { enclosure } = box.lines;
      const [low, high] = [enclosure.low[k]!, enclosure.high[k]!];
      const own: Bound[] = [];
      for (let i = 0; i < n; i++) {
        if (!(every ? low[i]! < high[i]! : low[i]! < 0 && high[i]! > 0)) continue;
        own.push({ box, i, sign: 1 }, { box, i, sign: -1 });
      }
      return own;
    });
    const most = Math.min(ROWS, Math.max(32, 2 * Math.floor(ROOM / n)));
    for (let at = 0; at < open.length; at += most) {
      const some = open.slice(at, at + most);
      const least = await this.#least(k, some, ascent);
      some.forEach(({ box, i, sign }, r) => {
        const { enclosure } = box.lines;
        const [low, high] = [enclosure.low[k]!, enclosure.high[k]!];
        const [l, h] = sign > 0 ? [Math.max(low[i]!, least[r]!), high[i]!] : [low[i]!, Math.min(high[i]!, -least[r]!)];
        if (l > h) box.empty = true;
        // NaN changes nothing
        else if (l <= h) {
          low[i] = l;
          high[i] = h;
        }
      });
    }
  }

  /** The least of each bound's row. */
  async #least(k: number, bounds: readonly Bound[], ascent: Ascent | undefined): Promise<Float64Array> {
    const count = bounds.length;
    const each = bounds.map((b) => b.box.lines);
    const blamed = bounds.some((b) => b.box.blamed);
    if (!ascent && !blamed && (bounds.every(({ box }) => box === bounds[0]!.box) || each.every((lines) => this.#back.isLocal(k, lines))))
      return this.#ofElements(k, bounds);
    const n = this.#network.vertices[k]!.size;
    const rows = this.#rows.length < count * n ? new Float64Array(count * n) : this.#rows.fill(0, 0, count * n);
    this.#rows = rows;
    bounds.forEach(({ i, sign }, r) => {
      rows[r * n + i] = sign;
    });
    if (!ascent) {
      const { least, passed } = await this.#back.least(k, rows, count, each);
      bounds.forEach(({ box: { blamed, lines }, i, sign }, r) => {
        const gain = blamed ? blamed.gains[k]![sign > 0 ? 2 * i : 2 * i + 1]! : 0;
        if (blamed && gain > 0) blame(this.#network, lines, passed, r, gain, blamed.on);
      });
      return least;
    }
    const lines = each[0]!;
    const places = placesOf(this.#network, lines, k);
    const own = places.elements.flatMap((elements, v) => Array.from(elements, (i) => lines.below[v]![i]!));
    const alphas = new Float64Array(count * places.count);
    for (let r = 0; r < count; r++) alphas.set(own, r * places.count);
    return (await ascend(this.#back, k, rows, each, places, alphas, [], [], ascent)).least;
  }

  /** Bounds of which each element has two, its own and its negative's. */
  async #ofElements(k: number, bounds: readonly Bound[]): Promise<Float64Array> {
    const least = new Float64Array(bounds.length);
    for (let from = 0, to = 0; from < bounds.length; from = to) {
      const { box } = bounds[from]!;
      const elements: number[] = [];
      for (; to < bounds.length && bounds[to]!.box === box; to += 2) elements.push(bounds[to]!.i);
      least.set(await this.#back.elements(k, elements, box.lines), from);
    }
    return least;
  }
}
