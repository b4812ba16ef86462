/** Weights in files beside the model (ONNX “external data”). Paths are relative to the model's folder and stay inside it. */
import { type TensorProto, TensorProto_DataLocation } from "onnx-buf";
import { fail } from "../base/index.ts";

/** The bytes of a file beside the model; undefined where there is none. */
export type ExternalFiles = (path: string) => Uint8Array<ArrayBuffer> | undefined;

const entries = (proto: TensorProto): Record<string, string> =>
  Object.fromEntries(proto.externalData.map(({ key, value }) => [key, value]));

/** A model must not make its reader open /etc/passwd. */
const escapes = (path: string): boolean => path === "" || /^[/\\]|^[A-Za-z]:|\0/.test(path) || path.split(/[/\\]/).includes("..");

/** Where a tensor's bytes lie, checked; null where they are in the model itself. */
export function externalPath(proto: TensorProto, where: string): string | null {
  if (proto.dataLocation !== TensorProto_DataLocation.EXTERNAL) return null;
  const path = entries(proto).location ?? "";
  if (escapes(path))
    fail({
      code: "external-path",
      expected: "external data inside the model's folder",
      got: `"${path}" for ${where}`,
      mend: "save the model again with a plain file name",
    });
  return path;
}

export function externalBytes(proto: TensorProto, where: string, bytes: number, files: ExternalFiles): Uint8Array<ArrayBuffer> {
  const path = externalPath(proto, where)!;
  const { offset = "0", length = `${bytes}` } = entries(proto);
  const file =
    files(path) ??
    fail({
      code: "external-missing",
      expected: `the file "${path}" beside the model, with ${where}`,
      got: "none",
      mend: "put it into the model's folder, or save the model as one file",
    });
  const [start, count] = [Number(offset), Number(length)];
  if (!Number.isSafeInteger(start) || start < 0 || count !== bytes || start + count > file.byteLength)
    fail({
      code: "external-range",
      expected: `${bytes} bytes for ${where} in "${path}" (${file.byteLength} bytes)`,
      got: `offset ${offset}, length ${length}`,
      mend: "fetch both files again: they do not belong together",
    });
  return file.subarray(start, start + count);
}
