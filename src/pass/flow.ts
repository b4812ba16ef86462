/** Where a gradient passes and where it stops, node by node: asked of the records, nothing is run. */
import { CounterfoilError, isFloat } from "../base/index.ts";
import { type Emit, type Graph, type Node, order, type Value } from "../graph/index.ts";
import { cotangentType } from "../ops/algebra.ts";
import { isGap, ops } from "../ops/index.ts";
import { builder } from "./build.ts";
import { pullBack } from "./grad.ts";
import { perturbed } from "./linear.ts";

export interface NodeFlow {
  readonly node: Node;
  readonly op: string;
  readonly name?: string;
  /**
   * `differentiable`: a true gradient passes to an input that depends on the graph's. `straight-through`: the true one is zero or missing,
   * and the record has a surrogate (`grad` with `surrogate: true`). `stops`: neither.
   */
  readonly flow: "differentiable" | "straight-through" | "stops";
  /** Why the true gradient does not pass. */
  readonly reason?: string;
}

/** Does a cotangent of every output reach one of the live inputs? A sentence where it does not. */
function passes(e: Emit, node: Node, live: ReadonlySet<Value>, surrogate: boolean): true | string {
  const dy = node.outputs.map((o) => (live.has(o) ? e.fill(1, o.type.shape, cotangentType(o)) : null));
  try {
    const found = pullBack(e, node, dy, live, { surrogate });
    return found.some((g, i) => g !== null && live.has(node.inputs[i]!)) || "its gradient is zero almost everywhere";
  } catch (error) {
    if (!(error instanceof CounterfoilError)) throw error;
    const { vjp } = ops[node.op]!;
    return isGap(vjp) ? vjp.gap : error.got;
  }
}

/** Each node between the graph's float inputs and its outputs, in order. What follows from shapes alone is not between them. */
export function gradientFlow(graph: Graph): NodeFlow[] {
  const live = perturbed(
    graph.outputs,
    graph.inputs.filter((v) => isFloat(v.type.dtype)),
  );
  const e = builder();
  return order(graph.outputs)
    .filter((node) => node.outputs.some((o) => live.has(o)))
    .map((node): NodeFlow => {
      const which = { node, op: node.op, ...(node.name && { name: node.name }) };
      const truly = passes(e, node, live, false);
      if (truly === true) return { ...which, flow: "differentiable" };
      return { ...which, flow: passes(e, node, live, true) === true ? "straight-through" : "stops", reason: truly };
    });
}
