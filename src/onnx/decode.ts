/** ONNX bytes → plain data. Whatever the bytes are, the answer is a model or a mending error. */
import { fromBinary } from "@bufbuild/protobuf";
import { type GraphProto, type ModelProto, ModelProtoSchema, type NodeProto, type ValueInfoProto } from "onnx-buf";
import { CounterfoilError, fail, type Tensor } from "../base/index.ts";
import type { Attr } from "../graph/index.ts";
import { decodeAttribute } from "./attribute.ts";
import { type ExternalFiles, externalPath } from "./external-read.ts";
import { inlined } from "./inline.ts";
import type { Branch, Model, ModelInput, ModelNode } from "./model.ts";
import { sniff } from "./sniff.ts";
import { decodeTensor, elementType } from "./tensor.ts";

const nowhere: ExternalFiles = () => undefined;

const damaged = (got: string, cause?: unknown): never =>
  fail({
    code: "onnx-damaged",
    expected: "a whole ONNX model",
    got,
    mend: "download or export the file again: it is cut short or damaged",
    cause,
  });

function parse(bytes: Uint8Array): ModelProto & { graph: GraphProto } {
  const other = sniff(bytes);
  if (other) fail({ code: "onnx-not", expected: "an ONNX model", got: other.what, mend: other.mend });
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    return damaged(`bytes that are not ONNX's protobuf (${cause instanceof Error ? cause.message : cause})`, cause);
  }
  // fields that no version of the format has: bytes after the end, or not a model at all
  if (model.$unknown?.length) damaged("bytes that belong to no field of a model");
  return model.graph ? (model as ModelProto & { graph: GraphProto }) : damaged("no graph in it");
}

function decodeInput(info: ValueInfoProto): ModelInput {
  const type = info.type?.value;
  const refuse = (got: string): never =>
    fail({
      code: "input-type",
      expected: `input "${info.name}" to be a tensor of known rank`,
      got,
      mend: "export the model with tensors as inputs",
    });
  if (type?.case !== "tensorType") return refuse(type?.case ?? "no type");
  const { elemType, shape } = type.value;
  if (!shape) return refuse("a tensor without shape");
  const dims = shape.dim.map(({ value: d }) => {
    if (d.case === "dimParam") return d.value || null;
    // some exporters write -1 for a free dimension
    return d.case === "dimValue" && d.value >= 0n ? Number(d.value) : null;
  });
  return { name: info.name, dtype: elementType(elemType, `input "${info.name}"`), dims };
}

const decodeInitializers = (graph: GraphProto, external: ExternalFiles): Map<string, Tensor> =>
  new Map(graph.initializer.map((t) => [t.name, decodeTensor(t, `initialiser "${t.name}"`, external)]));

function decodeNode(proto: NodeProto, external: ExternalFiles): ModelNode {
  const { name, opType, domain } = proto;
  const op = domain === "" || domain === "ai.onnx" ? opType : `${domain}.${opType}`;
  const attrs: Record<string, Attr> = {};
  const opaque: string[] = [];
  const branches: Record<string, Branch> = {};
  for (const a of proto.attribute) {
    if (a.g && a.g.input.length === 0) {
      branches[a.name] = {
        initializers: decodeInitializers(a.g, external),
        nodes: a.g.node.map((n) => decodeNode(n, external)),
        outputs: a.g.output.map((o) => o.name),
      };
      continue;
    }
    const value = decodeAttribute(a, `${op} (node "${name}")`, external);
    if (value === null) opaque.push(a.name);
    else attrs[a.name] = value;
  }
  return { op, name, inputs: proto.input, outputs: proto.output, attrs, opaque, branches };
}

function opsetOf(model: ModelProto): number {
  const set = model.opsetImport.find((o) => o.domain === "" || o.domain === "ai.onnx");
  return set ? Number(set.version) : damaged("no opset version of the default domain");
}

function refuseParts(graph: GraphProto): void {
  const [sparse] = graph.sparseInitializer;
  if (sparse)
    fail({
      code: "tensor-sparse",
      expected: "dense initialisers",
      got: `sparse ones (${sparse.values?.name})`,
      mend: "save the model with dense weights",
    });
}

/**
 * Decode a file's bytes.
 * @param external gives the bytes of a weights file beside the model
 * @throws onnx-not, onnx-damaged, dtype-unsupported, tensor-data, external-missing, external-path, external-range, …
 */
export function decode(bytes: Uint8Array, external: ExternalFiles = nowhere): Model {
  const model = parse(bytes);
  const { graph } = model;
  refuseParts(graph);
  try {
    const initializers = decodeInitializers(graph, external);
    return {
      opset: opsetOf(model),
      irVersion: Number(model.irVersion),
      producer: [model.producerName, model.producerVersion].filter(Boolean).join(" "),
      name: graph.name,
      metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
      inputs: graph.input.filter((i) => !initializers.has(i.name)).map(decodeInput),
      outputs: graph.output.map((o) => o.name),
      initializers,
      nodes: inlined(model, graph).map((n) => decodeNode(n, external)),
    };
  } catch (cause) {
    if (cause instanceof CounterfoilError) throw cause;
    return damaged(`contents that make no sense (${cause instanceof Error ? cause.message : cause})`, cause);
  }
}

/** The files beside the model that hold its weights, so that a caller can fetch them before `read`. */
export function externalFiles(bytes: Uint8Array): string[] {
  const { graph } = parse(bytes);
  const tensors = [...graph.initializer, ...graph.node.flatMap((n) => n.attribute.flatMap((a) => a.t ?? []))];
  return [...new Set(tensors.map((t) => externalPath(t, `"${t.name}"`)).filter((p) => p !== null))];
}
