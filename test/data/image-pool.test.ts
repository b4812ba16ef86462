/** The oracle of what a decoder does is arithmetic on pictures of flat stripes. */
import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it, test } from "vitest";
import { size } from "../../src/base/index.ts";
import { imagePool, loadPools, type Pool } from "../../src/data/index.ts";
import { flat, folder, grey, picture, png, root, text } from "./picture-files.ts";
import { expectRefusal } from "./refusal.ts";

afterAll(() => rm(root, { recursive: true }));

const sample = (pool: Pool, i: number): Float32Array => {
  const out = new Float32Array(size(pool.shape));
  pool.write(i, out);
  return out;
};
const first = (pool: Pool): number[] => Array.from({ length: pool.size }, (_, i) => Math.round(255 * sample(pool, i)[0]!));

describe("the resolution", () => {
  const rows: readonly (readonly [what: string, sizes: [number, number][], asked: number | undefined, side: number])[] = [
    [
      "the largest power of two that enlarges none",
      [
        [40, 70],
        [200, 33],
      ],
      undefined,
      32,
    ],
    [
      "exactly that of the smallest",
      [
        [40, 70],
        [64, 16],
      ],
      undefined,
      16,
    ],
    [
      "at most 64",
      [
        [300, 200],
        [128, 128],
      ],
      undefined,
      64,
    ],
    [
      "at least 8",
      [
        [8, 9],
        [100, 100],
      ],
      undefined,
      8,
    ],
    [
      "what is asked for",
      [
        [300, 200],
        [128, 130],
      ],
      128,
      128,
    ],
    [
      "what is asked for, though it enlarges",
      [
        [4, 5],
        [20, 20],
      ],
      32,
      32,
    ],
  ];
  it.each(rows)("%s: %j, asked %s: %d", async (what, sizes, asked, side) => {
    const files = await Promise.all(sizes.map(async ([w, h], i) => [`${i}.png`, await grey(w, h, 51 * (i + 1))] as const));
    const pool = await imagePool(await folder(what, Object.fromEntries(files)), { ...(asked && { resolution: asked }) });
    expect(pool).toMatchObject({ shape: [1, side, side], range: [0, 1], size: sizes.length, provenance: { resolution: side } });
    for (let i = 0; i < pool.size; i++) expect(sample(pool, i).every((v) => v === Math.fround((51 * (i + 1)) / 255))).toBe(true);
  });
});

test("the middle is kept, in its proportions; planes are red, green and blue", async () => {
  // of 32×8, the 8×8 in the middle; of 8×24 likewise
  const path = await folder("middle", {
    "a.png": await png(picture(32, 8, (x) => (x >= 12 && x < 20 ? [10, 20, 30] : [255, 255, 255]))),
    "b.png": await png(picture(8, 24, (_, y) => (y >= 8 && y < 16 ? [40, 50, 60] : [0, 0, 0]))),
    // twice as large, in halves
    "c.png": await png(picture(32, 16, (x) => (x < 8 || x >= 24 ? [255, 255, 255] : [70, 80, 90]))),
  });
  const pool = await imagePool(path);
  expect(pool.shape).toEqual([3, 8, 8]);
  for (const [i, colours] of [
    [10, 20, 30],
    [40, 50, 60],
  ].entries())
    for (const [c, v] of colours.entries())
      expect(new Set(sample(pool, i).subarray(64 * c, 64 * (c + 1)))).toEqual(new Set([Math.fround(v / 255)]));
  // off the seam, where a filter rings
  const inner = Array.from({ length: 8 }, (_, y) => sample(pool, 2)[8 * y + 4]!);
  for (const v of inner) expect(Math.abs(255 * v - 70)).toBeLessThan(1.5);
});

test("photographs are turned upright", async () => {
  // stored lying, to be turned by a quarter (EXIF 6): the left half comes up
  const lying = picture(16, 16, (x) => (x < 8 ? [255, 255, 255] : [0, 0, 0]));
  const path = await folder("upright", {
    "a.jpg": await lying.jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer(),
    "b.png": await grey(16, 16, 0),
  });
  const turned = sample(await imagePool(path), 0);
  for (const x of [0, 8, 15]) {
    expect(turned[16 + x]).toBeGreaterThan(0.9);
    expect(turned[16 * 14 + x]).toBeLessThan(0.1);
  }
});

test("grey where all are, colour where one is, whatever their channels; what is transparent is white", async () => {
  const files = {
    "a.png": await grey(8, 8, 51),
    "b.jpg": new Uint8Array(await flat(8, 8, 102).jpeg({ quality: 100 }).toBuffer()),
    "c.png": new Uint8Array(
      await sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
        .png()
        .toBuffer(),
    ),
  };
  const pool = await imagePool(await folder("all-grey", files));
  expect(pool.shape).toEqual([1, 8, 8]);
  expect(first(pool)).toEqual([51, 102, 255]);
  const mixed = await imagePool(await folder("mixed", { ...files, "d.png": await png(flat(8, 8, [1, 2, 3])) }));
  expect(mixed.shape).toEqual([3, 8, 8]);
  expect(new Set(sample(mixed, 0))).toEqual(new Set([Math.fround(0.2)]));
});

