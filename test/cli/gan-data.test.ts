/** Pictures of the user's own, from a folder to a generator. */
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grey, folder as photos, picture, png, root, text } from "../data/picture-files.ts";
import { folder, inProcess, sentence } from "./run.ts";

const dir = folder();
const at = (name: string) => join(dir, name);
let own = "";
let one = "";
let two = "";

beforeAll(async () => {
  own = await photos("own", {
    ...Object.fromEntries(
      await Promise.all(
        Array.from(
          { length: 12 },
          async (_, i) => [`${i}.png`, await png(picture(8 + i, 20 - i, (x, y) => [20 * i, 9 * x, 9 * y]))] as const,
        ),
      ),
    ),
    "cut.png": new Uint8Array(60),
    "other.webp": new Uint8Array(60),
  });
  symlinkSync("nowhere.png", join(own, "gone.png"));
  one = await photos("one", { "a.png": await grey(8, 8, 0) });
  two = await photos("two", { "a.png": await grey(8, 8, 0), "b.png": await grey(8, 8, 9) });
  await photos("none", {});
  await photos("texts", { "a.txt": text("no picture") });
  writeFileSync(at("points.csv"), "x,y\n0.5,0.25\n-0.5,0.75\n0.25,0.125\n");
});

afterAll(() => rmSync(root, { recursive: true }));

const gan = (data: string, ...more: string[]) =>
  inProcess(["gan", "--data", data, "--steps", "2", "--batch", "4", "--width", "8", "--samples", "4", "--threads", "1", ...more], {
    cwd: dir,
  });

test("a flat folder of mixed sizes with a broken picture becomes a generator; what is left out is said and counted", async () => {
  const out = at("run");
  const result = await gan(own, "--out", out, "--json");
  expect(result.code, result.err).toBe(0);
  expect(result.err).toContain(`2 of 14 pictures in ${own} cannot be read and are left out: cut.png, gone.png\n`);
  expect(result.err).toContain(`1 pictures in ${own} that are neither PNG nor JPEG are passed over: other.webp\n`);
  expect(JSON.parse(result.out)).toMatchObject({
    steps: 2,
    data: { source: own, n: 11, labels: "none", resolution: 8, skipped: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  expect(existsSync(join(out, "generator.onnx"))).toBe(true);
  expect(readdirSync(join(out, "samples"))).not.toEqual([]);
  expect(JSON.parse(readFileSync(join(out, "config.json"), "utf8"))).toMatchObject({ resolution: null, provenance: { resolution: 8 } });
});

test("--resolution enlarges", async () => {
  const result = await gan(own, "--resolution", "16", "--model", "dcgan", "--out", at("run16"), "--json");
  expect(result.code, result.err).toBe(0);
  expect(JSON.parse(result.out)).toMatchObject({ data: { resolution: 16 } });
});

test("points without labels", async () => {
  const result = await inProcess(["gan", "--data", "points.csv", "--steps", "2", "--batch", "2", "--out", at("plane")], { cwd: dir });
  expect(result.code, result.err).toBe(0);
});

const rows: readonly [what: string, args: () => [string, ...string[]], says: RegExp][] = [
  ["an empty folder", () => [join(own, "../none")], /expected PNG or JPEG pictures in .*none, got an empty folder; put pictures there/],
  ["no picture", () => [join(own, "../texts")], /expected PNG or JPEG pictures in .*texts, got none: a\.txt; put pictures there/],
  ["one picture", () => [one], /expected at least 2 samples of .*one to split, got 1; bring more samples/],
  ["two", () => [two], /expected at least 2 samples to learn from, got 1 of .*two:train, beside 1 held out; bring more samples/],
  ["a broken one, strictly", () => [own, "--strict"], /expected a PNG or JPEG picture in .*cut\.png, got bytes that are not one/],
  ["a resolution between", () => [own, "--resolution", "48"], /expected a resolution of 8, 16, 32, 64 or 128 pixels, got 48; choose one/],
  ["a resolution that is none", () => [own, "--resolution", "big"], /--resolution to be a whole number/],
  [
    "a resolution of points",
    () => ["ring8", "--resolution", "32"],
    /for a folder of pictures only, got 32 for ring8; leave the resolution out/,
  ],
  [
    "classes of unlabelled pictures",
    () => [own, "--conditional"],
    /expected labelled data .* got .*own:train, which has no labels; leave --conditional out/,
  ],
  [
    "classes of unlabelled points",
    () => ["points.csv", "--conditional"],
    /got points\.csv:train, which has no labels; leave --conditional out/,
  ],
  [
    "fewer pictures than a batch",
    () => [own, "--batch", "12"],
    /expected a batch of at most 11, the samples there are of .*own:train, got 12/,
  ],
];
describe("refusals", () => {
  test.each(rows)("%s", async (what, args, says) => {
    const result = await gan(...args(), "--out", at(what));
    expect(sentence(result)).toMatch(says);
    expect(result.code).toBe(2);
    expect(result.out).toBe("");
  });
});
