/** From a graph to a network of flat vectors: what only moves numbers becomes a map of ones, and maps that follow one another exactly become one. */
import { CounterfoilError, fail, isFloat, size, type Tensor } from "../../base/index.ts";
import { type Emit, type Graph, type Node, order, type Value } from "../../graph/index.ts";
import { builder } from "../../pass/index.ts";
import { affineMap } from "./affine.ts";
import { bent, parts } from "./bends.ts";
import { selection } from "./linear.ts";
import { put, type Reader, spread } from "./maps.ts";
import { type Affine, moved, type Network, sourcesOf, type Vertex } from "./network.ts";

/** Operators that leave the flat order as it is. */
const RENAMES = new Set(["Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze"]);
/** Operators that only choose and order numbers. */
const MOVES = new Set(["Transpose", "Slice", "Gather", "GatherElements", "GatherND", "Tile"]);

/**
 * Read the one output of `graph`, of batch 1, as a function of its one input.
 * @returns the network, or what stands in the way: an operator that is not read yet, by name
 */
export function networkOf(graph: Graph): Network | { readonly unread: string } {
  const reading = new Reading(graph.inputs[0]!);
  for (const node of order(graph.outputs)) {
    const why = reading.take(node);
    if (why) return { unread: why };
  }
  return reading.network(graph.outputs[0]!);
}

class Reading implements Reader {
  readonly vertices: Vertex[];
  readonly #at = new Map<Value, number>();
  readonly #constants = new Map<Value, Tensor>();
  readonly #e: Emit = builder();

  constructor(input: Value) {
    this.vertices = [{ kind: "input", size: size(input.type.shape) }];
    this.#at.set(input, 0);
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

  add(vertex: Vertex): number {
    this.vertices.push(vertex);
    return this.vertices.length - 1;
  }

  /** Read one node. Returns what is not read, or null. */
  take(node: Node): string | null {
    const named = `${node.op}${node.name ? ` (node "${node.name}")` : ""}`;
    const moving = node.inputs.filter((v) => this.vertexOf(v) !== undefined);
    if (moving.length === 0) this.#settle(node);
    if (moving.length === 0 || node.outputs.every((o) => o.known || this.vertexOf(o) !== undefined)) return null;
    // whole numbers and truths are rounded by other rules than these
    if (node.outputs.some((o) => !isFloat(o.type.dtype))) return named;
    const first = this.vertexOf(node.inputs[0]);
    const out = node.outputs[0]!;
    // a cast between floats is one between names: what is bounded is exact arithmetic, and its output a float here
    if ((RENAMES.has(node.op) || node.op === "Cast") && first !== undefined && moving.length === 1) {
      this.#at.set(out, first);
      return null;
    }
    if (MOVES.has(node.op) && first !== undefined && moving.length === 1) return this.#moved(node, first) ? null : named;
    // what is computed from constants only, but is not known, is no constant to us
    if (node.inputs.some((v) => v && this.vertexOf(v) === undefined && !this.constantOf(v))) return named;
    if (node.op === "Concat") {
      this.#at.set(out, this.#concatenated(node));
      return null;
    }
    if (node.op === "Relu" || node.op === "LeakyRelu") {
      const slope = node.op === "Relu" ? 0 : Math.fround((node.attrs.alpha as number | undefined) ?? 0.01);
      if (slope >= 0 && slope <= 1) {
        this.#at.set(out, this.add({ kind: "rectifier", size: size(out.type.shape), from: first!, slope }));
        return null;
      }
    }
    const at = affineMap(this, node) ?? bent(this, node);
    if (at !== null) this.#at.set(out, at);
    return at !== null || this.#composed(node) ? null : named;
  }

  /** Constants that are only moved about are constants still, also where a file keeps its batch free. */
  #settle(node: Node): void {
    if (!(MOVES.has(node.op) || RENAMES.has(node.op) || node.op === "Concat" || node.op === "Expand")) return;
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

  /** Σ of each part in its place. */
  #concatenated(node: Node): number {
    const out = node.outputs[0]!;
    const rank = out.type.shape.length;
    const given = (node.attrs.axis as number | undefined) ?? 0;
    const axis = given < 0 ? given + rank : given;
    const inner = size(out.type.shape.slice(axis + 1));
    const width = out.type.shape[axis]! * inner;
    const n = size(out.type.shape);
    const bias = new Float64Array(n);
    const parts: number[] = [];
    let before = 0;
    for (const v of node.inputs) {
      const own = v!.type.shape[axis]! * inner;
      const place = (i: number) => Math.floor(i / own) * width + before + (i % own);
      const constant = this.constantOf(v);
      const count = size(v!.type.shape);
      if (constant) for (let i = 0; i < count; i++) bias[place(i)] = Number(constant.data[i]);
      else {
        const entries = new Int32Array(n).fill(-1);
        for (let i = 0; i < count; i++) entries[place(i)] = i;
        const starts = new Int32Array(n + 1);
        for (let i = 0; i < n; i++) starts[i + 1] = starts[i]! + (entries[i]! >= 0 ? 1 : 0);
        const places = entries.filter((p) => p >= 0);
        const map = { kind: "sparse", rows: n, columns: count, starts, places, data: new Float64Array(count).fill(1) } as const;
        parts.push(put(this, this.vertexOf(v)!, map, parts.length === 0 ? bias : null));
      }
      before += own;
    }
    return parts.length === 1 ? parts[0]! : this.add({ kind: "sum", size: n, from: parts });
  }

