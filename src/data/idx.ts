/** The idx format of MNIST: big-endian magic number, sizes, bytes. */
import { fail, size, type Tensor } from "../base/index.ts";
import { unit } from "./unit.ts";

function idx(bytes: Uint8Array, rank: number): { shape: number[]; data: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = bytes.byteLength >= 4 + 4 * rank ? view.getUint32(0) : -1;
  if (magic !== 0x0800 + rank)
    fail({
      code: "idx-format",
      expected: `an idx file of unsigned bytes with ${rank} dimensions`,
      got: magic < 0 ? `${bytes.byteLength} bytes` : `magic number ${magic}`,
      mend: "fetch the file again, unpacked",
    });
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const data = bytes.subarray(4 + 4 * rank);
  if (data.length !== size(shape))
    fail({
      code: "idx-format",
      expected: `${size(shape)} bytes of data`,
      got: `${data.length}`,
      mend: "fetch the file again: it is cut short",
    });
  return { shape, data };
}

/** [N, H, W] bytes as float32 [N, 1, H, W] in [0, 1]. */
export function idxImages(bytes: Uint8Array): Tensor<"float32"> {
  const { shape, data } = idx(bytes, 3);
  return { dtype: "float32", shape: [shape[0]!, 1, shape[1]!, shape[2]!], data: unit(data) };
}

export const idxLabels = (bytes: Uint8Array): Int32Array => Int32Array.from(idx(bytes, 1).data);
