/** The safetensors format: u64 header length, JSON header, then the tensors' bytes without holes. */
import { arrays, type DType, fail, size, type Tensor } from "../base/index.ts";

const NAMES: { readonly [D in DType]: string } = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
};

const LARGEST_HEADER = 100 * 2 ** 20;

/** Bytes of a safetensors file; `metadata` holds text only. */
export function writeSafetensors(tensors: Readonly<Record<string, Tensor>>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: NAMES[dtype], shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // tensors start at a multiple of 8 so that they can be read in place
  const length = Math.ceil(text.length / 8) * 8;
  const out = new Uint8Array(8 + length + at).fill(0x20, 8 + text.length, 8 + length);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(text, 8);
  let to = 8 + length;
  for (const { data } of Object.values(tensors)) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), to);
    to += data.byteLength;
  }
  return out;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Tensors and metadata of a safetensors file, every size checked. */
export function readSafetensors(bytes: Uint8Array): { tensors: Record<string, Tensor>; metadata: Record<string, string> } {
  const broken = (got: string): never =>
    fail({ code: "safetensors-damaged", expected: "a whole safetensors file", got, mend: "use another copy of it" });
  if (bytes.length < 8) return broken(`${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > LARGEST_HEADER || 8 + length > bytes.length) return broken(`a header of ${length} bytes in a file of ${bytes.length}`);
  let header: Record<string, Entry>;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    return broken("a header that is not JSON");
  }
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, Entry> & { __metadata__?: Record<string, string> };
  const body = bytes.subarray(8 + length);
  const tensors: Record<string, Tensor> = {};
  for (const [
    name,
    {
      dtype: code,
      shape,
      data_offsets: [from, to],
    },
  ] of Object.entries(entries)) {
    const dtype = (Object.keys(NAMES) as DType[]).find((d) => NAMES[d] === code);
    if (!dtype) return broken(`${name} of type ${code}`);
    const n = size(shape);
    if (!(from >= 0 && to <= body.length && to - from === n * arrays[dtype].BYTES_PER_ELEMENT))
      return broken(`${name} at ${from}…${to} of ${body.length} bytes`);
    const data = new arrays[dtype](n);
    new Uint8Array(data.buffer).set(body.subarray(from, to));
    tensors[name] = { dtype, shape, data };
  }
  return { tensors, metadata: metadata as Record<string, string> };
}
