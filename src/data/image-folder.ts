/** One folder of pictures per class. */
import { host } from "#host";
import { fail } from "../base/index.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { CHUNK, classFolders, hashOf, readPicture } from "./pictures.ts";
import { isGrey, writePlanes } from "./pixels.ts";
import { checkedLimit } from "./split.ts";

/** Floats that fit one array of V8, with room for its copies. */
const MOST = 2 ** 30;

/**
 * PNG and JPEG pictures as [N, C, H, W] in [0, 1]: C = 1 if all are grey, else 3; those of another size than the first are
 * resized to it. Classes are the folders, by name; folders that are numbers, 0 among them, are the classes of these numbers, also where some between
 * are missing. Where a file `classes.txt` lists names, those are the classes, in its order. Hidden files are passed over. The order takes one picture of each class in turn, so that the first `limit` are of all. Throws `folder-classes`, `folder-class-empty`, `image-unreadable`, `data-large`.
 */
export async function imageFolder(path: string, { limit }: { readonly limit?: number } = {}): Promise<Dataset> {
  if (limit !== undefined) checkedLimit(limit);
  const root = path.replace(/\/+$/, "");
  const { classes, pictures } = await classFolders(root);
  const chosen = pictures.slice(0, limit);
  const picture = (file: string, size: { width?: number; height?: number } = {}) =>
    readPicture(root, file, (bytes) => host.decodeImage(bytes, { channels: 3, ...size }));
  // the first alone: the others take its size
  const read = [await picture(chosen[0]!.file)];
  const { width, height } = read[0]!.found;
  if (3 * width * height * chosen.length > MOST)
    fail({
      code: "data-large",
      expected: `at most ${MOST} values in ${root}`,
      got: `${chosen.length} pictures of ${width}×${height}`,
      mend: "make the pictures smaller, or pass a limit",
    });
  for (let at = 1; at < chosen.length; at += CHUNK)
    read.push(...(await Promise.all(chosen.slice(at, at + CHUNK).map(({ file }) => picture(file, { width, height })))));
  const channels = read.every((r) => isGrey(r.found.data)) ? 1 : 3;
  const values = channels * width * height;
  const data = new Float32Array(read.length * values);
  for (const [n, { found }] of read.entries()) writePlanes(found.data, 3, channels, data.subarray(n * values, (n + 1) * values));
  return dataset({
    name: root,
    x: { dtype: "float32", shape: [read.length, channels, height, width], data },
    y: chosen.map((p) => p.label),
    classes,
    range: [0, 1],
    provenance: {
      source: root,
      n: read.length,
      ...(chosen.length < pictures.length && { of: pictures.length }),
      sha256: await hashOf(read),
    },
  });
}
