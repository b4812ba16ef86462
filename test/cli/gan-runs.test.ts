/** Runs of games: gone on with, cut short, measured again later, and options that contradict each other. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/train/index.ts";
import { folder as photos, picture, png, root } from "../data/picture-files.ts";
import { counterfoil, folder, inProcess, sentence } from "./run.ts";

const dir = folder();
const at = (name: string) => join(dir, name);
const run = (...args: string[]) => inProcess([...args, "--threads", "1"], { cwd: dir });
const ring = (...args: string[]) =>
  run(
    "gan",
    "--data",
    "ring8",
    "--limit",
    "1000",
    "--steps",
    "4",
    "--every",
    "2",
    "--batch",
    "16",
    "--samples",
    "8",
    "--measure",
    "0",
    ...args,
  );
let own = "";

beforeAll(async () => {
  const some = Array.from(
    { length: 120 },
    async (_, i) => [`${i}.png`, await png(picture(40, 40, (x, y) => [2 * i, 6 * x, 6 * y]))] as const,
  );
  own = await photos("many", Object.fromEntries(await Promise.all(some)));
  expect((await ring("--out", "ring")).code).toBe(0);
});
afterAll(() => rmSync(root, { recursive: true }));

describe("gone on with", () => {
  test.each<[string, string[]]>([
    ["--out DIR --resume", ["--out", "ring", "--resume"]],
    ["--out=DIR --resume", ["--out=ring", "--resume"]],
    ["--resume --out DIR", ["--resume", "--out", "ring"]],
    ["--resume DIR", ["--resume", "ring"]],
    ["--resume=DIR", ["--resume=ring"]],
  ])("%s", async (_, words) => {
    const result = await ring(...words);
    expect(result.code, result.err).toBe(0);
    expect(result.err).toContain("run folder ring");
  });
  test("--resume alone means the folder that is written to where nothing is said", async () => {
    expect(sentence(await ring("--resume"))).toMatch(/a folder with a run to resume, got runs\/gan;/);
  });
  test.each([
    ["--every", "1", /every = 2.*got every = 1;/],
    ["--samples", "9", /samples = 8.*got samples = 9;/],
    ["--rate", "0.1", /rate = null.*got rate = "0.1";/],
    // the default's penalties fall towards the end
    ["--steps", "8", /steps = 4.*got steps = 8;.*a new run in another folder, which may begin where this one is: --from ring/],
  ])("another %s is refused by its name", async (option, value, says) => {
    const result = await ring("--resume", "ring", option, value);
    expect(sentence(result)).toMatch(says);
    expect(result.code).toBe(2);
  });
});

describe("gone on after its end", () => {
  const tensors = (name: string) => {
    const files = readdirSync(at(`${name}/checkpoints`)).filter((f) => f.endsWith(".safetensors"));
    return readFileSync(at(`${name}/checkpoints/${files.sort().at(-1)}`));
  };
  // 21 is no multiple of the steps that are taken at once, nor of those between looks
  test("so many steps and as many more are those of a training of twice the length", async () => {
    const n = 21;
    const steady = ["--penalty", "r1=0.1,lecam", "--every", "10"];
    const [once, twice] = [`once${n}`, `twice${n}`];
    expect((await ring(...steady, "--steps", `${2 * n}`, "--out", once)).code).toBe(0);
    expect((await ring(...steady, "--steps", `${n}`, "--out", twice)).code).toBe(0);
    const result = await ring(...steady, "--steps", `${2 * n}`, "--out", twice, "--resume");
    expect(result.code, result.err).toBe(0);
    expect(tensors(twice).equals(tensors(once))).toBe(true);
    expect(readFileSync(at(`${twice}/generator.onnx`)).equals(readFileSync(at(`${once}/generator.onnx`)))).toBe(true);
    expect(JSON.parse(readFileSync(at(`${twice}/config.json`), "utf8")).steps).toBe(2 * n);
    // and not back
    expect(sentence(await ring(...steady, "--steps", `${n}`, "--out", twice, "--resume"))).toMatch(/steps = \d+.*got steps = \d+/);
  });
  test("a new run begins with the state of another, at another rate", async () => {
    const result = await ring("--from", "ring", "--rate", "1e-5", "--steps", "6", "--out", "slower");
    expect(result.code, result.err).toBe(0);
    const [a, b] = [tensors("ring"), tensors("slower")].map((bytes) => readSafetensors(new Uint8Array(bytes)).tensors);
    const name = "generator/param/0.weight";
    const apart = Math.max(...Array.from(a![name]!.data as Float32Array, (v, i) => Math.abs(v - Number(b![name]!.data[i]))));
    expect(apart).toBeGreaterThan(0);
    expect(apart).toBeLessThan(1e-4);
    expect(JSON.parse(readFileSync(at("slower/config.json"), "utf8"))).toMatchObject({ from: "ring", rate: "1e-5" });
  });
  test.each<[string, string[], RegExp]>([
    ["other networks", ["--from", "ring", "--width", "32"], /the state of a game of the same networks and optimisers: .*0\.weight \[/],
    ["another penalty's memory", ["--from", "ring", "--penalty", "lecam"], /kept\/lecam/],
    ["no run", ["--from", "nowhere"], /a run folder with a checkpoint, got nowhere/],
  ])("refused: %s", async (what, args, says) => {
    const result = await ring(...args, "--out", what);
    expect(sentence(result)).toMatch(says);
    expect(result.code).toBe(2);
  });
});

test("what is cut short has its networks of the last look, and a run interrupted while it is measured says how to go on", async () => {
  const args = ["gan", "--data", "ring8", "--batch", "16", "--threads", "1", "--every", "20", "--samples", "8"];
  const env = { COUNTERFOIL_PROGRESS_SECONDS: "0" };
  const cut = await counterfoil([...args, "--steps", "4000", "--out", "cut"], { cwd: dir, env, interruptAt: /step 4\d\/4000/ });
  expect(cut.code).toBe(130);
  expect(existsSync(at("cut/generator.onnx")) && existsSync(at("cut/discriminator.onnx"))).toBe(true);
  expect((await run("sample", "cut/generator.onnx", "-n", "5", "-o", "cut.npz")).code).toBe(0);
  const late = await counterfoil([...args, "--steps", "40", "--out", "late"], { cwd: dir, env, interruptAt: /measuring/ });
  expect(sentence(late)).toMatch(/an interruption after its end; measure it with --resume late/);
  expect(late.code).toBe(130);
});

test("few pictures are not measured, but what the looks say is told, and copies are shown beside their nearest", async () => {
  const args = ["gan", "--data", own, "--resolution", "16", "--steps", "4", "--batch", "8", "--width", "8", "--samples", "20"];
  const result = await run(...args, "--out", "few", "--json");
  expect(result.code, result.err).toBe(0);
  expect(result.err).toMatch(/only looked at, not measured: 12 samples are held out/);
  const { evaluation, verdicts } = JSON.parse(result.out);
  expect(evaluation).toBeNull();
  expect(verdicts.filter((v: { found: boolean }) => v.found).map((v: { rule: string }) => v.rule)).toContain("unfinished");
  expect(readFileSync(at("few/README.md"), "utf8")).toMatch(/Not measured\.\n\n- [\s\S]*- Most samples are not like the data: /);
  expect(readdirSync(at("few"))).toEqual(expect.arrayContaining(["interpolation.png", "nearest.png", "truncation.png"]));
});

test("what a generator is measured against is what was held out from it: by its own seed and limit, at its own resolution", async () => {
  const args = [
    "gan",
    "--data",
    own,
    "--resolution",
    "16",
    "--limit",
    "112",
    "--seed",
    "3",
    "--steps",
    "2",
    "--batch",
    "8",
    "--width",
    "8",
  ];
  expect((await run(...args, "--samples", "4", "--measure", "0", "--out", "held")).code).toBe(0);
  // eleven are held out
  const few = sentence(await run("gan-eval", "held/generator.onnx", "--data", own));
  expect(few).toMatch(/at least 100 samples to measure on, generated and held out, got 11/);
});

describe("refused", () => {
  test.each<[string, string[], RegExp]>([
    [
      "a penalty's second number that it does not know",
      ["--penalty", "gp=10:1"],
      /expected gp once, as gp or gp=1, got “gp=10:1”; correct --penalty/,
    ],
    ["a number of one that has none", ["--penalty", "diffaugment=2"], /diffaugment once, without a number/],
    ["a penalty twice", ["--penalty", "r1=1,r1=2"], /r1 once, as r1, r1=1 or r1=1:0.1, got it twice/],
    ["a penalty below 0", ["--penalty", "lecam=-1"], /--penalty lecam to be a number > 0, got “-1”/],
    ["no penalty's name", ["--penalty", "r3"], /--penalty to be one of r1, r2/],
    ["classes that the networks do not know", ["--model", "pacgan", "--conditional"], /that know --conditional: .*, got pacgan/],
    ["packs that a batch is too small for", ["--batch", "1", "--pack", "2"], /a batch that is a multiple of the packing 2, got 1; take 2/],
    ["a default penalty beside a layer that couples", ["--minibatch", "stddev"], /r1 differentiates, got one with minibatchStddev/],
  ])("%s", async (what, args, says) => {
    const result = await run("gan", "--data", "ring8", "--limit", "1000", "--steps", "2", "--out", what, ...args);
    expect(sentence(result)).toMatch(says);
    expect(result.code).toBe(2);
    expect(existsSync(at(what))).toBe(false);
  });
  test("but --penalty none does without the model's own", async () => {
    const result = await ring("--minibatch", "stddev", "--penalty", "none", "--out", "none");
    expect(result.code, result.err).toBe(0);
  });
  test("and points of known classes may be conditional", async () => {
    const result = await ring("--conditional", "--out", "classes");
    expect(result.code, result.err).toBe(0);
    expect((await run("sample", "classes/generator.onnx", "--class", "3", "-n", "5", "-o", "three.npz")).code).toBe(0);
  });
});
