/** From a graph to a network of flat vectors: what only moves numbers becomes a map of ones, and maps that follow one another exactly become one. */
import { CounterfoilError, fail, isFloat, size, type Tensor } from "../../base/index.ts";
import { type Emit, type Graph, type Node, order, type Value } from "../../graph/index.ts";
import { ops } from "../../ops/index.ts";
import { builder } from "../../pass/index.ts";
import { atOnce } from "../clock.ts";
import { AFFINE, affineMap } from "./affine.ts";
import { BENT, bent, parts } from "./bends.ts";
import { joined, kept, type Semantics } from "./join.ts";
import { selection, terms } from "./linear.ts";
import { put, type Reader, spread } from "./maps.ts";
import type { Network, Vertex } from "./network.ts";

/** Operators that leave the flat order as it is. */
const RENAMES = new Set(["Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze"]);
/** A cast between floats is one between names: what is bounded is exact arithmetic. */
const CASTS = new Set(["Cast"]);
const JOINS = new Set(["Concat"]);
/** Operators that only choose and order numbers. */
const MOVES = new Set(["Transpose", "Slice", "Gather", "GatherElements", "GatherND", "Tile"]);

/**
 * The operators that are read, by name: those with bounds, those that move numbers, and those whose outputs do not depend on the data.
 * With some attributes or inputs an operator of these is refused still, by name.
 */
export const READ: readonly string[] = [
  ...new Set([
    ...RENAMES,
    ...CASTS,
    ...JOINS,
    ...[...MOVES].filter((op) => ops[op]!.fold),
    ...AFFINE,
    ...BENT,
    ...Object.keys(ops).filter((op) => ops[op]!.still),
  ]),
].sort();

/**
 * Read the outputs of `graph`, of batch 1, one after the other, as a function of its inputs, one after the other.
 * @returns the network, or what stands in the way: an operator that is not read yet, by name
 */
export const networkOf = (graph: Graph, semantics: Semantics = "real"): Readable => atOnce(networkFrom(graph, semantics));

/** What was read, or what stands in the way: an operator, or only the memory that it would take. */
export type Readable = Network | { readonly unread: string; readonly isTooLarge?: boolean };

/** As {@link networkOf}, and yields between nodes; what takes more than `memory` MiB stands in the way. */
export function* networkFrom(graph: Graph, semantics: Semantics, memory?: number): Generator<null, Readable> {
  const [half] = semantics === "float32" ? (graph.reduced ?? []) : [];
  if (half !== undefined) return { unread: `${half}, which may compute in half precision` };
  const network = yield* readAs(graph, semantics, memory);
  return semantics === "real" || "unread" in network ? network : inFloat32(network);
}

/** As {@link unroundedNetworkFrom}, in one go and of any size. */
export const unroundedNetworkOf = (graph: Graph): Readable => atOnce(unroundedNetworkFrom(graph));

/** As {@link networkFrom}, of exact arithmetic; maps are made one only where no product of theirs is rounded by it. */
export const unroundedNetworkFrom = (graph: Graph, memory?: number): Generator<null, Readable> => readAs(graph, "float32", memory);

/** An entry of a map: its number and its place. */
const ENTRY = 12;
/** A number of a layer, in the rows that bounds pass back. */
const NUMBER = 512;

/** Thrown where maps would take more than may be kept. */
class TooLarge extends Error {}

function* readAs(graph: Graph, semantics: Semantics, memory = Number.POSITIVE_INFINITY): Generator<null, Readable> {
  const reading = new Reading(graph.inputs, memory * 2 ** 20);
  for (const node of order(graph.outputs)) {
    yield null;
    const known = reading.vertices.length;
    try {
      const unread = reading.take(node);
      if (unread) return { unread };
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
      return { unread: `${named(node)} in ${memory} MiB, which is what --memory allows the network to take`, isTooLarge: true };
    }
    if (!reading.vertices.slice(known).every(hasFiniteWeights)) return { unread: `${named(node)} with weights that are NaN or infinite` };
  }
  return reading.network(graph.outputs, semantics);
}

const named = (node: Node): string => `${node.op}${node.name ? ` (node "${node.name}")` : ""}`;

const hasFiniteWeights = (v: Vertex): boolean => v.kind !== "affine" || (areFinite(v.map.data) && (v.bias === null || areFinite(v.bias)));

function areFinite(numbers: Float64Array): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false;
  return true;
}

