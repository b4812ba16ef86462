/** The user's model file. */
import { host } from "#host";
import { sha256 } from "../base/index.ts";

export interface ModelFile {
  readonly bytes: Uint8Array;
  readonly path: string;
  readonly sha256: string;
}

export async function modelFile(path: string): Promise<ModelFile> {
  const bytes = await host.readFile(path);
  return { bytes, path, sha256: await sha256(bytes) };
}
