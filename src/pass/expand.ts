/** Rewrite chosen nodes as their `compose` graphs, and rebuild graphs on other inputs. */
import { fail } from "../base/index.ts";
import { type Emit, type Graph, type Node, order, type Value } from "../graph/index.ts";
import { ops } from "../ops/index.ts";
import { builder } from "./build.ts";

type Rewrite = (e: Emit, node: Node) => readonly Value[] | null;

/**
 * Re-emit what `outputs` need, with `replaced` standing in for some values (say, the inputs at another batch size).
 * `rewrite` may answer a node with other values. Returns the map from old values to new ones.
 */
export function remap(
  e: Emit,
  outputs: readonly Value[],
  replaced: ReadonlyMap<Value, Value>,
  rewrite: Rewrite = () => null,
): Map<Value, Value> {
  const now = new Map(replaced);
  const get = (v: Value | null): Value | null => (v === null ? null : (now.get(v) ?? v));
  for (const node of order(outputs)) {
    if (node.outputs.every((o) => now.has(o))) continue;
    const inputs = node.inputs.map(get);
    const moved = inputs.some((v, i) => v !== node.inputs[i]);
    const plain = moved ? e.node(node.op, inputs, node.attrs, node.name) : node.outputs;
    const made = plain[0]!.node;
    const other = made ? rewrite(e, made) : null;
    // a rewritten node may itself be made of nodes to rewrite
    const inner = other && remap(e, other, new Map(), rewrite);
    const y = other ? other.map((v) => inner!.get(v)!) : plain;
    node.outputs.forEach((o, i) => {
      if (y[i] !== o) now.set(o, y[i]!);
    });
  }
  for (const v of outputs) if (!now.has(v)) now.set(v, v);
  return now;
}

/**
 * The graph as the runtime gets it, at its batch size: values that follow from shapes become constants (with `anyBatch` they are
 * left to be computed), float64 nodes that onnxruntime has no kernel for become their compositions, and what it misreads, and what
 * it would compute slowly, is said in other words.
 */
export function lower<G extends Pick<Graph, "outputs">>(graph: G, { anyBatch = false } = {}): G {
  const lacksKernel = (node: Node) =>
    ops[node.op]?.noFloat64 === true && [...node.inputs, ...node.outputs].some((v) => v?.type.dtype === "float64");
  const map = remap(builder(), graph.outputs, new Map(), (e, node) => {
    if (!anyBatch && node.outputs.every((o) => o.known)) return node.outputs.map((o) => e.constant(o.known!));
    const { compose, respell } = ops[node.op]!;
    return lacksKernel(node) ? compose!(e, node) : (respell?.(e, node, anyBatch) ?? null);
  });
  return { ...graph, outputs: graph.outputs.map((v) => map.get(v)!) };
}

/** The same graph at another batch size: axis 0 of every input that has a free one becomes `batch`. */
export function rebatch(graph: Graph, batch: number): { graph: Graph; map: Map<Value, Value> } {
  const swap = new Map<Value, Value>();
  const inputs = graph.inputs.map((v) => {
    if (v.type.shape.length === 0 || (v.dims && typeof v.dims[0] === "number" && v.dims[0] !== batch))
      return v.type.shape.length === 0
        ? v
        : fail({
            code: "batch-fixed",
            expected: `a model whose batch can be ${batch}`,
            got: `input ${v.name ?? ""} with a fixed first dimension of ${v.dims![0]}`,
            mend: "export it with a dynamic batch, or use that batch size",
          });
    const w: Value = { ...v, type: { dtype: v.type.dtype, shape: [batch, ...v.type.shape.slice(1)] } };
    swap.set(v, w);
    return w;
  });
  const map = remap(builder(), graph.outputs, swap);
  return { graph: { ...graph, inputs, outputs: graph.outputs.map((v) => map.get(v)!) }, map };
}

/** Fold what is known: re-emit every node through the builder. */
export function foldConstants(graph: Graph): Graph {
  const e = builder();
  const map = remap(e, graph.outputs, new Map(), (_, node) => {
    const y = e.node(node.op, node.inputs, node.attrs, node.name);
    return y[0]!.data ? y : null;
  });
  return { ...graph, outputs: graph.outputs.map((v) => map.get(v)!) };
}