/** Each vertex as a float32 machine computes it: sums of products in any order, fused or not, each operation rounded once. */
function inFloat32({ vertices }: Network): Network | { readonly unread: string } {
  if (vertices.some((v) => v.kind === "affine" && v.inexact > 0))
    return { unread: "the order in which a machine rounds a normalisation or a division" };
  if (vertices.some((v) => v.kind === "curve" || v.kind === "product"))
    return { unread: "how far a machine's curves, and what is multiplied by them, are from the exact ones" };
  const moves = (v: Vertex) => v.kind === "affine" && v.bias === null && terms(v.map) <= 1 && v.map.data.every((w) => w === 0 || w === 1);
  return { vertices: vertices.map((v) => (v.kind === "input" || moves(v) ? v : { ...v, unit: 2 ** -24 })) };
}

class Reading implements Reader {
  readonly vertices: Vertex[];
  readonly #at = new Map<Value, number>();
  readonly #constants = new Map<Value, Tensor>();
  readonly #e: Emit = builder();

  readonly #most: number;
  #bytes = 0;

  /** @param most bytes */
  constructor(inputs: readonly Value[], most: number) {
    this.#most = most;
    const all = inputs.reduce((n, v) => n + size(v.type.shape), 0);
    this.vertices = [{ kind: "input", size: all }];
    let before = 0;
    for (const v of inputs) {
      const n = size(v.type.shape);
      const first = before;
      const map = selection(
        all,
        Array.from({ length: n }, (_, i) => first + i),
      );
      this.#at.set(v, inputs.length === 1 ? 0 : this.add({ kind: "affine", size: n, from: 0, map, bias: null, inexact: 0 }));
      before += n;
    }
  }

  /** The vertex of a value that depends on the input; undefined of a constant. */
  vertexOf(v: Value | null | undefined): number | undefined {
    return v ? this.#at.get(v) : undefined;
  }

  /** The numbers of what does not depend on the input; null where it does, or they are not known. */
  constantOf(v: Value | null | undefined): Tensor | null {
    if (!v || this.#at.has(v)) return null;
    return v.data ?? v.known ?? this.#constants.get(v) ?? null;
  }

  vertex(at: number): Vertex {
    return this.vertices[at]!;
  }

  room(entries: number): void {
    this.#bytes += ENTRY * entries;
    if (this.#bytes > this.#most) throw new TooLarge();
  }

  add(vertex: Vertex): number {
    this.vertices.push(vertex);
    return this.vertices.length - 1;
  }

  /** Read one node. Returns what is not read, or null. */
  take(node: Node): string | null {
    const moving = node.inputs.filter((v) => this.vertexOf(v) !== undefined);
    if (moving.length === 0) this.#settle(node);
    if (moving.length === 0 || node.outputs.every((o) => o.known || this.vertexOf(o) !== undefined)) return null;
    // whole numbers and truths are rounded by other rules than these
    if (node.outputs.some((o) => !isFloat(o.type.dtype))) return named(node);
    const first = this.vertexOf(node.inputs[0]);
    const out = node.outputs[0]!;
    this.room((NUMBER / ENTRY) * size(out.type.shape));
    // what casts give is a float here
    if ((RENAMES.has(node.op) || CASTS.has(node.op)) && first !== undefined && moving.length === 1) {
      this.#at.set(out, first);
      return null;
    }
    if (MOVES.has(node.op) && first !== undefined && moving.length === 1) return this.#moved(node, first) ? null : named(node);
    // what is computed from constants only, but is not known, is no constant to us
    if (node.inputs.some((v) => v && this.vertexOf(v) === undefined && !this.constantOf(v))) return named(node);
    if (JOINS.has(node.op)) {
      this.#at.set(out, this.#concatenated(node));
      return null;
    }
    const at = affineMap(this, node) ?? bent(this, node);
    if (at !== null) this.#at.set(out, at);
    return at !== null || this.#composed(node) ? null : named(node);
  }

  /** Constants that are only moved about are constants still, also where a file keeps its batch free. */
  #settle(node: Node): void {
    if (!(MOVES.has(node.op) || RENAMES.has(node.op) || JOINS.has(node.op) || node.op === "Expand")) return;
    const given = node.inputs.map((v) => v && this.constantOf(v));
    if (node.outputs.every((o) => o.known) || given.some((t, i) => node.inputs[i] && !t)) return;
    if (node.op === "Expand") {
      const { shape } = node.outputs[0]!.type;
      this.#constants.set(node.outputs[0]!, { dtype: "float64", shape, data: spread(given[0]!, shape) });
      return;
    }
    const made = this.#e.node(
      node.op,
      given.map((t) => t && this.#e.constant(t)),
      node.attrs,
    );
    node.outputs.forEach((o, k) => {
      const t = made[k]!.data;
      if (t) this.#constants.set(o, t);
    });
  }

  /** Read what a node is composed of. */
  #composed(node: Node): boolean {
    try {
      const made = parts(this.#e, node);
      if (!made || order(made).some((inner) => this.take(inner) !== null)) return false;
      node.outputs.forEach((o, k) => {
        const at = this.vertexOf(made[k]);
        if (at !== undefined) this.#at.set(o, at);
      });
      return this.vertexOf(node.outputs[0]) !== undefined;
    } catch (error) {
      // some say that they cannot be composed with these attributes
      if (error instanceof CounterfoilError) return false;
      throw error;
    }
  }

  /** Where each number of the outputs comes from is found out by moving the numbers 0, 1, 2, … instead. */
  #moved(node: Node, from: number): boolean {
    const shape = node.inputs[0]!.type.shape;
    const n = size(shape);
    const places = this.#e.constant({ dtype: "int64", shape, data: BigInt64Array.from({ length: n }, (_, i) => BigInt(i)) });
    const moved = this.#e.node(node.op, [places, ...node.inputs.slice(1)], node.attrs);
    const found = moved.map((v) => v.data ?? v.known);
    if (found.some((t) => !t)) return false;
    node.outputs.forEach((o, k) => {
      const map = selection(n, Array.from(found[k]!.data as BigInt64Array, Number));
      this.#at.set(o, put(this, from, map, null));
    });
    return true;
  }

