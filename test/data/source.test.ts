import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { bytesOf, sha256, tensor } from "../../src/base/index.ts";
import { labelled, splits } from "../../src/cli/data.ts";
import { type Dataset, loadData, loadSplits, mnist, writeNpz } from "../../src/data/index.ts";
import { expectRefusal, type Refusal } from "./refusal.ts";

let root: string;
const at = (name: string) => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "counterfoil-"));
  const n = 200;
  const y = Array.from({ length: n }, (_, i) => Math.floor(i / 50));
  const x = Array.from({ length: n }, (_, i) => i);
  await writeFile(at("a.npz"), writeNpz({ x: tensor(x, [n, 1]), y: tensor(y, [n], "int64") }));
  await writeFile(at("a.csv"), `a,label\n${x.map((v, i) => `${v},${"abcd"[y[i]!]}`).join("\n")}\n`);
  await writeFile(at("two.CSV"), "1,0\n2,1\n");
});
afterAll(() => rm(root, { recursive: true }));

/** A number for each sample that no other has. */
const ids = (data: Dataset): string[] =>
  Array.from({ length: data.y.length }, (_, i) => {
    const width = data.x.data.length / data.y.length;
    return data.x.data.subarray(i * width, (i + 1) * width).join();
  });
// toEqual takes a minute for eight million numbers
const hash = (data: Dataset) => sha256(bytesOf(data.x));
const parts = ({ train, validation, test }: Awaited<ReturnType<typeof loadSplits>>) => [train, validation, test];

describe("splits", () => {
  const rows: readonly (readonly [spec: string, limit: number | undefined, sizes: number[]])[] = [
    ["a.npz", undefined, [160, 20, 20]],
    ["a.csv", undefined, [160, 20, 20]],
    ["a.csv", 40, [32, 4, 4]],
    ["a.npz", 10_000, [160, 20, 20]],
    ["toy:moons", undefined, [9167, 833, 10_000]],
    ["toy:ring", 120, [110, 10, 10_000]],
    ["toy:grid:test", undefined, [8000, 1000, 1000]],
  ];
  it.each(rows)("%s, limit %s: %j, the classes in their proportions, by the seed", async (spec, limit, sizes) => {
    const path = spec.startsWith("toy") ? spec : at(spec);
    const found = await loadSplits(path, { limit, seed: 1 });
    expect(found).toMatchObject({
      name: path,
      provenance: { n: sizes.reduce((a, b) => a + b), train: sizes[0], validation: sizes[1], test: sizes[2], seed: 1 },
    });
    expect(parts(found).map((p) => p.y.length)).toEqual(sizes);
    expect(parts(found).map((p) => p.name)).toEqual([`${path}:train`, `${path}:validation`, `${path}:test`]);
    const all = parts(found).flatMap(ids);
    expect(new Set(all).size).toBe(all.length);
    for (const part of parts(found)) {
      expect(part).toMatchObject({ classes: found.classes, range: found.range, inputShape: found.inputShape });
      const counts = new Array<number>(found.classes.length).fill(0);
      for (const k of part.y) counts[k]!++;
      for (const n of counts) expect(Math.abs(n - part.y.length / counts.length)).toBeLessThan(2);
    }
    expect(await loadSplits(path, { limit, seed: 1 })).toEqual(found);
    expect(ids((await loadSplits(path, { limit, seed: 2 })).train)).not.toEqual(ids(found.train));
  });

  test("of mnist: 55,000 and 5,000 of the training set, and the test set as it is", async () => {
    const found = await splits("mnist", { seed: "3" });
    expect(parts(found).map((p) => p.y.length)).toEqual([55_000, 5000, 10_000]);
    const official = await mnist("test");
    expect(await hash(found.test)).toBe(await hash(official));
    expect(found.test.y).toEqual(official.y);
    const counts = (data: Dataset) => Array.from({ length: 10 }, (_, k) => data.y.reduce((n, v) => n + Number(v === k), 0));
    const train = counts(await mnist("train"));
    expect(counts(found.train).map((n, k) => n + counts(found.validation)[k]!)).toEqual(train);
    for (const [k, n] of counts(found.validation).entries()) expect(Math.abs(n - train[k]! / 12)).toBeLessThan(2);
    const few = await splits("mnist", { limit: "600", seed: "3" });
    expect(parts(few).map((p) => p.y.length)).toEqual([550, 50, 10_000]);
  });
});

