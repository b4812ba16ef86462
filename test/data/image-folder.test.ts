import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { imageFolder, loadData, loadSplits } from "../../src/data/index.ts";
import { expectRefusal, type Refusal } from "./refusal.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "counterfoil-"));
});
afterAll(() => rm(root, { recursive: true }));

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly pixels: number[];
}

const png = ({ width, height, channels, pixels }: Picture) =>
  sharp(Uint8Array.from(pixels), { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .png()
    .toBuffer();
const flat = (width: number, height: number, colour: number[]): Picture => ({
  width,
  height,
  channels: colour.length as 1 | 3 | 4,
  pixels: Array.from({ length: width * height }, () => colour).flat(),
});

/** A folder with these files; null makes a folder. */
async function folder(name: string, files: Readonly<Record<string, Uint8Array | null>>): Promise<string> {
  for (const [file, content] of Object.entries(files)) {
    const path = join(root, name, file);
    await mkdir(content ? dirname(path) : path, { recursive: true });
    if (content) await writeFile(path, content);
  }
  return join(root, name);
}

const ascending: Picture = { width: 3, height: 2, channels: 1, pixels: [0, 51, 102, 153, 204, 255] };

test.each([
  ["in their order, not that of their letters", ["0", "1", "2", "10"], [0, 1, 2, 10], 11],
  ["also where one is missing", ["00", "01", "03"], [0, 1, 3], 4],
  ["not without a 0: years, say", ["2019", "2020"], [0, 1], 2],
  ["not beside a name", ["0", "1", "cat"], [0, 1, 2], 3],
])("folders that are numbers are the classes of these numbers, %s", async (_, names, labels, classes) => {
  const files = await Promise.all(names.map(async (name) => [`${name}/a.png`, await png(flat(2, 2, [51]))] as const));
  const data = await loadData(await folder(`numbers-${names.join()}`, Object.fromEntries(files)));
  expect([...data.y].sort((a, b) => a - b)).toEqual(labels);
  expect(data.classes).toHaveLength(classes);
  expect(labels.map((label) => data.classes[label]).sort()).toEqual([...names].sort());
});

test("grey pictures become one plane, pixels as they are; classes take turns", async () => {
  const path = await folder("grey", {
    "cat/1.png": await png(ascending),
    "cat/2.PNG": await png(flat(3, 2, [255])),
    "cat/.hidden.png": new Uint8Array(3),
    "cat/notes.txt": new Uint8Array(3),
    "dog/1.png": await png(flat(3, 2, [51])),
    ".git/HEAD": new Uint8Array(3),
    "README.md": new Uint8Array(3),
  });
  const data = await loadData(path);
  expect(data).toMatchObject({ name: path, classes: ["cat", "dog"], inputShape: [1, 2, 3], range: [0, 1], provenance: { n: 3 } });
  expect([...data.y]).toEqual([0, 1, 0]);
  expect(data.x.shape).toEqual([3, 1, 2, 3]);
  const fifths = [0, 1, 2, 3, 4, 5, 1, 1, 1, 1, 1, 1, 5, 5, 5, 5, 5, 5];
  expect(data.x.data).toEqual(Float32Array.from(fifths, (v) => (51 * v) / 255));
  expect((await loadData(`${path}/`)).name).toBe(path);
});

test("one coloured picture gives all three planes", async () => {
  const path = await folder("colour", {
    "a/1.png": await png(ascending),
    "b/1.png": await png({ width: 3, height: 2, channels: 3, pixels: Array.from({ length: 18 }, (_, i) => i) }),
  });
  const data = await imageFolder(path);
  expect(data.x.shape).toEqual([2, 3, 2, 3]);
  expect([...data.x.data].map((v) => Math.round(255 * v))).toEqual([
    ...ascending.pixels,
    ...ascending.pixels,
    ...ascending.pixels,
    ...[0, 3, 6, 9, 12, 15],
    ...[1, 4, 7, 10, 13, 16],
    ...[2, 5, 8, 11, 14, 17],
  ]);
});

test("pictures take the size of the first, JPEG is read, what is transparent is white", async () => {
  const path = await folder("sizes", {
    "a/1.png": await png(flat(4, 5, [0, 0, 0])),
    "a/2.jpg": await sharp(Uint8Array.from(flat(16, 16, [200, 100, 50]).pixels), { raw: { width: 16, height: 16, channels: 3 } })
      .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
      .toBuffer(),
    "a/3.png": await png(flat(2, 2, [10, 20, 30, 0])),
  });
  const { x, inputShape } = await imageFolder(path);
  expect(inputShape).toEqual([3, 5, 4]);
  const plane = (n: number, c: number) => [...x.data.subarray((3 * n + c) * 20, (3 * n + c + 1) * 20)];
  for (const c of [0, 1, 2]) {
    expect(plane(0, c).every((v) => v === 0)).toBe(true);
    expect(plane(1, c).every((v) => Math.abs(255 * v - [200, 100, 50][c]!) <= 2)).toBe(true);
    expect(plane(2, c).every((v) => v === 1)).toBe(true);
  }
});

test("a limit reads so many, of every class; the hash tells folders apart", async () => {
  const files = Object.fromEntries(
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => [`${i % 4}/${String(i).padStart(2, "0")}.png`, await png(flat(1, 1, [i]))] as const),
    ),
  );
  const path = await folder("many", files);
  const all = await loadData(path);
  const some = await loadData(path, { limit: 6 });
  expect([...some.y]).toEqual([0, 1, 2, 3, 0, 1]);
  expect(some.x.data).toEqual(all.x.data.slice(0, 6));
  expect(some.provenance).toMatchObject({ n: 6, of: 40 });
  expect(some.provenance.sha256).not.toBe(all.provenance.sha256);
  expect((await loadData(path)).provenance).toEqual(all.provenance);
  const { train, validation, test } = await loadSplits(path, { seed: 1 });
  expect([train, validation, test].map((d) => d.x.shape[0])).toEqual([32, 4, 4]);
  for (const part of [validation, test]) expect([...part.y].sort()).toEqual([0, 1, 2, 3]);
});

