import type { Graph, Node, Value } from "./graph.ts";

/** All nodes that `roots` need, each after its inputs. Iterative: unrolled attacks are thousands of nodes deep. */
export function order(roots: readonly Value[]): Node[] {
  const done = new Set<Node>();
  const out: Node[] = [];
  const stack: { node: Node; next: number }[] = [];
  const push = (v: Value | null | undefined) => {
    if (v?.node && !done.has(v.node)) stack.push({ node: v.node, next: 0 });
  };
  for (const root of roots) {
    push(root);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (done.has(top.node)) stack.pop();
      else if (top.next < top.node.inputs.length) push(top.node.inputs[top.next++]);
      else {
        done.add(top.node);
        out.push(top.node);
        stack.pop();
      }
    }
  }
  return out;
}

/** Every node and value that changes when one of `sources` does. */
export function dependents(roots: readonly Value[], sources: readonly Value[]): Set<Value> {
  const live = new Set<Value>(sources);
  for (const node of order(roots)) if (node.inputs.some((v) => v && live.has(v))) for (const o of node.outputs) live.add(o);
  return live;
}

/** The graph inputs that `roots` need, in order of first use. */
export function freeInputs(roots: readonly Value[]): Value[] {
  const found = new Set<Value>();
  const see = (v: Value | null) => v && !v.node && !v.data && found.add(v);
  roots.forEach(see);
  for (const node of order(roots)) node.inputs.forEach(see);
  return [...found];
}

/** Constants of a graph, in order of first use. */
export function constants(graph: Graph): Value[] {
  const found = new Set<Value>();
  const see = (v: Value | null) => v?.data && found.add(v);
  graph.outputs.forEach(see);
  for (const node of order(graph.outputs)) node.inputs.forEach(see);
  return [...found];
}
