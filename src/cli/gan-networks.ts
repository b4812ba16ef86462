/** The networks of a game as files of its run folder. */
import { host } from "#host";
import { isFloat } from "../base/index.ts";
import type { Pool } from "../data/index.ts";
import {
  discriminatorGraph,
  discriminatorMetadata,
  type Gan,
  generatorGraph,
  generatorMetadata,
  type Network,
  type Split,
} from "../gan/index.ts";
import { write } from "../onnx/index.ts";

const finite = ({ weights }: Network): boolean =>
  Object.values(weights).every(({ dtype, data }) => !isFloat(dtype) || (data as Float32Array).every(Number.isFinite));

/**
 * Write `generator.onnx` and `discriminator.onnx`, and give the generator's bytes. What is no number any more is not written: the files of before stay.
 * @param data as the user calls them
 */
export async function saveNetworks(
  folder: string,
  gan: Gan,
  { generator, discriminator }: { readonly generator: Network; readonly discriminator: Network },
  pool: Pick<Pool, "range" | "classNames">,
  data: string,
  split: Split,
): Promise<Uint8Array> {
  const bytes = write({ ...generatorGraph(generator), metadata: generatorMetadata(gan, pool, data, split) });
  if (!finite(generator) || !finite(discriminator)) return bytes;
  await host.writeFile(`${folder}/generator.onnx`, bytes);
  await host.writeFile(
    `${folder}/discriminator.onnx`,
    write({ ...discriminatorGraph(discriminator), metadata: discriminatorMetadata(gan) }),
  );
  return bytes;
}
