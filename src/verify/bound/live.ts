/**
 * What of a network counts over some relaxations: an element whose lines are both 0 passes nothing back, whatever is asked of it, so that nothing has
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

/** Elements of a vertex, ascending. */
interface Counting {
  /** Those of which something has to be known. */
  readonly elements: Int32Array;
  /** Of these, those of a rectifier whose two lines are x: what is asked of them is asked of what they read. */
  readonly straight: Int32Array;
  /** And all others. */
  readonly bending: Int32Array;
}

const NONE = new Int32Array(0);
/** Both lines are 0, both are x; what is both here and there, or neither, bends. */
const [OFF, ON] = [1, 2] as const;

export class Live {
  /** What these were asked for. */
  readonly lines: Relaxation | readonly Relaxation[];
  readonly #all: readonly Relaxation[];
  readonly #shape: Shape;
  readonly #counting: Counting[] = [];
  readonly #columns: { readonly rows: Int32Array; readonly columns: Columns }[] = [];
  readonly #forward: Columns[] = [];

  /** @param lines found already for all vertices that will be asked about; what counts over one of several counts */
  constructor(shape: Shape, lines: Relaxation | readonly Relaxation[]) {
    this.lines = lines;
    this.#all = "enclosure" in lines ? [lines] : [...new Set(lines)];
    this.#shape = shape;
  }

  /** What counts of vertex `k`. */
  of(k: number): Counting {
    const known = this.#counting[k];
    if (known) return known;
    const { kind } = this.#shape.network.vertices[k]!;
    const every = this.#shape.every[k]!;
    const found = kind === "rectifier" || kind === "curve" ? this.#sorted(k, every) : { elements: every, straight: NONE, bending: every };
    this.#counting[k] = found;
    return found;
  }

  /** The map of affine vertex `k`: of rows that are 0 but in `rows`, in the columns that count. */
  columns(k: number, rows: Int32Array, map: Sparse, from: number): Columns {
    const known = this.#columns[k];
    if (known?.rows === rows) return known.columns;
    const columns = columnsOf(this.#shape.turned(k, map), rows, this.of(from).elements);
    this.#columns[k] = { rows, columns };
    return columns;
  }

  /** The same map turned over, for what is passed on: of what counts of its source, all rows. */
  forward(k: number, map: Sparse, from: number): Columns {
    this.#forward[k] ??= columnsOf(map, this.of(from).elements, this.#shape.every[k]!);
    return this.#forward[k];
  }

  #sorted(k: number, every: Int32Array): Counting {
    const n = every.length;
    const states = new Uint8Array(n);
    for (const { below, lift, above, offset, weight } of this.#all) {
      const [b, l, a, o, w] = [below[k]!, lift[k]!, above[k]!, offset[k]!, weight[k]!];
      for (let i = 0; i < n; i++) {
        // a NaN is no such line
        const exact = l[i] === 0 && o[i] === 0 && w[i] === 0 && b[i] === a[i];
        states[i]! |= exact && b[i] === 0 ? OFF : exact && b[i] === 1 ? ON : OFF | ON;
      }
    }
    const [elements, straight, bending] = [new Int32Array(n), new Int32Array(n), new Int32Array(n)];
    let [all, one, other] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      if (states[i] === OFF) continue;
      elements[all++] = i;
      if (states[i] === ON) straight[one++] = i;
      else bending[other++] = i;
    }
    return {
      elements: all === n ? every : elements.subarray(0, all),
      straight: straight.subarray(0, one),
      bending: bending.subarray(0, other),
    };
  }
}
