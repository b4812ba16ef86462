/**
 * What of a network counts over one relaxation: an element whose lines are both 0 passes nothing back, whatever is asked of it, so that nothing has
 * to be asked. Of rectifiers these are all that are off, often most.
 */
import { type Columns, columnsOf, turned } from "../net/columns.ts";
import type { Sparse } from "../net/linear.ts";
import type { Network } from "../net/network.ts";
import type { Relaxation } from "./relaxation.ts";

/** What is found out once for a network. */
export class Shape {
  readonly network: Network;
  /** By vertex: 0, 1, … size − 1. */
  readonly every: readonly Int32Array[];
  readonly #turned: Sparse[] = [];

  constructor(network: Network) {
    this.network = network;
    const known = new Map<number, Int32Array>();
    this.every = network.vertices.map(({ size }) => {
      const own = known.get(size) ?? Int32Array.from({ length: size }, (_, i) => i);
      known.set(size, own);
      return own;
    });
  }

  /** The map of affine vertex `k` by its columns. */
  turned(k: number, map: Sparse): Sparse {
    this.#turned[k] ??= turned(map);
    return this.#turned[k];
  }
}

export class Live {
  readonly lines: Relaxation;
  readonly #shape: Shape;
  readonly #elements: Int32Array[] = [];
  readonly #columns: { readonly rows: Int32Array; readonly columns: Columns }[] = [];

  /** @param lines found already for all vertices that will be asked about */
  constructor(shape: Shape, lines: Relaxation) {
    this.lines = lines;
    this.#shape = shape;
  }

  /** The elements of vertex `k` of which something has to be known, ascending. */
  elements(k: number): Int32Array {
    const known = this.#elements[k];
    if (known) return known;
    const v = this.#shape.network.vertices[k]!;
    const found = v.kind === "rectifier" || v.kind === "curve" ? this.#bending(k, v.size) : this.#shape.every[k]!;
    this.#elements[k] = found;
    return found;
  }

  /** The map of affine vertex `k`: of rows that are 0 but in `rows`, in the columns that count. */
  columns(k: number, rows: Int32Array, map: Sparse, from: number): Columns {
    const known = this.#columns[k];
    if (known?.rows === rows) return known.columns;
    const columns = columnsOf(this.#shape.turned(k, map), rows, this.elements(from));
    this.#columns[k] = { rows, columns };
    return columns;
  }

  #bending(k: number, n: number): Int32Array {
    const { below, lift, above, offset, weight } = this.lines;
    const [b, l, a, o, w] = [below[k]!, lift[k]!, above[k]!, offset[k]!, weight[k]!];
    const some = new Int32Array(n);
    let count = 0;
    // a NaN is not 0
    for (let i = 0; i < n; i++) if (!(b[i] === 0 && a[i] === 0 && l[i] === 0 && o[i] === 0 && w[i] === 0)) some[count++] = i;
    return count === n ? this.#shape.every[k]! : some.subarray(0, count);
  }
}
