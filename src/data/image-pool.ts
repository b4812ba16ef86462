/** A folder of pictures of any sizes as squares of one: what a GAN of pictures is shown. */
import { host } from "#host";
import { CounterfoilError, fail, fold, type Pixels, seedKey } from "../base/index.ts";
import { anyFolder, CHUNK, hashOf, type Listed, naming, readPicture } from "./pictures.ts";
import { isGrey, writePlanes } from "./pixels.ts";
import { named, type Pool } from "./pool.ts";
import { checkedLimit, stratified } from "./split.ts";

/** Sides of the squares. */
export const RESOLUTIONS = [8, 16, 32, 64, 128] as const;
/** Largest side where none is asked for. */
const USUAL = 64;
/** Bytes that fit one array. */
const MOST = 2 ** 32;

export interface ImagePoolOptions {
  /** Use only so many pictures, drawn by the seed, the classes in their proportions. */
  readonly limit?: number;
  readonly seed?: number;
  /** Side of the squares in pixels: 8, 16, 32, 64 or 128. Default: the largest that no picture has to be enlarged for, at most 64. */
  readonly resolution?: number;
  /** Stop at a picture that cannot be read, instead of leaving it out. Default false. */
  readonly strict?: boolean;
  /** What was left out, one sentence. */
  readonly onWarning?: (text: string) => void;
}

function checkedResolution(resolution: number): number {
  if (!RESOLUTIONS.includes(resolution as (typeof RESOLUTIONS)[number]))
    fail({
      code: "data-resolution",
      expected: `a resolution of ${RESOLUTIONS.slice(0, -1).join(", ")} or ${RESOLUTIONS.at(-1)} pixels`,
      got: `${resolution}`,
      mend: "choose one of those, or none: then it is taken from the pictures",
    });
  return resolution;
}

/**
 * PNG and JPEG pictures, in `path` itself (of no class: `classes` is 0) or in one folder per class (as of `imageFolder`), as [C, R, R] in [0, 1]: C = 1 if all are grey, else 3. Of a
 * picture the shorter side becomes R, and the middle is kept; it is turned upright (EXIF), and what is transparent is white. Pixels stay bytes until they are asked for. Hidden
 * files and others than pictures are passed over; `provenance.skipped` counts pictures that could not be read. Throws `folder-…`, `data-resolution`, `data-limit`, `data-large`, and
 * `image-unreadable` where `strict`.
 */
export async function imagePool(path: string, options: ImagePoolOptions = {}): Promise<Pool> {
  const { limit, seed = 0, strict = false, onWarning } = options;
  if (limit !== undefined) checkedLimit(limit);
  if (options.resolution !== undefined) checkedResolution(options.resolution);
  const root = path.replace(/\/+$/, "");
  const { classes, pictures, others } = await anyFolder(root);
  if (others.length > 0)
    onWarning?.(`${others.length} pictures in ${root} that are neither PNG nor JPEG are passed over: ${naming(others)}`);
  const chosen = limit === undefined ? pictures : drawn(pictures, limit, seed);
  const bad: string[] = [];
  const keep = <T>(of: readonly Attempt<T>[]) => {
    bad.push(...of.filter((a) => a.result === null).map((a) => a.picture.file));
    return of.flatMap(({ picture, result }) => (result ? [{ ...picture, ...result }] : []));
  };

  let measured: readonly Listed[] = chosen;
  let resolution = options.resolution;
  if (resolution === undefined) {
    const sizes: (Listed & { found: { width: number; height: number } })[] = [];
    for await (const part of attempts(root, chosen, strict, host.imageSize)) sizes.push(...keep(part));
    resolution = sizes.length > 0 ? fitting(root, sizes) : USUAL;
    measured = sizes;
  }

  const side = resolution;
  const values = 3 * side * side;
  if (measured.length * values > MOST)
    fail({
      code: "data-large",
      expected: `at most ${MOST} values in ${root}`,
      got: `${measured.length} pictures of ${side}×${side}`,
      mend: "ask for a lower resolution, or pass a limit",
    });
  const pixels = new Uint8Array(measured.length * values);
  const read: (Listed & { hash: string })[] = [];
  let grey = true;
  const square = (bytes: Uint8Array): Promise<Pixels> => host.decodeImage(bytes, { channels: 3, width: side, height: side, fit: "cover" });
  for await (const part of attempts(root, measured, strict, square))
    for (const { file, label, hash, found } of keep(part)) {
      pixels.set(found.data, read.length * values);
      grey &&= isGrey(found.data);
      read.push({ file, label, hash });
    }
  checkedRest(root, read, bad, limit === undefined);
  if (bad.length > 0)
    onWarning?.(`${bad.length} of ${chosen.length} pictures in ${root} cannot be read and are left out: ${naming(bad.sort())}`);

  // a third of the bytes where all three are the same
  const kept = grey ? new Uint8Array(read.length * side * side) : pixels;
  if (grey) for (let i = 0; i < kept.length; i++) kept[i] = pixels[3 * i]!;
  const channels = grey ? 1 : 3;
  const width = channels * side * side;
  return {
    name: root,
    size: read.length,
    shape: [channels, side, side],
    range: [0, 1],
    classes: classes.length,
    ...named(classes),
    provenance: {
      source: root,
      n: read.length,
      ...(chosen.length < pictures.length && { of: pictures.length }),
      ...(classes.length === 0 && { labels: "none" }),
      resolution: side,
      skipped: bad.length,
      sha256: await hashOf(read),
    },
    write: (i, out) => writePlanes(kept.subarray(i * width, (i + 1) * width), channels, channels, out),
    label: (i) => read[i]!.label,
  };
}

