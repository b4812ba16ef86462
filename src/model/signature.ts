/** What a file takes and gives, as it says itself: read without understanding its operators. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type AttributeProto, type GraphProto, type ModelProto, ModelProtoSchema, type NodeProto, type ValueInfoProto } from "onnx-buf";
import { type DType, dtypeOf } from "../base/index.ts";
import { decode } from "../onnx/index.ts";
import { RESHAPES } from "./output.ts";

/** STRING in TensorProto.DataType. */
const STRING = 8;

export interface Port {
  readonly name: string;
  /** What it is, where it is no tensor of a known type. */
  readonly type: DType | "string" | "sequence" | "map" | "other";
  /** null: free, and without a name; undefined: not even the rank is said. */
  readonly dims: readonly (number | string | null)[] | undefined;
  /** Of an output: the operator that makes its numbers, seen through what only reshapes them or casts them. */
  readonly maker?: string;
}

export interface Signature {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** What class each column of the scores is, where an operator of ai.onnx.ml says it. */
  readonly classLabels: readonly (string | number)[] | undefined;
  /** Whether a node computes probabilities by itself (`post_transform`), which no operator shows. */
  readonly logistic: boolean;
  /** Whether float16 occurs in it. */
  readonly half: boolean;
}

/** The file as protobuf; what is wrong with it is said by `decode`. */
function parsed(bytes: Uint8Array): ModelProto & { graph: GraphProto } {
  try {
    const model = fromBinary(ModelProtoSchema, bytes);
    if (model.graph) return { ...model, graph: model.graph };
  } catch (cause) {
    decode(bytes);
    throw cause;
  }
  decode(bytes);
  throw new Error("a model without a graph was decoded");
}

function port({ name, type }: ValueInfoProto): Port {
  const value = type?.value;
  if (value?.case !== "tensorType") {
    const other = value?.case === "sequenceType" ? "sequence" : value?.case === "mapType" ? "map" : "other";
    return { name, type: other, dims: undefined };
  }
  const { elemType, shape } = value.value;
  const dims = shape?.dim.map(({ value: d }) =>
    d.case === "dimParam" ? d.value || null : d.case === "dimValue" && d.value >= 0n ? Number(d.value) : null,
  );
  return { name, type: elemType === STRING ? "string" : (dtypeOf(elemType) ?? "other"), dims };
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** classlabels_ints, classlabels_int64s, classlabels_strings, whichever is there and not empty. */
function classLabels(attributes: readonly AttributeProto[]): (string | number)[] | undefined {
  for (const a of attributes) {
    if (!a.name.startsWith("classlabels_")) continue;
    const labels = a.strings.length > 0 ? a.strings.map(text) : a.ints.map(Number);
    if (labels.length > 0) return labels;
  }
  return undefined;
}

const FLOAT16 = 10;

/** With the domain, where it is not the default one. */
const operatorOf = ({ domain, opType }: NodeProto): string => (domain === "" || domain === "ai.onnx" ? opType : `${domain}.${opType}`);

function makerOf(nodes: readonly NodeProto[], name: string): string | undefined {
  const node = nodes.find((n) => n.output.includes(name));
  if (!node) return undefined;
  const operator = operatorOf(node);
  return [...RESHAPES, "Cast"].includes(operator) ? makerOf(nodes, node.input[0]!) : operator;
}

function signatureOf({ graph }: { readonly graph: GraphProto }): Signature {
  const initializers = new Set(graph.initializer.map((t) => t.name));
  const attributes = graph.node.flatMap((n) => n.attribute);
  const inputs = graph.input.filter((i) => !initializers.has(i.name)).map(port);
  return {
    inputs,
    outputs: graph.output.map((o) => ({ ...port(o), maker: makerOf(graph.node, o.name) })),
    classLabels: classLabels(attributes),
    logistic: attributes.some((a) => a.name === "post_transform" && /LOGISTIC|SOFTMAX/.test(text(a.s))),
    half:
      inputs.some((i) => i.type === "float16") ||
      graph.initializer.some((t) => t.dataType === FLOAT16) ||
      attributes.some((a) => (a.name === "to" && a.i === BigInt(FLOAT16)) || a.t?.dataType === FLOAT16),
  };
}

export const signature = (bytes: Uint8Array): Signature => signatureOf(parsed(bytes));

/** A file that onnxruntime can be asked for all outputs of, and what was done to it. */
export interface Runnable {
  readonly bytes: Uint8Array;
  readonly signature: Signature;
  readonly notes: readonly string[];
}

/**
 * scikit-learn's converter ends a classifier in ZipMap: a list of dictionaries, which onnxruntime's JavaScript binding cannot return. The node is
 * left out, and what it would have packed becomes the output. Every number stays the file's own.
 */
export function withoutMaps(bytes: Uint8Array): Runnable {
  const model = parsed(bytes);
  const { graph } = model;
  const given = new Set(graph.output.map((o) => o.name));
  const maps = graph.node.filter((n) => n.opType === "ZipMap" && n.output.some((name) => given.has(name)));
  if (maps.length === 0) return { bytes, signature: signatureOf(model), notes: [] };
  const source = new Map(maps.map((n) => [n.output[0]!, n.input[0]!]));
  const labels = classLabels(maps.flatMap((n) => n.attribute));
  graph.node = graph.node.filter((n) => !maps.includes(n));
  graph.output = graph.output.map((o): ValueInfoProto => {
    const name = source.get(o.name);
    if (name === undefined) return o;
    // no shape: onnxruntime infers it
    return { ...o, name, type: { $typeName: "onnx.TypeProto", denotation: "", value: tensorOfFloats } };
  });
  const after = signatureOf(model);
  return {
    bytes: toBinary(ModelProtoSchema, model),
    signature: { ...after, classLabels: after.classLabels ?? labels },
    notes: [...source].map(
      ([map, scores]) =>
        `the output "${map}" is a list of dictionaries (ZipMap): its node was left out, and "${scores}", which it packs, is read instead`,
    ),
  };
}

/** The file cut to what its output `name` needs: what lies beside it (a label's look-up) need not be understood. */
export function cutTo(bytes: Uint8Array, name: string): Uint8Array {
  const model = parsed(bytes);
  const { graph } = model;
  const maker = new Map(graph.node.flatMap((n) => n.output.map((o) => [o, n] as const)));
  const needed = new Set<NodeProto>();
  const open = [name];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const node = maker.get(value);
    if (!node || needed.has(node)) continue;
    needed.add(node);
    open.push(...node.input);
  }
  graph.node = graph.node.filter((n) => needed.has(n));
  graph.output = graph.output.filter((o) => o.name === name);
  return toBinary(ModelProtoSchema, model);
}

const tensorOfFloats = {
  case: "tensorType" as const,
  value: { $typeName: "onnx.TypeProto.Tensor" as const, elemType: 1 },
};
