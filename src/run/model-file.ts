/** A model file on disk, with the weights that lie beside it. */
import { host } from "#host";
import { sha256 } from "../base/index.ts";
import { type ExternalFiles, externalFiles } from "../onnx/index.ts";

export interface ModelFile {
  readonly bytes: Uint8Array;
  readonly path: string;
  /** Of the bytes; of a model with weights files, of the lines of their hashes and names after its own. */
  readonly sha256: string;
  /** Bytes of the weights files; undefined where all weights are inside the model. */
  readonly external?: ExternalFiles;
}

/** Read an ONNX file and the weights files it names. */
export async function modelFile(path: string): Promise<ModelFile> {
  const bytes = await host.readFile(path);
  const folder = path.slice(0, path.search(/[^/\\]*$/));
  const beside = new Map<string, Uint8Array<ArrayBuffer>>();
  const names = externalFiles(bytes);
  for (const name of names)
    if ((await host.kind(`${folder}${name}`)) === "file") beside.set(name, new Uint8Array(await host.readFile(`${folder}${name}`)));
  // two models may differ in their weights files alone
  const hashes = [await sha256(bytes)];
  for (const [name, weights] of beside) hashes.push(`${await sha256(weights)}  ${name}`);
  return {
    bytes,
    path,
    sha256: hashes.length === 1 ? hashes[0]! : await sha256(new TextEncoder().encode(hashes.join("\n"))),
    ...(names.length > 0 && { external: (name: string) => beside.get(name) }),
  };
}
