/** A model's own functions, written out where they are called (PyTorch's dynamo exporter and ONNX Script write some). */
import { create } from "@bufbuild/protobuf";
import { type AttributeProto, type FunctionProto, type GraphProto, type ModelProto, type NodeProto, NodeProtoSchema } from "onnx-buf";
import { fail } from "../base/index.ts";

/** Functions that call functions: deeper than any exporter's, so they call themselves. */
const DEEPEST = 64;

const key = (x: { domain: string; overload: string }, name: string): string =>
  `${x.domain === "ai.onnx" ? "" : x.domain} ${name} ${x.overload}`;

const version = (sets: readonly { domain: string; version: bigint }[]): bigint | undefined =>
  sets.find((o) => o.domain === "" || o.domain === "ai.onnx")?.version;

function refuseOther(model: ModelProto, fn: FunctionProto): void {
  const [own, mine] = [version(model.opsetImport), version(fn.opsetImport)];
  if (mine !== undefined && own !== undefined && mine !== own)
    fail({
      code: "function-opset",
      expected: `functions of the model's own opset, ${own}`,
      got: `${fn.name} of opset ${mine}`,
      mend: "inline and convert them: onnx.version_converter.convert_version(onnx.inliner.inline_local_functions(model), 21)",
    });
}

/** A copy of a message with some fields changed. Not a spread: fields that are not set lie on the prototype. */
const changed = <M extends object>(message: M, fields: Partial<M>): M =>
  Object.assign(Object.create(Object.getPrototypeOf(message)) as M, message, fields);

/** Every name of a subgraph, renamed. */
const renamedGraph = (graph: GraphProto, name: (n: string) => string, given: ReadonlyMap<string, AttributeProto>): GraphProto =>
  changed(graph, {
    node: graph.node.map((n) => renamed(n, name, given)),
    input: graph.input.map((v) => changed(v, { name: name(v.name) })),
    output: graph.output.map((v) => changed(v, { name: name(v.name) })),
    initializer: graph.initializer.map((t) => changed(t, { name: name(t.name) })),
  });

/** A node of a function's body with the call's names, and the call's attributes where it refers to them. */
function renamed(node: NodeProto, name: (n: string) => string, given: ReadonlyMap<string, AttributeProto>): NodeProto {
  const attribute = node.attribute.flatMap((a) => {
    if (a.refAttrName !== "") {
      const value = given.get(a.refAttrName);
      return value ? [changed(value, { name: a.name })] : [];
    }
    return [a.g ? changed(a, { g: renamedGraph(a.g, name, given) }) : a];
  });
  return changed(node, { input: node.input.map(name), output: node.output.map(name), attribute });
}

/** The nodes of `graph`, without calls of the model's functions. */
export function inlined(model: ModelProto, graph: GraphProto): NodeProto[] {
  if (model.functions.length === 0) return graph.node;
  const functions = new Map(model.functions.map((f) => [key(f, f.name), f]));
  let calls = 0;
  const body = (call: NodeProto, fn: FunctionProto, depth: number): NodeProto[] => {
    refuseOther(model, fn);
    if (depth > DEEPEST)
      fail({ code: "onnx-damaged", expected: "functions that end", got: `${fn.name}, which calls itself`, mend: "export the model again" });
    const prefix = `${call.name || fn.name}#${calls++}/`;
    const names = new Map<string, string>([["", ""]]);
    for (const [i, n] of fn.input.entries()) names.set(n, call.input[i] ?? "");
    // an input handed through as an output needs a node to carry its second name
    const through = fn.output.flatMap((n, i) => (fn.input.includes(n) && call.output[i] ? [[n, call.output[i]] as const] : []));
    for (const [i, n] of fn.output.entries()) if (!fn.input.includes(n)) names.set(n, call.output[i] || `${prefix}${n}`);
    const name = (n: string) => names.get(n) ?? `${prefix}${n}`;
    const given = new Map([...fn.attributeProto, ...call.attribute].map((a) => [a.name, a]));
    return [
      ...fn.node.flatMap((n) => expand(changed(renamed(n, name, given), { name: `${prefix}${n.name}` }), depth + 1)),
      ...through.map(([from, to]) =>
        create(NodeProtoSchema, { opType: "Identity", name: `${prefix}${to}`, input: [name(from)], output: [to] }),
      ),
    ];
  };
  const expand = (node: NodeProto, depth: number): NodeProto[] => {
    const fn = functions.get(key(node, node.opType));
    if (fn) return body(node, fn, depth);
    const nested = node.attribute.some((a) => a.g);
    if (!nested) return [node];
    const attribute = node.attribute.map((a) =>
      a.g ? changed(a, { g: changed(a.g, { node: a.g.node.flatMap((n) => expand(n, depth)) }) }) : a,
    );
    return [changed(node, { attribute })];
  };
  return graph.node.flatMap((n) => expand(n, 0));
}
