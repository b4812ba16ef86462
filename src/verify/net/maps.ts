/** What rules of reading share: constants spread over shapes, affine vertices, and selections followed back to what they choose from. */
import { size, type Tensor } from "../../base/index.ts";
import type { Node, Value } from "../../graph/index.ts";
import { type Linear, selection, sparse } from "./linear.ts";
import { choosing, type Vertex } from "./network.ts";

export interface Reader {
  /** The vertex of a value that depends on the input; undefined of a constant. */
  vertexOf(v: Value | null | undefined): number | undefined;
  /** The numbers of what does not depend on the input; null where it does, or they are not known. */
  constantOf(v: Value | null | undefined): Tensor | null;
  vertex(at: number): Vertex;
  add(vertex: Vertex): number;
  /** Told before so many entries of a map are made. @throws where that is more than may be kept */
  room(entries: number): void;
}

/** The vertex of a node, added to the network; null where the rule does not read it. */
export type Rule = (r: Reader, node: Node) => number | null;

export function numbers({ data }: Tensor): Float64Array {
  // without a call for each it is a hundred times as fast
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Float64Array.from(data as ArrayLike<unknown>, Number)
    : new Float64Array(data as ArrayLike<number>);
}

/** `t` broadcast to `shape`, flat. */
export function spread(t: Tensor, shape: readonly number[]): Float64Array {
  const values = numbers(t);
  const lead = shape.length - t.shape.length;
  const strides = shape.map((_, axis) => {
    const own = axis - lead;
    return own < 0 || t.shape[own] === 1 ? 0 : size(t.shape.slice(own + 1));
  });
  const out = new Float64Array(size(shape));
  for (let i = 0; i < out.length; i++) {
    let [rest, at] = [i, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    out[i] = values[at]!;
  }
  return out;
}

export const counted = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

/** Where each element of `v`, broadcast to `shape`, comes from. */
export const spreadPlaces = (v: Value, shape: readonly number[]): Int32Array =>
  Int32Array.from(spread({ dtype: "int32", shape: v.type.shape, data: counted(size(v.type.shape)) }, shape));

/** An affine vertex. What it reads of a selection it reads of what that selects from: nothing is added up, so nothing is rounded. */
export function put(r: Reader, from: number, map: Linear, bias: Float64Array | null, inexact = 0): number {
  const v = r.vertex(from);
  if (map.kind === "sparse" && choosing(v))
    return put(r, v.from, { ...map, columns: v.map.columns, places: map.places.map((p) => v.map.places[p]!) }, bias, inexact);
  return r.add({ kind: "affine", size: map.rows, from, map, bias, inexact });
}

/** A vertex whose elements are some of another's. */
export interface Chosen {
  readonly root: number;
  readonly places: Int32Array;
}

/** `places` of vertex `at`, followed back through selections: equal numbers are then known as equal. */
export function chosen(r: Reader, at: number, places: Int32Array): Chosen {
  const v = r.vertex(at);
  if (!choosing(v)) return { root: at, places };
  return chosen(
    r,
    v.from,
    places.map((p) => v.map.places[p]!),
  );
}

/** As a vertex of its own, or the root itself where all is chosen in order. */
export function vertexOfChosen(r: Reader, { root, places }: Chosen): number {
  const n = r.vertex(root).size;
  return places.length === n && places.every((p, i) => p === i) ? root : put(r, root, selection(n, places), null);
}

export const alike = (a: Chosen, b: Chosen): boolean => a.root === b.root && a.places.every((p, i) => p === b.places[i]);

/** a + sign·b of two choices from one vertex, as one map: what is subtracted from itself is 0. */
export const combined = (r: Reader, a: Chosen, b: Chosen, sign: 1 | -1): number =>
  put(
    r,
    a.root,
    sparse(
      r.vertex(a.root).size,
      Array.from(a.places, (p, i) => {
        const q = b.places[i]!;
        if (p !== q)
          return [
            [p, 1],
            [q, sign],
          ] as const;
        return sign === 1 ? [[p, 2] as const] : [];
      }),
    ),
    null,
  );

/** The vertex of `v` broadcast to `shape`. */
export const broadcastVertex = (r: Reader, v: Value, shape: readonly number[]): Chosen => chosen(r, r.vertexOf(v)!, spreadPlaces(v, shape));
