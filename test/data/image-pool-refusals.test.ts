import { rm } from "node:fs/promises";
import { afterAll, describe, it } from "vitest";
import { loadPools } from "../../src/data/index.ts";
import { folder, grey, root } from "./picture-files.ts";
import { expectRefusal, type Refusal } from "./refusal.ts";

afterAll(() => rm(root, { recursive: true }));

describe("bad folders", () => {
  const bytes = new Uint8Array(50);
  const rows: readonly Refusal[] = [
    [
      "an empty folder",
      "folder-pictures",
      "expected PNG or JPEG pictures in ROOT/none, got an empty folder; put pictures there, or into one folder per class",
      async () => loadPools(await folder("none", {})),
    ],
    [
      "nothing that is called a picture",
      "folder-pictures",
      "expected PNG or JPEG pictures in ROOT/texts, got none: a.txt, b.csv, c and 1 more; put pictures there, or into one folder per class",
      async () => loadPools(await folder("texts", { "a.txt": bytes, "b.csv": bytes, c: null, "d.gif": bytes })),
    ],
    [
      "nothing that is a picture",
      "folder-pictures",
      "expected PNG or JPEG pictures in ROOT/all-bad, got 2 that cannot be read: a.png, b.jpg; replace them",
      async () => loadPools(await folder("all-bad", { "a.png": bytes, "b.jpg": bytes })),
    ],
    [
      "one picture",
      "data-few",
      "expected at least 2 samples of ROOT/one to split, got 1; bring more samples, or raise the limit",
      async () => loadPools(await folder("one", { "a.png": await grey(8, 8, 0), "b.png": bytes })),
    ],
    [
      "pictures beside class folders",
      "folder-pictures",
      "expected pictures in ROOT/both itself or in its folders, not in both, got a.png beside cat; move the ones or the others elsewhere",
      async () => loadPools(await folder("both", { "a.png": await grey(8, 8, 0), "cat/b.png": await grey(8, 8, 0), dog: null })),
    ],
    [
      "a class without pictures",
      "folder-class-empty",
      "expected PNG or JPEG pictures in each folder of ROOT/empty-class, got none in dog; fill the folder, or remove it",
      async () => loadPools(await folder("empty-class", { "cat/b.png": await grey(8, 8, 0), dog: null })),
    ],
    [
      "a class whose pictures are all broken",
      "folder-class-empty",
      "expected pictures that can be read in each folder of ROOT/lost, got none in dog; replace them, or remove the folder",
      async () => loadPools(await folder("lost", { "cat/b.png": await grey(8, 8, 0), "dog/a.png": bytes })),
    ],
    [
      "a picture too small",
      "data-resolution",
      "expected pictures of at least 8 pixels a side in ROOT/small, got 40×7 in b.png; remove it, or ask for a resolution: then small ones are enlarged",
      async () => loadPools(await folder("small", { "a.png": await grey(30, 20, 0), "b.png": await grey(40, 7, 0) })),
    ],
    ...[48, 4, 256, 8.5, Number.NaN].map(
      (resolution): Refusal => [
        `resolution ${resolution}`,
        "data-resolution",
        `expected a resolution of 8, 16, 32, 64 or 128 pixels, got ${resolution}; choose one of those, or none: then it is taken from the pictures`,
        async () => loadPools(await folder("fine", { "a.png": await grey(30, 20, 0) }), { resolution }),
      ],
    ),
  ];
  it.each(rows)("%s: %s", async (what, code, sentence, act) => expectRefusal([what, code, sentence.replace("ROOT", root), act]));
});