  #concatenated(node: Node): number {
    const out = node.outputs[0]!;
    const rank = out.type.shape.length;
    const given = (node.attrs.axis as number | undefined) ?? 0;
    const axis = given < 0 ? given + rank : given;
    const inner = size(out.type.shape.slice(axis + 1));
    const width = out.type.shape[axis]! * inner;
    let before = 0;
    const joining = node.inputs.map((v) => {
      const own = v!.type.shape[axis]! * inner;
      const first = before;
      before += own;
      return { value: v!, place: (i: number) => Math.floor(i / own) * width + first + (i % own) };
    });
    return this.#joined(size(out.type.shape), joining);
  }

  /** Σ of each part in its place. */
  #joined(n: number, joining: readonly { readonly value: Value; readonly place: (i: number) => number }[]): number {
    const bias = new Float64Array(n);
    const moving = joining.filter(({ value, place }) => {
      const constant = this.constantOf(value);
      if (constant) for (let i = 0; i < constant.data.length; i++) bias[place(i)] = Number(constant.data[i]);
      return !constant;
    });
    const from = moving.map(({ value, place }, p) => {
      const count = size(value.type.shape);
      const entries = new Int32Array(n).fill(-1);
      for (let i = 0; i < count; i++) entries[place(i)] = i;
      const starts = new Int32Array(n + 1);
      for (let i = 0; i < n; i++) starts[i + 1] = starts[i]! + (entries[i]! >= 0 ? 1 : 0);
      const places = entries.filter((e) => e >= 0);
      const map = { kind: "sparse", rows: n, columns: count, starts, places, data: new Float64Array(count).fill(1) } as const;
      return put(this, this.vertexOf(value)!, map, p === 0 ? bias : null);
    });
    return from.length === 1 ? from[0]! : this.add({ kind: "sum", size: n, from });
  }

  network(outputs: readonly Value[], semantics: Semantics): Network {
    const sizes = outputs.map((v) => size(v.type.shape));
    const all = sizes.reduce((a, b) => a + b, 0);
    const moves = outputs.some((v) => this.vertexOf(v) !== undefined);
    const first = (k: number) => sizes.slice(0, k).reduce((a, b) => a + b, 0);
    const at =
      outputs.length === 1
        ? this.#at.get(outputs[0]!)
        : moves && outputs.every((v) => this.vertexOf(v) !== undefined || this.constantOf(v))
          ? this.#joined(
              all,
              outputs.map((value, k) => ({ value, place: (i: number) => first(k) + i })),
            )
          : undefined;
    if (at === undefined)
      fail({ code: "verify-constant", expected: "an output that depends on the input", got: "a constant", mend: "choose another output" });
    return { vertices: joined(kept(this.vertices, at), semantics) };
  }
}
