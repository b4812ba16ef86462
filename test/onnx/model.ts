/** Small ONNX files, built from the format's own schema and not by our writer. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type FunctionProtoSchema,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "onnx-buf";
import type { Attrs } from "../../src/graph/index.ts";
import { encodeAttribute } from "../../src/onnx/attribute.ts";

export interface Sketch {
  readonly opset?: number;
  readonly ir?: number;
  /** Name → dims; float32. A string is a free dimension. */
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly nodes: readonly { op: string; in: readonly string[]; out: readonly string[]; attrs?: Attrs; name?: string; domain?: string }[];
  readonly outputs: readonly string[];
  readonly weights?: readonly MessageInitShape<typeof TensorProtoSchema>[];
  readonly extraInputs?: readonly MessageInitShape<typeof ValueInfoProtoSchema>[];
  /** Versions of other domains. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly functions?: readonly MessageInitShape<typeof FunctionProtoSchema>[];
  /** Type of each output; float32. */
  readonly outputTypes?: readonly number[];
}

export const FLOAT = 1;

/** Raw bytes of float32 numbers. */
export const floats = (...xs: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(Float32Array.from(xs).buffer);
export const weight = (name: string, dims: readonly number[], ...xs: number[]): MessageInitShape<typeof TensorProtoSchema> => ({
  name,
  dims: dims.map(BigInt),
  dataType: FLOAT,
  rawData: floats(...xs),
});
export const integers = (name: string, ...xs: number[]): MessageInitShape<typeof TensorProtoSchema> => ({
  name,
  dims: [BigInt(xs.length)],
  dataType: 7,
  int64Data: xs.map(BigInt),
});

export const valueInfo = (
  name: string,
  dims: readonly (number | string)[],
  elemType = FLOAT,
): MessageInitShape<typeof ValueInfoProtoSchema> => ({
  name,
  type: {
    value: {
      case: "tensorType",
      value: {
        elemType,
        shape: {
          dim: dims.map((d) => ({
            value: typeof d === "string" ? { case: "dimParam" as const, value: d } : { case: "dimValue" as const, value: BigInt(d) },
          })),
        },
      },
    },
  },
});

export const nodeProto = ({
  op,
  in: input,
  out,
  attrs = {},
  name = "",
  domain = "",
}: Sketch["nodes"][number]): MessageInitShape<typeof NodeProtoSchema> => ({
  opType: op,
  domain,
  name,
  input: [...input],
  output: [...out],
  attribute: Object.entries(attrs).map(([k, v]) =>
    typeof v === "object" && "floats" in v
      ? { name: k, type: 6, floats: v.floats as number[] }
      : typeof v === "object" && "graph" in v
        ? { name: k, type: 5, g: v.graph as MessageInitShape<typeof GraphProtoSchema> }
        : typeof v === "object" && "float" in v
          ? { name: k, type: 1, f: v.float as number }
          : typeof v === "object" && "int64s" in v
            ? { name: k, type: 7, ints: v.int64s as unknown as bigint[] }
            : encodeAttribute(k, v),
  ),
});

export const model = ({
  opset = 21,
  ir = 8,
  inputs,
  nodes,
  outputs,
  weights = [],
  extraInputs = [],
  domains = {},
  functions = [],
  outputTypes = [],
}: Sketch): Uint8Array<ArrayBuffer> =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(ir),
      opsetImport: [
        { domain: "", version: BigInt(opset) },
        ...Object.entries(domains).map(([domain, version]) => ({ domain, version: BigInt(version) })),
      ],
      functions: [...functions],
      graph: {
        name: "sketch",
        node: nodes.map(nodeProto),
        initializer: [...weights],
        input: [...Object.entries(inputs).map(([name, dims]) => valueInfo(name, dims)), ...extraInputs],
        output: outputs.map((name, i) => ({
          name,
          type: { value: { case: "tensorType" as const, value: { elemType: outputTypes[i] ?? FLOAT } } },
        })),
      },
    }),
  );