test("a flat folder has no classes; hidden files, texts and folders without pictures are passed over", async () => {
  const path = await folder("flat", {
    "b.PNG": await grey(9, 9, 2),
    "a.jpeg": new Uint8Array(await flat(9, 9, 1).jpeg().toBuffer()),
    ".hidden.png": new Uint8Array(3),
    "notes.txt": text("notes"),
    "runs/samples/c.png": await grey(9, 9, 3),
    empty: null,
  });
  const pool = await imagePool(`${path}/`);
  expect(pool).toMatchObject({
    name: path,
    size: 2,
    classes: 0,
    provenance: { source: path, n: 2, labels: "none", resolution: 8, skipped: 0 },
  });
  expect([pool.label(0), pool.label(1)]).toEqual([0, 0]);
  const line = async (file: string) =>
    `${createHash("sha256")
      .update(await readFile(join(path, file)))
      .digest("hex")}  ${file}\n`;
  const listed = (await line("a.jpeg")) + (await line("b.PNG"));
  expect(pool.provenance.sha256).toBe(createHash("sha256").update(listed).digest("hex"));
});

test("class folders of any sizes are classes", async () => {
  const path = await folder("classes", {
    "cat/1.png": await grey(20, 30, 10),
    "cat/2.png": await grey(30, 20, 11),
    "dog/1.png": await grey(17, 90, 20),
  });
  const pool = await imagePool(path);
  expect(pool).toMatchObject({ classes: 2, shape: [1, 16, 16] });
  expect(pool.provenance.labels).toBe(undefined);
  expect(first(pool).map((v, i) => [v, pool.label(i)])).toEqual([
    [10, 0],
    [20, 1],
    [11, 0],
  ]);
});

describe("pictures that cannot be read", () => {
  const broken = async (name: string) => {
    const whole = await png(picture(40, 40, (x, y) => [x, y, x ^ y]));
    return folder(name, {
      ...Object.fromEntries(await Promise.all([0, 1, 2].map(async (i) => [`${i}.png`, await grey(40, 40, i)] as const))),
      "cut.png": whole.subarray(0, whole.length / 2),
      "empty.png": new Uint8Array(),
      "text.jpg": text("no picture"),
      "zeros.png": new Uint8Array(100),
    });
  };

  test.each([undefined, 32])("are left out, counted and named, resolution %s", async (resolution) => {
    const path = await broken(`broken-${resolution}`);
    const said: string[] = [];
    const pool = await imagePool(path, { onWarning: (line) => said.push(line), ...(resolution && { resolution }) });
    expect(pool).toMatchObject({ size: 3, shape: [1, 32, 32], provenance: { n: 3, skipped: 4 } });
    expect(first(pool)).toEqual([0, 1, 2]);
    expect(said).toHaveLength(1);
    expect(said[0]).toBe(`4 of 7 pictures in ${path} cannot be read and are left out: cut.png, empty.png, text.jpg and 1 more`);
  });

  test("stop where that is asked for, at the first that is met", async () => {
    const path = await broken("strict");
    for (const resolution of [undefined, 32])
      await expectRefusal([
        "",
        "image-unreadable",
        `expected a PNG or JPEG picture in ${path}/${resolution ? "cut" : "empty"}.png, got bytes that are not one; remove or replace the file`,
        () => imagePool(path, { strict: true, ...(resolution && { resolution }) }),
      ]);
  });
});

test("a tenth is held out, by the seed; a limit draws of every class", async () => {
  const files = Object.fromEntries(
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => [`${i % 2}/${String(i).padStart(2, "0")}.png`, await grey(8, 8, i)] as const),
    ),
  );
  const path = await folder("many", files);
  const { train, test: held } = await loadPools(path, { seed: 1 });
  expect([train.size, held.size]).toEqual([36, 4]);
  expect([train.provenance, held.provenance]).toMatchObject([
    { n: 36, part: "train", seed: 1 },
    { n: 4, part: "test" },
  ]);
  expect([...first(train), ...first(held)].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  for (const pool of [train, held]) {
    for (const [i, v] of first(pool).entries()) expect(pool.label(i)).toBe(v % 2);
    expect(first(pool).filter((v) => v % 2 === 0)).toHaveLength(pool.size / 2);
  }
  expect(first((await loadPools(path, { seed: 1 })).train)).toEqual(first(train));
  expect(first((await loadPools(path, { seed: 2 })).train)).not.toEqual(first(train));
  const few = await loadPools(path, { seed: 1, limit: 20 });
  expect([few.train.size, few.test.size]).toEqual([18, 2]);
  expect([...first(few.train), ...first(few.test)].filter((v) => v % 2 === 0)).toHaveLength(10);
  expect(few.train.provenance).toMatchObject({ of: 40 });
});
