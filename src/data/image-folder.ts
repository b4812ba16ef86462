/** One folder of pictures per class. */
import { host } from "#host";
import { CounterfoilError, fail, type Pixels, sha256 } from "../base/index.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { checkedLimit } from "./split.ts";

const PICTURE = /\.(png|jpe?g)$/i;
/** Decoded at the same time. */
const CHUNK = 16;
/** Floats that fit one array of V8, with room for its copies. */
const MOST = 2 ** 30;

/** One name a line, in the order of the labels: which folders there may be. */
export const CLASS_LIST = "classes.txt";

/** The classes behind folders' names, and which each folder is of. */
function classesOf(folders: readonly string[], list: readonly string[] | null, root: string): { classes: string[]; labels: number[] } {
  if (list) {
    const labels = folders.map((name) => list.indexOf(name));
    const strange = folders.filter((_, at) => labels[at]! < 0);
    if (strange.length > 0 || new Set(list).size < list.length)
      fail({
        code: "folder-classes",
        expected: `the folders of ${root} to be among the names in its ${CLASS_LIST}, each there once`,
        got: strange.join(", ") || "a name that is there twice",
        mend: `mend ${CLASS_LIST}, or remove it: then the folders' names are the classes`,
      });
    return { classes: [...list], labels };
  }
  const counted = folders.map((name) => (/^\d{1,4}$/.test(name) ? Number(name) : Number.NaN));
  const byNumber = counted.includes(0) && !counted.some(Number.isNaN) && new Set(counted).size === folders.length;
  if (!byNumber) return { classes: [...folders], labels: folders.map((_, at) => at) };
  const classes = Array.from({ length: Math.max(...counted) + 1 }, (_, label) => folders[counted.indexOf(label)] ?? `${label}`);
  return { classes, labels: counted };
}

/**
 * PNG and JPEG pictures as [N, C, H, W] in [0, 1]: C = 1 if all are grey, else 3; those of another size than the first are
 * resized to it. Classes are the folders, by name; folders that are numbers, 0 among them, are the classes of these numbers, also where some between
 * are missing. Where a file `classes.txt` lists names, those are the classes, in its order. Hidden files are passed over. The order takes one picture of each class in turn, so that the first `limit` are of all. Throws `folder-classes`, `folder-class-empty`, `image-unreadable`, `data-large`.
 */
export async function imageFolder(path: string, { limit }: { readonly limit?: number } = {}): Promise<Dataset> {
  if (limit !== undefined) checkedLimit(limit);
  const root = path.replace(/\/+$/, "");
  const visible = async (folder: string) => (await host.readDir(folder)).filter((e) => !e.name.startsWith("."));
  const folders = (await visible(root)).filter((e) => e.directory).map((e) => e.name);
  if (folders.length === 0)
    fail({
      code: "folder-classes",
      expected: `one folder per class in ${root}`,
      got: "no folder",
      mend: "put the pictures of each class into a folder",
    });
  const { classes, labels } = classesOf(folders, await classList(root), root);
  const pictures = await Promise.all(
    folders.map(async (name, at) => {
      const files = (await visible(`${root}/${name}`)).filter((e) => !e.directory && PICTURE.test(e.name));
      return files.map((f, turn) => ({ file: `${name}/${f.name}`, label: labels[at]!, turn }));
    }),
  );
  const empty = folders.filter((_, at) => pictures[at]!.length === 0);
  if (empty.length > 0)
    fail({
      code: "folder-class-empty",
      expected: `PNG or JPEG pictures in each folder of ${root}`,
      got: `none in ${empty.join(", ")}`,
      mend: "fill the folder, or remove it",
    });
  const order = pictures.flat().sort((a, b) => a.turn - b.turn || a.label - b.label);
  const chosen = order.slice(0, limit);
  // the first alone: the others take its size
  const read = [await picture(root, chosen[0]!.file)];
  const { width, height } = read[0]!.pixels;
  if (3 * width * height * chosen.length > MOST)
    fail({
      code: "data-large",
      expected: `at most ${MOST} values in ${root}`,
      got: `${chosen.length} pictures of ${width}×${height}`,
      mend: "make the pictures smaller, or pass a limit",
    });
  for (let at = 1; at < chosen.length; at += CHUNK)
    read.push(...(await Promise.all(chosen.slice(at, at + CHUNK).map(({ file }) => picture(root, file, { width, height })))));
  const images = read.map((r) => r.pixels);
  const channels = images.every(isGrey) ? 1 : 3;
  return dataset({
    name: root,
    x: { dtype: "float32", shape: [images.length, channels, height, width], data: planar(images, channels) },
    y: chosen.map((p) => p.label),
    classes,
    range: [0, 1],
    provenance: {
      source: root,
      n: images.length,
      ...(chosen.length < order.length && { of: order.length }),
      // of all files: cd the folder; LC_ALL=C; sha256sum */*.{png,jpg,jpeg} | sort -k 2 | sha256sum
      sha256: await sha256(
        new TextEncoder().encode(
          read
            .sort((a, b) => (a.file < b.file ? -1 : 1))
            .map(({ hash, file }) => `${hash}  ${file}\n`)
            .join(""),
        ),
      ),
    },
  });
}

async function classList(root: string): Promise<string[] | null> {
  if ((await host.kind(`${root}/${CLASS_LIST}`)) !== "file") return null;
  const text = new TextDecoder().decode(await host.readFile(`${root}/${CLASS_LIST}`));
  return text.split(/\r?\n/).filter((line) => line !== "");
}

async function picture(root: string, file: string, size: { width?: number; height?: number } = {}) {
  const path = `${root}/${file}`;
  const bytes = await host.readFile(path);
  try {
    return { file, pixels: await host.decodeImage(bytes, { channels: 3, ...size }), hash: await sha256(bytes) };
  } catch (cause) {
    if (!(cause instanceof CounterfoilError)) throw cause;
    // the host saw bytes only; the reader needs the path
    const { code, expected, got, mend } = cause;
    return fail({ code, expected: `${expected} in ${path}`, got, mend, cause });
  }
}

function isGrey({ data }: Pixels): boolean {
  for (let i = 0; i < data.length; i += 3) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  return true;
}

/** Interleaved bytes to planes in [0, 1]. */
function planar(images: readonly Pixels[], channels: 1 | 3): Float32Array {
  const area = images[0]!.width * images[0]!.height;
  const out = new Float32Array(images.length * channels * area);
  for (const [n, { data }] of images.entries())
    for (let c = 0; c < channels; c++) for (let i = 0; i < area; i++) out[(n * channels + c) * area + i] = data[3 * i + c]! / 255;
  return out;
}
