import type { Attr, Graph, Value } from "./graph.ts";
import { order } from "./walk.ts";

const type = (v: Value): string => `${v.type.dtype}[${v.type.shape}]`;

const attr = (a: Attr): string =>
  typeof a === "object" && !Array.isArray(a)
    ? "outputs" in a
      ? "graph"
      : `tensor[${(a as { shape: readonly number[] }).shape}]`
    : JSON.stringify(a);

/** One line a node, SSA style: `%3 = Relu(%2) : float32[1,10]`. */
export function print(graph: Graph): string {
  const names = new Map<Value, string>();
  const name = (v: Value | null): string => {
    if (!v) return "_";
    if (v.data) return v.data.data.length === 1 ? String(v.data.data[0]) : `const ${type(v)}`;
    if (!names.has(v)) names.set(v, `%${v.name ?? names.size}`);
    return names.get(v)!;
  };
  const lines = [`graph ${graph.name ?? ""}(${graph.inputs.map((v) => `${name(v)}: ${type(v)}`).join(", ")})`];
  for (const node of order(graph.outputs)) {
    const attrs = Object.entries(node.attrs).map(([k, v]) => `${k}=${attr(v)}`);
    const args = [...node.inputs.map(name), ...attrs].join(", ");
    lines.push(`  ${node.outputs.map(name).join(", ")} = ${node.op}(${args}) : ${node.outputs.map(type).join(", ")}`);
  }
  lines.push(`  return ${graph.outputs.map(name).join(", ")}`);
  return lines.join("\n");
}
