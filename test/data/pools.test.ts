import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { size, tensor } from "../../src/base/index.ts";
import { grid, loadPools, type Pool, ring, writeNpz } from "../../src/data/index.ts";
import { expectRefusal, type Refusal } from "./refusal.ts";

let root: string;
const at = (name: string) => join(root, name);
const N = 200;
const numbers = Array.from({ length: N }, (_, i) => i);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "counterfoil-"));
  await writeFile(at("points.csv"), `x,y\n${numbers.map((i) => `${i},${i / 4}`).join("\n")}\n`);
  await writeFile(at("labelled.CSV"), `a,label\n${numbers.map((i) => `${i},${"abcd"[Math.floor(i / 50)]}`).join("\n")}\n`);
  await writeFile(
    at("cube.npz"),
    writeNpz({
      x: tensor(
        numbers.flatMap((i) => [i, 0, 0]),
        [N, 3],
      ),
    }),
  );
  await writeFile(
    at("labelled.npz"),
    writeNpz({
      x: tensor(numbers, [N, 1]),
      y: tensor(
        numbers.map((i) => i % 4),
        [N],
        "int64",
      ),
    }),
  );
  await writeFile(at("one.csv"), "0.5,0.25\n");
});
afterAll(() => rm(root, { recursive: true }));

const sample = (pool: Pool, i: number): number[] => {
  const out = new Float32Array(size(pool.shape));
  pool.write(i, out);
  return [...out];
};
const samples = (pool: Pool): number[][] => Array.from({ length: pool.size }, (_, i) => sample(pool, i));

describe("what is on disk", () => {
  const rows: readonly (readonly [file: string, limit: number | undefined, shape: number[], classes: number, sizes: [number, number]])[] = [
    ["points.csv", undefined, [2], 0, [180, 20]],
    ["points.csv", 30, [2], 0, [27, 3]],
    ["points.csv", 2, [2], 0, [1, 1]],
    ["labelled.CSV", undefined, [1], 4, [180, 20]],
    ["cube.npz", undefined, [3], 0, [180, 20]],
    ["labelled.npz", 40, [1], 4, [36, 4]],
  ];
  it.each(rows)("%s, limit %s: %j, %d classes, %j samples, by the seed", async (file, limit, shape, classes, sizes) => {
    const { train, test, mixture } = await loadPools(at(file), { seed: 1, ...(limit && { limit }) });
    expect(mixture).toBe(null);
    for (const [pool, name, n] of [[train, "train", sizes[0]] as const, [test, "test", sizes[1]] as const])
      expect(pool).toMatchObject({
        name: `${at(file)}:${name}`,
        shape,
        classes,
        size: n,
        provenance: { source: at(file), n, part: name, seed: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      });
    const all = [train, test].flatMap(samples);
    expect(new Set(all.map(String)).size).toBe(sizes[0] + sizes[1]);
    const again = await loadPools(at(file), { seed: 1, ...(limit && { limit }) });
    expect([again.train, again.test].flatMap(samples)).toEqual(all);
    const other = await loadPools(at(file), { seed: 2, ...(limit && { limit }) });
    if (sizes[0] > 1) expect([other.train, other.test].flatMap(samples)).not.toEqual(all);
    if (classes > 0)
      for (const pool of [train, test]) {
        const counts = Array.from({ length: classes }, (_, k) => numbers.filter((i) => i < pool.size && pool.label(i) === k).length);
        for (const n of counts) expect(Math.abs(n - pool.size / classes)).toBeLessThan(2);
      }
  });

  test("labels stay with their samples, and values are as they are", async () => {
    const { train } = await loadPools(at("labelled.CSV"));
    for (const [i, [v]] of samples(train).entries()) expect(train.label(i)).toBe(Math.floor(v! / 50));
    const points = await loadPools(at("points.csv"));
    for (const [x, y] of samples(points.test)) expect(y).toBe(x! / 4);
  });
});

const drawn: readonly (readonly [spec: string, classes: number, mixture: unknown])[] = [
  ["ring8", 8, ring],
  ["toy:grid", 25, grid],
  ["swiss-roll", 2, null],
  ["toy:swiss-roll", 2, null],
];
test.each(drawn)("%s is drawn by the seed, anew for the test", async (spec, classes, mixture) => {
  const { train, test, mixture: found } = await loadPools(spec, { seed: 3, limit: 500 });
  expect(found).toBe(mixture);
  expect(train).toMatchObject({ name: `${spec}:train`, size: 500, shape: [2], classes });
  expect(test.size).toBe(10_000);
  expect(sample(train, 0)).not.toEqual(sample(test, 0));
  expect(sample((await loadPools(spec, { seed: 3, limit: 500 })).train, 7)).toEqual(sample(train, 7));
  expect(sample((await loadPools(spec, { seed: 4, limit: 500 })).train, 7)).not.toEqual(sample(train, 7));
});

test("mnist is as loadSplits gives it", async () => {
  const { train, test } = await loadPools("mnist", { limit: 120 });
  expect([train.size, test.size, train.shape, train.classes]).toEqual([110, 10_000, [1, 28, 28], 10]);
});

describe("refused", () => {
  const unknown = (spec: string) =>
    `expected ring8, grid25, swiss-roll, stacked-mnist, mnist[:train|:test], toy:ring, toy:grid, toy:moons, toy:spirals, toy:swiss-roll, a folder of pictures or of class folders, file.npz or file.csv, got “${spec}”; check the spelling and the path`;
  const rows: readonly Refusal[] = [
    ["no such source", "data-unknown", unknown("ring9"), () => loadPools("ring9")],
    ["a word of the language", "data-unknown", unknown("constructor"), () => loadPools("constructor")],
    ["another format", "data-unknown", unknown("package.json"), () => loadPools("package.json")],
    ["no such file", "file-missing", "expected a file at no.npz, got nothing there; check the path", () => loadPools("no.npz")],
    [
      "one sample",
      "data-few",
      "expected at least 2 samples of ROOT/one.csv to split, got 1; bring more samples, or raise the limit",
      () => loadPools(at("one.csv")),
    ],
    [
      "a limit of one",
      "data-few",
      "expected at least 2 samples of ROOT/points.csv to split, got 1; bring more samples, or raise the limit",
      () => loadPools(at("points.csv"), { limit: 1 }),
    ],
    [
      "limit 0",
      "data-limit",
      "expected a limit that is a whole number ≥ 1, got 0; pass such a limit, or none",
      () => loadPools(at("points.csv"), { limit: 0 }),
    ],
    [
      "a resolution of points",
      "data-resolution",
      "expected a resolution for a folder of pictures only, got 32 for ring8; leave the resolution out",
      () => loadPools("ring8", { resolution: 32 }),
    ],
  ];
  it.each(rows)("%s: %s", async (what, code, sentence, act) => expectRefusal([what, code, sentence.replace("ROOT", root), act]));
});
