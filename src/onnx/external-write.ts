/** Large weights into one file beside the model. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { TensorProto_DataLocation, type TensorProtoSchema } from "onnx-buf";
import { bytesOf, onnxType, type Tensor } from "../base/index.ts";

/** Offsets are multiples of a page, so that runtimes can map the file. */
const PAGE = 4096;

/** Collects tensors of at least `above` bytes into one file at `path`. */
export class ExternalWriter {
  readonly path: string;
  readonly #above: number;
  readonly #parts: { at: number; bytes: Uint8Array }[] = [];
  #end = 0;

  constructor(path: string, above: number) {
    this.path = path;
    this.#above = above;
  }

  /** The TensorProto that points into the file; null where the tensor is small and stays in the model. */
  take(t: Tensor, name: string): MessageInitShape<typeof TensorProtoSchema> | null {
    const bytes = bytesOf(t);
    if (bytes.byteLength < this.#above) return null;
    const at = Math.ceil(this.#end / PAGE) * PAGE;
    this.#parts.push({ at, bytes });
    this.#end = at + bytes.byteLength;
    return {
      name,
      dims: t.shape.map(BigInt),
      dataType: onnxType[t.dtype],
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: Object.entries({ location: this.path, offset: `${at}`, length: `${bytes.byteLength}` }).map(([key, value]) => ({
        key,
        value,
      })),
    };
  }

  data(): Uint8Array {
    const file = new Uint8Array(this.#end);
    for (const { at, bytes } of this.#parts) file.set(bytes, at);
    return file;
  }
}