test("a list of classes numbers the folders that are there", async () => {
  const files = { "dog/1.png": await png(ascending), "eel/1.png": await png(ascending) };
  const path = await folder("listed", { ...files, "classes.txt": new TextEncoder().encode("cat\ndog\neel\n") });
  const { classes, y } = await imageFolder(path);
  expect([classes, [...y]]).toEqual([
    ["cat", "dog", "eel"],
    [1, 2],
  ]);
});

describe("bad folders", () => {
  const rows: readonly Refusal[] = [
    [
      "a folder that its list of classes does not name",
      "folder-classes",
      "expected the folders of ROOT/unlisted to be among the names in its classes.txt, each there once, got dog; mend classes.txt, or remove it: then the folders' names are the classes",
      async () =>
        imageFolder(await folder("unlisted", { "dog/1.png": await png(ascending), "classes.txt": new TextEncoder().encode("cat") })),
    ],
    [
      "no class",
      "folder-classes",
      "expected one folder per class in ROOT/none, got no folder; put the pictures of each class into a folder",
      async () => imageFolder(await folder("none", { "1.png": await png(ascending) })),
    ],
    [
      "an empty class",
      "folder-class-empty",
      "expected PNG or JPEG pictures in each folder of ROOT/empty, got none in dog; fill the folder, or remove it",
      async () => imageFolder(await folder("empty", { "cat/1.png": await png(ascending), dog: null })),
    ],
    [
      "a class without pictures",
      "folder-class-empty",
      "expected PNG or JPEG pictures in each folder of ROOT/text, got none in dog; fill the folder, or remove it",
      async () => imageFolder(await folder("text", { "cat/1.png": await png(ascending), "dog/1.txt": new Uint8Array(1) })),
    ],
    [
      "a broken picture",
      "image-unreadable",
      "expected a PNG or JPEG picture in ROOT/broken/cat/2.png, got bytes that are not one; remove or replace the file",
      async () => imageFolder(await folder("broken", { "cat/1.png": await png(ascending), "cat/2.png": new Uint8Array(50) })),
    ],
    [
      "an empty file",
      "image-unreadable",
      "expected a PNG or JPEG picture in ROOT/nothing/cat/1.png, got bytes that are not one; remove or replace the file",
      async () => imageFolder(await folder("nothing", { "cat/1.png": new Uint8Array() })),
    ],
    [
      "a picture cut short",
      "image-unreadable",
      "expected a PNG or JPEG picture in ROOT/short/cat/1.png, got bytes that are not one; remove or replace the file",
      async () => imageFolder(await folder("short", { "cat/1.png": (await png(flat(64, 64, [1, 2, 3]))).subarray(0, 80) })),
    ],
    [
      "limit 0",
      "data-limit",
      "expected a limit that is a whole number ≥ 1, got 0; pass such a limit, or none",
      async () => imageFolder(await folder("zero", { "cat/1.png": await png(ascending) }), { limit: 0 }),
    ],
  ];
  it.each(rows)("%s: %s", async (what, code, sentence, act) => expectRefusal([what, code, sentence.replace("ROOT", root), act]));
});
