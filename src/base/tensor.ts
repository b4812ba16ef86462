import { type Arrays, arrays, type DType, isBig, type TypedArray } from "./dtype.ts";
import { fail } from "./fail.ts";
import { type Shape, size } from "./shape.ts";

/** Numbers with a shape, row-major. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: Arrays[D];
}

/** Wrap or convert `data` (length = product of `shape`); plain numbers become `dtype` (default float32). */
export function tensor<D extends DType = "float32">(data: ArrayLike<number | bigint> | TypedArray, shape: Shape, dtype?: D): Tensor<D> {
  const d = (dtype ?? "float32") as D;
  if (data.length !== size(shape))
    fail({
      code: "tensor-size",
      expected: `${size(shape)} values for shape [${shape}]`,
      got: `${data.length}`,
      mend: "pass as many values as the shape holds",
    });
  if (data instanceof arrays[d]) return { dtype: d, shape, data: data as Arrays[D] };
  const out = new arrays[d](data.length);
  const big = isBig(d);
  for (let i = 0; i < data.length; i++) out[i] = (big ? BigInt(data[i]!) : Number(data[i])) as never;
  return { dtype: d, shape, data: out };
}

export const zeros = <D extends DType = "float32">(shape: Shape, dtype?: D): Tensor<D> => full(shape, 0, dtype);

export function full<D extends DType = "float32">(shape: Shape, value: number, dtype?: D): Tensor<D> {
  const d = (dtype ?? "float32") as D;
  const data = new arrays[d](size(shape));
  if (value !== 0) (data as Float32Array).fill((isBig(d) ? BigInt(value) : value) as number);
  return { dtype: d, shape, data };
}

/** The elements as plain numbers (int64 beyond 2^53 loses precision). */
export const numbers = (t: Tensor): number[] => Array.from(t.data as ArrayLike<number | bigint>, Number);

/** Rows `[start, end)` of the first axis, sharing memory. */
export function rows<D extends DType>(t: Tensor<D>, start: number, end: number): Tensor<D> {
  const n = size(t.shape.slice(1));
  return { dtype: t.dtype, shape: [end - start, ...t.shape.slice(1)], data: t.data.subarray(start * n, end * n) as Arrays[D] };
}

/** The given rows of the first axis, copied in order. */
export function take<D extends DType>(t: Tensor<D>, indices: ArrayLike<number>): Tensor<D> {
  const n = size(t.shape.slice(1));
  const data = new arrays[t.dtype](indices.length * n) as Arrays[D];
  for (let i = 0; i < indices.length; i++) {
    const k = indices[i]!;
    (data as Float32Array).set(t.data.subarray(k * n, (k + 1) * n) as Float32Array, i * n);
  }
  return { dtype: t.dtype, shape: [indices.length, ...t.shape.slice(1)], data };
}

/** One after the other along the first axis: tensors of one type, with rows of one shape. */
export function concatenate<D extends DType>(parts: readonly Tensor<D>[]): Tensor<D> {
  const [first] = parts as readonly [Tensor<D>];
  const n = size(first.shape.slice(1));
  const count = parts.reduce((sum, t) => sum + t.shape[0]!, 0);
  const data = new arrays[first.dtype](count * n) as Arrays[D];
  let at = 0;
  for (const t of parts) {
    (data as Float32Array).set(t.data as Float32Array, at * n);
    at += t.shape[0]!;
  }
  return { dtype: first.dtype, shape: [count, ...first.shape.slice(1)], data };
}

/** The elements as bytes, in the machine's (little-endian) order, sharing memory. */
export const bytesOf = ({ data }: Tensor): Uint8Array<ArrayBuffer> =>
  new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