  network(output: Value): Network {
    const at = this.#at.get(output);
    if (at === undefined)
      fail({ code: "verify-constant", expected: "an output that depends on the input", got: "a constant", mend: "choose another output" });
    return { vertices: joined(kept(this.vertices, at)) };
  }
}

/** Only what `last` needs, in the same order; `last` becomes the last. */
function kept(vertices: readonly Vertex[], last: number): Vertex[] {
  const needed = new Set([0, last]);
  for (let k = last; k > 0; k--) if (needed.has(k)) for (const s of sourcesOf(vertices[k]!)) needed.add(s);
  const now = new Map<number, number>();
  const out: Vertex[] = [];
  for (let k = 0; k <= last; k++) {
    if (!needed.has(k)) continue;
    now.set(k, out.length);
    out.push(renumbered(vertices[k]!, now));
  }
  return out;
}

const renumbered = (v: Vertex, now: ReadonlyMap<number, number>): Vertex => moved(v, (s) => now.get(s)!);

/** Join an affine vertex with the one it alone feeds from, where nothing is rounded by it: a shift after a map that has none. */
function joined(vertices: readonly Vertex[]): Vertex[] {
  const users = vertices.map(() => 0);
  for (const v of vertices) for (const s of sourcesOf(v)) users[s]!++;
  const now = new Map<number, number>();
  const out: Vertex[] = [];
  vertices.forEach((v, k) => {
    const before = v.kind === "affine" ? vertices[v.from]! : null;
    const one = v.kind === "affine" && before?.kind === "affine" && users[v.from] === 1 ? both(out[now.get(v.from)!] as Affine, v) : null;
    if (one) {
      out[now.get((v as Affine).from)!] = one;
      now.set(k, now.get((v as Affine).from)!);
    } else {
      now.set(k, out.length);
      out.push(renumbered(v, now));
    }
  });
  return out;
}

const isShift = ({ map }: Affine): boolean =>
  map.kind === "sparse" &&
  map.rows === map.columns &&
  map.places.length === map.rows &&
  map.places.every((p, i) => p === i) &&
  map.data.every((v) => v === 1);

function both(first: Affine, second: Affine): Affine | null {
  if (first.bias === null && isShift(second)) return { ...first, bias: second.bias, inexact: Math.max(first.inexact, second.inexact) };
  return null;
}
