/** Enclosures by backward bounds: each vertex that a rectifier reads by intervals first, by linear bounds where that leaves it unstable. */
import type { Network } from "../net/network.ts";
import type { Backward, Slopes } from "./backward.ts";
import { type Enclosure, emptyEnclosure, encloseVertex, intersect } from "./enclosure.ts";

/** The rectifiers that read each vertex's numbers. */
const readers = (network: Network): boolean[] => {
  const read = network.vertices.map(() => false);
  for (const v of network.vertices) if (v.kind === "rectifier") read[v.from] = true;
  return read;
};

export class Tightener {
  readonly #network: Network;
  readonly #back: Backward;
  readonly #read: boolean[];
  /** The vertex before which nothing bends: intervals are exact up to it, if one map leads there. */
  readonly #first: number;

  constructor(network: Network, back: Backward) {
    this.#network = network;
    this.#back = back;
    this.#read = readers(network);
    this.#first = network.vertices.findIndex((v) => v.kind === "affine");
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
      if (backward && this.#read[k] && k !== this.#first) this.#rebound(k, all, slopes);
    }
    return all;
  }

  /** Bound the unstable elements of vertex `k` from the back. */
  #rebound(k: number, all: Enclosure, slopes: Slopes | undefined): void {
    const [low, high] = [all.low[k]!, all.high[k]!];
    const open: number[] = [];
    for (let i = 0; i < low.length; i++) if (low[i]! < 0 && high[i]! > 0) open.push(i);
    if (open.length === 0) return;
    const n = low.length;
    const rows = new Float64Array(2 * open.length * n);
    open.forEach((i, r) => {
      rows[2 * r * n + i] = 1;
      rows[(2 * r + 1) * n + i] = -1;
    });
    const { least } = this.#back.bound(k, rows, 2 * open.length, all, slopes);
    open.forEach((i, r) => {
      const [l, h] = [Math.max(low[i]!, least[2 * r]!), Math.min(high[i]!, -least[2 * r + 1]!)];
      // NaN, or bounds that rounding crossed, change nothing
      if (l <= h) {
        low[i] = l;
        high[i] = h;
      }
    });
  }
}
