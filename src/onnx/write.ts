/** Graph → ONNX bytes: opset 21, IR 10, initialisers as raw data. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType as A, type AttributeProtoSchema, type GraphProtoSchema, ModelProtoSchema } from "onnx-buf";
import { onnxType, type Tensor } from "../base/index.ts";
import { type Attr, constants, type Graph, order, type Type, type Value } from "../graph/index.ts";

export const OPSET = 21;
export const IR_VERSION = 10;

type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
type AttrInit = MessageInitShape<typeof AttributeProtoSchema>;

/** Attributes that ONNX types as float although a whole number may stand there. */
const FLOATS = new Set([
  "alpha",
  "beta",
  "gamma",
  "epsilon",
  "momentum",
  "ratio",
  "bias",
  "lambd",
  "cubic_coeff_a",
  "extrapolation_value",
  "low",
  "high",
  "mean",
  "scale",
  "value_float",
]);
const FLOAT_LISTS = new Set(["value_floats", "scales"]);

const bytesOf = ({ data }: Tensor): Uint8Array<ArrayBuffer> => new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);

const tensorProto = (t: Tensor, name = "") => ({ name, dims: t.shape.map(BigInt), dataType: onnxType[t.dtype], rawData: bytesOf(t) });

function attribute(name: string, value: Attr): AttrInit {
  if (typeof value === "number")
    return FLOATS.has(name) || !Number.isInteger(value) ? { name, type: A.FLOAT, f: value } : { name, type: A.INT, i: BigInt(value) };
  if (typeof value === "string") return { name, type: A.STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) {
    if (typeof value[0] === "string") return { name, type: A.STRINGS, strings: value.map((s) => new TextEncoder().encode(s)) };
    return FLOAT_LISTS.has(name) ? { name, type: A.FLOATS, floats: [...value] } : { name, type: A.INTS, ints: value.map(BigInt) };
  }
  if ("outputs" in value) return { name, type: A.GRAPH, g: graphProto(value as Graph) };
  return { name, type: A.TENSOR, t: tensorProto(value as Tensor) };
}

function valueInfo(name: string, { dtype, shape }: Type, dims?: readonly (number | string)[]) {
  const dim = (dims ?? shape).map((d) => ({
    value: typeof d === "string" ? { case: "dimParam" as const, value: d } : { case: "dimValue" as const, value: BigInt(d) },
  }));
  return { name, type: { value: { case: "tensorType" as const, value: { elemType: onnxType[dtype], shape: { dim } } } } };
}

function graphProto(graph: Graph): GraphInit {
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
  const nodes = order(graph.outputs).map((node) => ({
    opType: node.op,
    name: node.name ?? "",
    input: node.inputs.map(name),
    output: node.outputs.map(name),
    attribute: Object.entries(node.attrs).map(([k, v]) => attribute(k, v)),
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
    initializer: constants(graph).map((v) => tensorProto(v.data!, name(v))),
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

/** An ONNX file of `graph`. Its free dimensions stay free. */
export function write(graph: Graph): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(IR_VERSION),
      producerName: "counterfoil",
      opsetImport: [{ domain: "", version: BigInt(OPSET) }],
      graph: graphProto(graph),
      metadataProps: Object.entries(graph.metadata ?? {}).map(([key, value]) => ({ key, value })),
    }),
  );
}
