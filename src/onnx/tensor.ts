/** TensorProto ⇄ tensor. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type TensorProto, TensorProto_DataLocation, TensorProto_DataType, type TensorProtoSchema } from "onnx-buf";
import {
  arrays,
  bytesOf,
  type DType,
  dtypeOf,
  fail,
  floatsOfBrains,
  floatsOfHalves,
  isBig,
  onnxType,
  size,
  type Tensor,
  type TypedArray,
  tensor,
} from "../base/index.ts";
import { type ExternalFiles, externalBytes } from "./external-read.ts";

/** The element type of a TensorProto.DataType number; refuses those that no operator here takes. */
export function elementType(code: number, where: string): DType {
  return (
    dtypeOf(code) ??
    fail({
      code: "dtype-unsupported",
      expected: `one of ${Object.keys(onnxType).join(", ")}`,
      got: `${where} of type ${TensorProto_DataType[code]?.toLowerCase() ?? code}`,
      mend: "export the model in float32",
    })
  );
}

/** Little-endian bytes as numbers: a view where they are aligned, a copy where not. */
function fromBytes(bytes: Uint8Array<ArrayBuffer>, dtype: DType): TypedArray {
  const width = arrays[dtype].BYTES_PER_ELEMENT;
  // not bytes.slice(): of a Node Buffer that is another view
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  const View = arrays[dtype] as unknown as new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray;
  return new View(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / width));
}

/** The field that holds numbers of each type where they are not raw bytes (the table at onnx.proto's TensorProto). */
function fieldOf(proto: TensorProto, dtype: DType): readonly (number | bigint)[] {
  switch (dtype) {
    case "float32":
      return proto.floatData;
    case "float64":
      return proto.doubleData;
    case "int64":
      return proto.int64Data;
    case "uint32":
    case "uint64":
      return proto.uint64Data;
    default:
      return proto.int32Data;
  }
}

function fromField(field: readonly (number | bigint)[], dtype: DType): TypedArray {
  const data = new arrays[dtype](field.length);
  const big = isBig(dtype);
  for (let i = 0; i < field.length; i++) data[i] = (big ? field[i] : Number(field[i])) as never;
  return data;
}

/** Half-precision numbers as the float32 ones they are. */
const WIDENED: { readonly [code: number]: (halves: Uint16Array) => Float32Array<ArrayBuffer> } = {
  [TensorProto_DataType.FLOAT16]: floatsOfHalves,
  [TensorProto_DataType.BFLOAT16]: floatsOfBrains,
};

/** Text (the names of classes) as the number of each word, in order of first use. */
function numbered(proto: TensorProto): Tensor {
  const words = proto.stringData.map((s) => new TextDecoder().decode(s));
  const first = [...new Set(words)];
  return tensor(
    words.map((word) => first.indexOf(word)),
    proto.dims.map(Number),
    "int64",
  );
}

/** The tensor of a TensorProto, of float32 where it is of half precision. `where` names it in errors. */
export function decodeTensor(proto: TensorProto, where: string, external: ExternalFiles): Tensor {
  if (proto.dataType === TensorProto_DataType.STRING) return numbered(proto);
  const widen = WIDENED[proto.dataType];
  if (!widen) return decodeNumbers(proto, elementType(proto.dataType, where), where, external);
  const { shape, data } = decodeNumbers(proto, "uint16", where, external);
  return { dtype: "float32", shape, data: widen(data as Uint16Array) };
}

function decodeNumbers(proto: TensorProto, dtype: DType, where: string, external: ExternalFiles): Tensor {
  const shape = proto.dims.map(Number);
  const count = size(shape);
  const refuse = (expected: string, got: string): never =>
    fail({
      code: "tensor-data",
      expected: `${expected} in ${where}, ${dtype}[${shape}]`,
      got,
      mend: "export or download the file again: it is damaged",
    });
  if (shape.some((d) => d < 0) || !Number.isSafeInteger(count)) refuse("sizes ≥ 0", `[${shape}]`);
  if (proto.segment) refuse("the whole tensor", "a segment of it");
  const bytes = count * arrays[dtype].BYTES_PER_ELEMENT;
  const outside = proto.dataLocation === TensorProto_DataLocation.EXTERNAL;
  const raw = outside ? externalBytes(proto, where, bytes, external) : proto.rawData;
  if (raw.byteLength > 0 || count === 0) {
    if (raw.byteLength !== bytes) refuse(`${bytes} bytes`, `${raw.byteLength}`);
    return { dtype, shape, data: fromBytes(raw, dtype) };
  }
  const field = fieldOf(proto, dtype);
  if (field.length !== count) refuse(`${count} values`, `${field.length}`);
  return { dtype, shape, data: fromField(field, dtype) };
}

/** A TensorProto with its numbers as raw little-endian bytes. */
export const encodeTensor = (t: Tensor, name = ""): MessageInitShape<typeof TensorProtoSchema> => ({
  name,
  dims: t.shape.map(BigInt),
  dataType: onnxType[t.dtype],
  rawData: bytesOf(t),
});
