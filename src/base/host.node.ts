/** Files and pictures on Node. */
import { appendFile, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { fail } from "./fail.ts";
import type { Host, ImageWish, Pixels } from "./host.ts";
import { threads } from "./thread.node.ts";

/** What the operating system refuses, in a user's words. */
const REFUSALS: Readonly<Record<string, { code: string; got: string; mend: string }>> = {
  ENOENT: { code: "file-missing", got: "nothing there", mend: "check the path" },
  EEXIST: { code: "file-missing", got: "a file where a folder should be", mend: "check the path" },
  ENAMETOOLONG: { code: "file-missing", got: "a name that is too long", mend: "choose a shorter one" },
  EFBIG: {
    code: "disk-full",
    got: "a limit on the size of files",
    mend: "raise it (ulimit -f) and go on: what was saved before is intact",
  },
  ERR_FS_FILE_TOO_LARGE: {
    code: "file-too-large",
    got: "more than 2 GiB",
    mend: "keep a model's weights in files beside it (onnx.save_model with save_as_external_data=True)",
  },
  ENOTDIR: { code: "file-missing", got: "a file where a folder should be", mend: "check the path" },
  EISDIR: { code: "file-is-folder", got: "a folder", mend: "name a file" },
  EACCES: { code: "file-permission", got: "no permission", mend: "change its permissions, or choose another place" },
  EPERM: { code: "file-permission", got: "no permission", mend: "change its permissions, or choose another place" },
  EROFS: { code: "file-permission", got: "a read-only file system", mend: "choose another place" },
  ENOSPC: { code: "disk-full", got: "a full disk", mend: "free some space and go on: what was saved before is intact" },
  EDQUOT: { code: "disk-full", got: "a full quota", mend: "free some space and go on: what was saved before is intact" },
};

async function speaking<T>(expected: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const refusal = REFUSALS[(cause as NodeJS.ErrnoException).code ?? ""];
    if (refusal) return fail({ expected, ...refusal, cause });
    throw cause;
  }
}

/** As mkdir's own `recursive` does, which never ends where a parent refuses (Node 20: /proc/x). */
async function makeFolder(path: string): Promise<void> {
  if (await stat(path).catch(() => null)) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

async function writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
  await speaking(`to write ${path}`, async () => {
    await makeFolder(dirname(path));
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      const file = await open(temporary, "w");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, but not ours
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Who wrote a lock; a torn one names nobody. */
function holderOf(text: string): { pid?: number; host?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

async function lock(path: string): Promise<() => Promise<void>> {
  const mine = JSON.stringify({ pid: process.pid, host: hostname() });
  const take = async (): Promise<boolean> => {
    try {
      const file = await open(path, "wx");
      await file.writeFile(mine);
      await file.close();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  };
  await speaking(`to write ${path}`, async () => {
    await makeFolder(dirname(path));
    if (await take()) return;
    const holder = holderOf(await readFile(path, "utf8"));
    const dead = holder.host === hostname() && holder.pid !== undefined && !alive(holder.pid);
    if (dead) await rm(path, { force: true });
    if (!dead || !(await take()))
      fail({
        code: "run-locked",
        expected: "a run folder that no other process writes to",
        got: `${dirname(path)}, held by process ${holder.pid ?? "unknown"} on ${holder.host ?? "an unknown host"}`,
        mend: `wait for it, choose another folder, or delete ${path} if that process is gone`,
      });
  });
  return () => rm(path, { force: true });
}

const unreadable = (cause: unknown): never =>
  fail({
    code: "image-unreadable",
    expected: "a PNG or JPEG picture",
    got: "bytes that are not one",
    mend: "remove or replace the file",
    cause,
  });

async function decodeImage(bytes: Uint8Array, { channels, width, height, fit = "fill" }: ImageWish): Promise<Pixels> {
  const { default: sharp } = await import("sharp");
  try {
    let image = sharp(bytes).flatten({ background: "white" });
    if (fit === "cover") image = image.autoOrient();
    if (width || height) image = image.resize(width, height, { fit });
    image = channels === 1 ? image.greyscale().toColourspace("b-w") : image.toColourspace("srgb");
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  } catch (cause) {
    return unreadable(cause);
  }
}

async function imageSize(bytes: Uint8Array): Promise<{ width: number; height: number }> {
  const { default: sharp } = await import("sharp");
  try {
    const { width, height } = await sharp(bytes).metadata();
    return { width, height };
  } catch (cause) {
    return unreadable(cause);
  }
}

async function encodePng({ width, height, channels, data }: Pixels): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  return new Uint8Array(await sharp(data, { raw: { width, height, channels } }).png().toBuffer());
}

async function encodeGif(frames: readonly Pixels[], milliseconds: readonly number[]): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const raw = frames.map(({ width, height, channels, data }) => sharp(data, { raw: { width, height, channels } }).png().toBuffer());
  const joined = sharp(await Promise.all(raw), { join: { animated: true } });
  return new Uint8Array(await joined.gif({ delay: [...milliseconds], loop: 0 }).toBuffer());
}

async function encodeJpeg({ width, height, channels, data }: Pixels, quality: number): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  return new Uint8Array(await sharp(data, { raw: { width, height, channels } }).jpeg({ quality }).toBuffer());
}

export const host: Host = {
  readFile: (path) => speaking(`a file at ${path}`, async () => new Uint8Array(await readFile(path))),
  writeFile,
  appendFile: (path, bytes) =>
    speaking(`to write ${path}`, async () => {
      await makeFolder(dirname(path));
      await appendFile(path, bytes);
    }),
  readDir: (path) =>
    speaking(`a folder at ${path}`, async () =>
      (await readdir(path, { withFileTypes: true }))
        .map((e) => ({ name: e.name, directory: e.isDirectory() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ),
  kind: (path) =>
    stat(path).then(
      (s) => (s.isDirectory() ? "directory" : "file"),
      () => null,
    ),
  remove: (path) => speaking(`to remove ${path}`, () => rm(path, { recursive: true, force: true })),
  lock,
  decodeImage,
  imageSize,
  encodePng,
  encodeGif,
  encodeJpeg,
  // dist/base and src/base lie equally deep
  ownFile: (path) => speaking(path, async () => new Uint8Array(await readFile(new URL(`../../${path}`, import.meta.url)))),
  packageFile: (name, path) =>
    speaking(
      `the package ${name}`,
      async () => new Uint8Array(await readFile(join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), path))),
    ),
  threads,
  highs: () => import("highs"),
};
