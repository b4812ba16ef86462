/** Graph → ONNX bytes: opset 21, IR 10, initialisers as raw data. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type GraphProtoSchema, ModelProtoSchema } from "onnx-buf";
import { onnxType } from "../base/index.ts";
import { constants, type Graph, order, type Type, type Value } from "../graph/index.ts";
import { encodeAttribute } from "./attribute.ts";
import { ExternalWriter } from "./external-write.ts";
import { encodeTensor } from "./tensor.ts";

export const OPSET = 21;
export const IR_VERSION = 10;

type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
function valueInfo(name: string, { dtype, shape }: Type, dims?: readonly (number | string)[]) {
  const dim = (dims ?? shape).map((d) => ({
    value: typeof d === "string" ? { case: "dimParam" as const, value: d } : { case: "dimValue" as const, value: BigInt(d) },
  }));
  return { name, type: { value: { case: "tensorType" as const, value: { elemType: onnxType[dtype], shape: { dim } } } } };
}

function graphProto(graph: Graph, outside?: ExternalWriter): GraphInit {
  const names = new Map<Value, string>();
  const taken = new Set<string>([""]);
  const name = (v: Value | null): string => {
    if (!v) return "";
    let n = names.get(v);
    if (n === undefined) {
      n = v.name ?? "";
      for (let k = taken.size; taken.has(n); k++) n = `${v.name ?? "v"}_${k}`;
      taken.add(n);
      names.set(v, n);
    }
    return n;
  };
  // inputs and outputs first: they keep their names
  graph.inputs.forEach(name);
  graph.outputs.forEach((v, i) => {
    const wanted = graph.outputNames?.[i];
    if (wanted && v.node && !names.has(v) && !taken.has(wanted)) {
      taken.add(wanted);
      names.set(v, wanted);
    } else name(v);
  });
  // graphs made of several files may bring the same names
  const nodeNames = new Set<string>();
  const nodeName = (wanted = ""): string => {
    if (wanted === "") return "";
    let n = wanted;
    for (let k = 1; nodeNames.has(n); k++) n = `${wanted}_${k}`;
    nodeNames.add(n);
    return n;
  };
  const nodes = order(graph.outputs).map((node) => ({
    opType: node.op,
    name: nodeName(node.name),
    input: node.inputs.map(name),
    output: node.outputs.map(name),
    attribute: Object.entries(node.attrs).map(([k, v]) => encodeAttribute(k, v)),
  }));
  // an output that is no node's own (an input or a constant passed through, or one listed twice) needs an Identity
  const seen = new Set<Value>();
  const outputs = graph.outputs.map((v) => {
    if (v.node && !seen.has(v)) {
      seen.add(v);
      return name(v);
    }
    const copy = `${name(v)}_out${seen.size}_${nodes.length}`;
    nodes.push({ opType: "Identity", name: "", input: [name(v)], output: [copy], attribute: [] });
    return copy;
  });
  const free = graph.inputs.find((v) => typeof v.dims?.[0] === "string")?.dims?.[0];
  return {
    name: graph.name ?? "counterfoil",
    node: nodes,
    initializer: constants(graph).map((v) => outside?.take(v.data!, name(v)) ?? encodeTensor(v.data!, name(v))),
    input: graph.inputs.map((v) => valueInfo(name(v), v.type, v.dims)),
    output: graph.outputs.map((v, i) =>
      valueInfo(
        outputs[i]!,
        v.type,
        v.dims ?? (free !== undefined && v.type.shape.length > 0 ? [free, ...v.type.shape.slice(1)] : undefined),
      ),
    ),
  };
}

const modelBytes = (graph: Graph, outside?: ExternalWriter): Uint8Array =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(IR_VERSION),
      producerName: "counterfoil",
      opsetImport: [{ domain: "", version: BigInt(OPSET) }],
      graph: graphProto(graph, outside),
      metadataProps: Object.entries(graph.metadata ?? {}).map(([key, value]) => ({ key, value })),
    }),
  );

/** An ONNX file of `graph`, whole in itself (at most 2 GiB). Its free dimensions stay free. */
export const write = (graph: Graph): Uint8Array => modelBytes(graph);

/**
 * An ONNX file of `graph` whose large weights lie in a second file, to be saved beside it under the name `path`.
 * @param above weights of at least so many bytes go there
 */
export function writeExternal(graph: Graph, path: string, above = 1024): { readonly model: Uint8Array; readonly weights: Uint8Array } {
  const outside = new ExternalWriter(path, above);
  const model = modelBytes(graph, outside);
  return { model, weights: outside.data() };
}