function drawn(pictures: readonly Listed[], limit: number, seed: number): Listed[] {
  const labels = pictures.map((p) => p.label);
  return Array.from(stratified(labels, fold(seedKey(seed), "limit")).subarray(0, limit), (i) => pictures[i]!);
}

interface Attempt<T> {
  readonly picture: Listed;
  /** null of what cannot be read. */
  readonly result: { readonly found: T; readonly hash: string } | null;
}

/** Bytes that are no picture, a link to nothing, a file that is somebody else's. */
const UNREADABLE = /^(image-unreadable|file-(missing|permission|is-folder))$/;

/** What `act` finds in each picture, in their order, some at a time. */
async function* attempts<T>(root: string, pictures: readonly Listed[], strict: boolean, act: (bytes: Uint8Array) => Promise<T>) {
  for (let at = 0; at < pictures.length; at += CHUNK) {
    const some = pictures.slice(at, at + CHUNK);
    const tried = await Promise.allSettled(some.map(({ file }) => readPicture(root, file, act)));
    yield tried.map((t, i): Attempt<T> => {
      if (t.status === "fulfilled") return { picture: some[i]!, result: t.value };
      const { reason } = t;
      if (strict || !(reason instanceof CounterfoilError) || !UNREADABLE.test(reason.code)) throw reason;
      return { picture: some[i]!, result: null };
    });
  }
}

/** The largest resolution, up to the usual, that enlarges nothing. */
function fitting(root: string, sizes: readonly { readonly file: string; readonly found: { width: number; height: number } }[]): number {
  const shorter = ({ width, height }: { width: number; height: number }) => Math.min(width, height);
  const { file, found } = sizes.reduce((least, s) => (shorter(s.found) < shorter(least.found) ? s : least));
  return (
    RESOLUTIONS.findLast((r) => r <= Math.min(shorter(found), USUAL)) ??
    fail({
      code: "data-resolution",
      expected: `pictures of at least ${RESOLUTIONS[0]} pixels a side in ${root}`,
      got: `${found.width}×${found.height} in ${file}`,
      mend: "remove it, or ask for a resolution: then small ones are enlarged",
    })
  );
}

/** Something is left, and of every folder where all were asked for. */
function checkedRest(root: string, read: readonly Listed[], bad: readonly string[], all: boolean): void {
  if (read.length === 0)
    fail({
      code: "folder-pictures",
      expected: `PNG or JPEG pictures in ${root}`,
      got: `${bad.length} that cannot be read: ${naming(bad)}`,
      mend: "replace them",
    });
  const folder = (file: string) => file.slice(0, Math.max(0, file.indexOf("/")));
  const there = new Set(read.map(({ file }) => folder(file)));
  const lost = [...new Set(bad.map(folder))].filter((name) => !there.has(name));
  if (all && lost.length > 0)
    fail({
      code: "folder-class-empty",
      expected: `pictures that can be read in each folder of ${root}`,
      got: `none in ${naming(lost)}`,
      mend: "replace them, or remove the folder",
    });
}
