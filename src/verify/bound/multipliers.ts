/**
 * What each row's proof may choose freely: slopes α of the lines below unstable rectifiers (Xu et al. 2021, arXiv:2011.13824) and
 * multipliers β ≥ 0 of what splits assume (Wang et al. 2021, arXiv:2103.06624). Any choice is sound, as what lies outside is brought inside; some prove more.
 */
import type { Network } from "../net/network.ts";
import type { Relaxation } from "./relaxation.ts";

/** An element of a rectifier's vertex, of which a domain assumes that what it reads is ≥ 0 (sign 1) or ≤ 0 (sign −1). */
export interface Split {
  readonly vertex: number;
  readonly element: number;
  readonly sign: 1 | -1;
}

/** The unstable elements of all rectifiers, numbered through. */
export interface Places {
  /** By vertex: its unstable elements, ascending. */
  readonly elements: readonly Int32Array[];
  /** By vertex: the number of its first one. */
  readonly starts: Int32Array;
  /** By vertex: the least slope that a lower line may have. */
  readonly least: Float64Array;
  readonly count: number;
}

/** All rectifiers' elements, of vertices before `at`, that `lines` leaves open. */
export function placesOf({ vertices }: Network, { offset }: Relaxation, at: number): Places {
  const starts = new Int32Array(vertices.length);
  let count = 0;
  const elements = vertices.map((v, k) => {
    starts[k] = count;
    if (v.kind !== "rectifier" || k >= at) return new Int32Array(0);
    const own = Int32Array.from(offset[k]!.keys()).filter((i) => offset[k]![i]! > 0);
    count += own.length;
    return own;
  });
  const least = Float64Array.from(vertices, (v) => (v.kind === "rectifier" ? v.slope : 0));
  return { elements, starts, least, count };
}

export class Multipliers {
  readonly places: Places;
  /** [rows, places] */
  readonly alphas: Float64Array;
  /** Of each row, and one multiplier for each split. */
  readonly splits: readonly (readonly Split[])[];
  readonly betas: readonly Float64Array[];

  constructor(places: Places, alphas: Float64Array, splits: readonly (readonly Split[])[] = [], betas: readonly Float64Array[] = []) {
    this.places = places;
    this.alphas = alphas;
    this.splits = splits;
    this.betas = betas;
  }

  /** Put row `r`'s slopes for vertex `k` into `below`, where its own lines are still open (`offset` > 0). */
  choose(k: number, r: number, offset: Float64Array, below: Float64Array): void {
    const own = this.places.elements[k]!;
    const at = r * this.places.count + this.places.starts[k]!;
    const least = this.places.least[k]!;
    for (let u = 0; u < own.length; u++) if (offset[own[u]!]! > 0) below[own[u]!] = Math.min(Math.max(this.alphas[at + u]!, least), 1);
  }

  /** Take β·sign·x ≥ 0 from row `r` of what vertex `k`, of size `n`, reads, for each of its splits; the elements, or null where there is none. */
  split(k: number, r: number, n: number, out: Float64Array): readonly number[] | null {
    const own = this.splits[r];
    if (!own || own.length === 0) return null;
    const changed: number[] = [];
    own.forEach(({ vertex, element, sign }, s) => {
      const beta = this.betas[r]![s]!;
      if (vertex !== k || beta <= 0) return;
      out[r * n + element]! -= sign * beta;
      changed.push(element);
    });
    return changed;
  }
}
