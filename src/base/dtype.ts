/** Element types, by their ONNX names in lower case. */
export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bool";

export interface Arrays {
  float32: Float32Array;
  float64: Float64Array;
  /** Bit patterns: Node 20 has no Float16Array. */
  float16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
}

export type TypedArray = Arrays[DType];

export const arrays: { readonly [D in DType]: { new (n: number): Arrays[D]; readonly BYTES_PER_ELEMENT: number } } = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

export const isFloat = (d: DType): boolean => d === "float32" || d === "float64" || d === "float16";
export const isBig = (d: DType): d is "int64" | "uint64" => d === "int64" || d === "uint64";

/** TensorProto.DataType numbers, as `Cast` and files use them. */
export const onnxType: { readonly [D in DType]: number } = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

/** The element type of a TensorProto.DataType number, undefined where we have none (string, bfloat16, float8, …). */
export const dtypeOf = (code: number): DType | undefined => (Object.keys(onnxType) as DType[]).find((d) => onnxType[d] === code);
