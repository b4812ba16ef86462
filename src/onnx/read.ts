/** ONNX bytes → graph. */
import { fromBinary } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType as A, type AttributeProto, ModelProtoSchema } from "onnx-buf";
import { fail } from "../base/index.ts";
import { type Attr, type Emit, type Graph, input, type Value } from "../graph/index.ts";
import { decodeTensor, elementType } from "./tensor.ts";

export interface ReadOptions {
  /** What a free first dimension is taken to be; default 1. */
  readonly batch?: number;
}

function attr(a: AttributeProto): Attr {
  switch (a.type) {
    case A.FLOAT:
      return a.f;
    case A.INT:
      return Number(a.i);
    case A.STRING:
      return new TextDecoder().decode(a.s);
    case A.TENSOR:
      return decodeTensor(a.t!, a.name, () => undefined);
    case A.FLOATS:
      return a.floats;
    case A.INTS:
      return a.ints.map(Number);
    default:
      return fail({ code: "attribute", expected: "a plain attribute", got: a.name, mend: "simplify" });
  }
}

export function read(bytes: Uint8Array, e: Emit, { batch = 1 }: ReadOptions = {}): Graph {
  const model = fromBinary(ModelProtoSchema, bytes);
  const g = model.graph!;
  const values = new Map<string, Value>();
  for (const t of g.initializer) values.set(t.name, { ...e.constant(decodeTensor(t, t.name, () => undefined)), name: t.name });
  const inputs = g.input
    .filter((i) => !values.has(i.name))
    .map((i) => {
      const t = i.type!.value.value as { elemType: number; shape: { dim: { value: { case: string; value: bigint | string } }[] } };
      const dims = t.shape.dim.map((d) => (d.value.case === "dimValue" ? Number(d.value.value) : String(d.value.value ?? "N")));
      const v = input(
        elementType(t.elemType, i.name),
        dims.map((d) => (typeof d === "string" ? batch : d)),
        i.name,
        dims,
      );
      values.set(i.name, v);
      return v;
    });
  for (const n of g.node) {
    const out = e.node(
      n.opType,
      n.input.map((x) => (x === "" ? null : values.get(x)!)),
      Object.fromEntries(n.attribute.map((a) => [a.name, attr(a)])),
      n.name,
    );
    for (const [i, o] of n.output.entries()) if (out[i]) values.set(o, out[i]);
  }
  return { inputs, outputs: g.output.map((o) => values.get(o.name)!), outputNames: g.output.map((o) => o.name), name: g.name };
}