describe("data to evaluate on", () => {
  test("mnist is its test set, in file order", async () => {
    const official = await mnist("test");
    const whole = await labelled("mnist", {});
    expect({ ...whole, x: await hash(whole) }).toEqual({ ...official, x: await hash(official) });
    const few = await labelled("mnist:test", { limit: "5", seed: "9" });
    expect(few).toMatchObject({ name: "mnist:test", y: Int32Array.of(7, 2, 1, 0, 4), provenance: { n: 5, of: 10_000 } });
    expect(few.x.data).toEqual(official.x.data.slice(0, 5 * 784));
    expect((await labelled("mnist:train", { limit: "5" })).y).toEqual(Int32Array.of(5, 0, 4, 1, 9));
  });

  test("toys are drawn anew for the test, by the seed", async () => {
    const { train, test } = await loadSplits("toy:spirals", { seed: 4 });
    const evaluated = await loadData("toy:spirals", { seed: 4 });
    expect(evaluated).toMatchObject({ name: "toy:spirals:test", x: test.x, provenance: { split: "test", seed: 4 } });
    expect(evaluated.range).toEqual(train.range);
    expect((await loadData("toy:spirals", { seed: 5 })).x).not.toEqual(evaluated.x);
    expect((await loadData("toy:spirals:train", { seed: 4 })).x).not.toEqual(evaluated.x);
  });

  test("files keep their order", async () => {
    const data = await labelled(at("a.csv"), { limit: "60" });
    expect([...data.x.data]).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(data).toMatchObject({ classes: ["a", "b", "c", "d"], range: [0, 199], provenance: { source: at("a.csv"), n: 60, of: 200 } });
    expect((await labelled(at("two.CSV"), {})).y).toEqual(Int32Array.of(0, 1));
  });
});

describe("bad names", () => {
  const unknown = (spec: string) =>
    `expected mnist[:train|:test], toy:ring, toy:grid, toy:moons, toy:spirals, toy:swiss-roll, a folder of class folders, file.npz or file.csv, got “${spec}”; check the spelling and the path`;
  const limit = (got: string) => `expected --limit to be a whole number ≥ 1, got “${got}”; pass --limit with such a number`;
  const rows: readonly Refusal[] = [
    ["no such source", "data-unknown", unknown("minst"), () => labelled("minst", {})],
    ["no such part", "data-unknown", unknown("mnist:validation"), () => labelled("mnist:validation", {})],
    ["nothing", "data-unknown", unknown(""), () => splits("", {})],
    ["another format", "data-unknown", unknown("package.json"), () => labelled("package.json", {})],
    [
      "no such toy",
      "toy-unknown",
      "expected one of ring, grid, moons, spirals, swiss-roll, got “moon”; choose one of those",
      () => labelled("toy:moon", {}),
    ],
    ["no such file", "file-missing", "expected a file at no.npz, got nothing there; check the path", () => labelled("no.npz", {})],
    [
      "too few to split",
      "data-few",
      "expected at least 3 samples of two.CSV to split, got 2; bring more samples, or raise the limit",
      () => loadSplits(at("two.CSV")),
    ],
    [
      "a limit too low to split",
      "data-few",
      "expected at least 2 samples of toy:ring to split, got 1; bring more samples, or raise the limit",
      () => splits("toy:ring", { limit: "1" }),
    ],
    ["limit 0", "option-number", limit("0"), () => labelled("mnist", { limit: "0" })],
    ["half a sample", "option-number", limit("1.5"), () => splits("mnist", { limit: "1.5" })],
    [
      "half a sample, as a library",
      "data-limit",
      "expected a limit that is a whole number ≥ 1, got 1.5; pass such a limit, or none",
      () => loadData("mnist", { limit: 1.5 }),
    ],
    [
      "no seed",
      "option-number",
      "expected --seed to be a whole number from 0 to 9007199254740991, got “x”; pass --seed with such a number",
      () => labelled("mnist", { seed: "x" }),
    ],
  ];
  it.each(rows)("%s: %s", async (what, code, sentence, act) =>
    expectRefusal([what, code, sentence.replace("two.CSV", at("two.CSV")), act]),
  );
});
