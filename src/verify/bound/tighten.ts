/** Enclosures by backward bounds: what bends reads each vertex by intervals first, by linear bounds where that leaves something to gain. */
import { choosing, type Network, sourcesOf } from "../net/network.ts";
import type { Backward, Slopes } from "./backward.ts";
import { type Enclosure, emptyEnclosure, encloseVertex, intersect } from "./enclosure.ts";

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

  constructor(network: Network, back: Backward) {
    this.#network = network;
    this.#back = back;
    this.#read = readers(network);
    this.#first = network.vertices.findIndex((v) => v.kind === "affine" && v.from === 0);
  }

  /** Enclose all vertices over the box. `inherited` encloses them over a larger one. `backward: false`: intervals alone. */
  enclose(
    low: Float64Array,
    high: Float64Array,
    { inherited, slopes, backward = true }: { inherited?: Enclosure; slopes?: Slopes; backward?: boolean } = {},
  ): Enclosure {
    const { vertices } = this.#network;
    const all = emptyEnclosure(this.#network);
    all.low[0]!.set(low);
    all.high[0]!.set(high);
    for (let k = 1; k < vertices.length; k++) {
      encloseVertex(this.#network, k, all);
      if (inherited) intersect(k, all, inherited);
      if (backward && this.#read[k] !== "none" && k !== this.#first) this.#rebound(k, all, slopes);
    }
    return all;
  }

  /** Bound elements of vertex `k` from the back: those that are unstable, or all that are no points. */
  #rebound(k: number, all: Enclosure, slopes: Slopes | undefined): void {
    const [low, high] = [all.low[k]!, all.high[k]!];
    const open: number[] = [];
    const every = this.#read[k] === "all";
    for (let i = 0; i < low.length; i++) if (every ? low[i]! < high[i]! : low[i]! < 0 && high[i]! > 0) open.push(i);
    const n = low.length;
    const most = Math.max(16, Math.floor(ROOM / n));
    for (let from = 0; from < open.length; from += most) {
      const part = open.slice(from, from + most);
      const rows = new Float64Array(2 * part.length * n);
      part.forEach((i, r) => {
        rows[2 * r * n + i] = 1;
        rows[(2 * r + 1) * n + i] = -1;
      });
      const { least } = this.#back.bound(k, rows, 2 * part.length, all, slopes);
      part.forEach((i, r) => {
        const [l, h] = [Math.max(low[i]!, least[2 * r]!), Math.min(high[i]!, -least[2 * r + 1]!)];
        // NaN, or bounds that rounding crossed, change nothing
        if (l <= h) {
          low[i] = l;
          high[i] = h;
        }
      });
    }
  }
}
