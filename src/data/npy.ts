/** NumPy's array format, versions 1 to 3 (numpy.lib.format). */
import { type Arrays, arrays, bytesOf, type DType, fail, size, strides, type Tensor } from "../base/index.ts";

const DESCR: Readonly<Record<string, DType>> = {
  f2: "float16",
  f4: "float32",
  f8: "float64",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  b1: "bool",
};

const refuse = (name: string, expected: string, got: string, mend: string): never =>
  fail({ code: "npy-format", expected: `${expected} in ${name}`, got, mend });

/** An array from the bytes of a `.npy` file; `name` is for messages. */
export function readNpy(bytes: Uint8Array, name = "the array"): Tensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059)
    refuse(name, "a NumPy array", "other bytes", "write it with np.save or np.savez");
  // the header's length has two bytes in version 1, four after
  const start = bytes[6] === 1 ? 10 : 12;
  const end = start + (bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const [, order, code] = /'descr':\s*'([<>|=]?)([^']+)'/.exec(header) ?? [];
  const dims = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  const dtype = DESCR[code ?? ""];
  if (!dtype || dims === undefined)
    return refuse(
      name,
      "an array of numbers",
      `dtype ${code ?? "of several fields"}`,
      "convert it with .astype, and leave out objects and texts",
    );
  const shape = dims.split(",").flatMap((d) => (d.trim() ? [Number(d)] : []));
  const width = arrays[dtype].BYTES_PER_ELEMENT;
  // a copy: the elements may lie at any byte, typed arrays only at multiples of their width
  const body = bytes.slice(end, end + size(shape) * width);
  if (body.length !== size(shape) * width)
    refuse(name, `${size(shape) * width} bytes for shape [${shape}]`, `${body.length}`, "write the file again: it is cut short");
  if (order === ">") for (let i = 0; i < body.length; i += width) body.subarray(i, i + width).reverse();
  const Type = arrays[dtype] as unknown as new (buffer: ArrayBuffer) => Arrays[DType];
  const stored = { dtype, shape, data: new Type(body.buffer) };
  return /'fortran_order':\s*True/.test(header) ? rowMajor(stored) : stored;
}

/** Fortran's order, first axis fastest, to ours. */
function rowMajor({ dtype, shape, data }: Tensor): Tensor {
  const out = new arrays[dtype](data.length);
  const outer = strides(shape);
  const inner = strides(shape.toReversed()).reverse();
  for (let i = 0; i < out.length; i++) {
    let from = 0;
    for (let axis = 0; axis < shape.length; axis++) from += (Math.floor(i / outer[axis]!) % shape[axis]!) * inner[axis]!;
    out[i] = data[from] as never;
  }
  return { dtype, shape, data: out };
}

/** The bytes of a `.npy` file, version 1. */
export function writeNpy(t: Tensor): Uint8Array {
  const code = Object.keys(DESCR).find((d) => DESCR[d] === t.dtype)!;
  const order = code.endsWith("1") ? "|" : "<";
  const header = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${t.shape.join(", ")}${t.shape.length === 1 ? "," : ""}), }`;
  // the data start at a multiple of 64, as numpy wants for memory mapping
  const padded = `${header}${" ".repeat((64 - ((header.length + 11) % 64)) % 64)}\n`;
  const out = new Uint8Array(10 + padded.length + bytesOf(t).length);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  out.set(new TextEncoder().encode(padded), 10);
  out.set(bytesOf(t), 10 + padded.length);
  return out;
}
