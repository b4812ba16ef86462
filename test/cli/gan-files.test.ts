/** Generators as files: drawn from, measured, refused. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-web";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpz } from "../../src/data/index.ts";
import { loadGenerator } from "../../src/gan/index.ts";
import { input } from "../../src/graph/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { folder as photos, picture, png, root } from "../data/picture-files.ts";
import { counterfoil, folder, inProcess, sentence } from "./run.ts";

const dir = folder();
const at = (name: string) => join(dir, name);
const run = (...args: string[]) => inProcess([...args, "--threads", "1"], { cwd: dir });
const json = async (...args: string[]) => {
  const { code, out, err } = await run(...args, "--json");
  expect(code, err).toBe(0);
  return JSON.parse(out);
};

beforeAll(async () => {
  const gan = (...args: string[]) => counterfoil(["gan", "--measure", "0", "--every", "20", "--threads", "1", ...args], { cwd: dir });
  const runs = [
    gan("--data", "ring8", "--steps", "400", "--every", "200", "--out", "ring"),
    gan("--data", "mnist", "--limit", "600", "--conditional", "--width", "8", "--steps", "40", "--batch", "16", "--out", "digits"),
  ];
  for (const { code, err } of await Promise.all(runs)) expect(code, err).toBe(0);
  // someone else's: latent [N, 3] to points [N, 2]
  const e = builder();
  const z = input("float32", [2, 3], "z", ["N", 3]);
  writeFileSync(at("foreign.onnx"), write({ inputs: [z], outputs: [e.node("Gather", [z, e.ints([0, 1])], { axis: 1 })[0]!] }));
}, 180_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("a run leaves pictures, a film, and a card that a hub reads", async () => {
  expect(readdirSync(at("ring/samples"))).toEqual(["step-0000000.png", "step-0000200.png", "step-0000400.png"]);
  const film = await sharp(at("ring/training.gif"), { animated: true }).metadata();
  expect([film.pages, film.delay]).toEqual([3, [200, 200, 2000]]);
  for (const name of ["interpolation.png", "truncation.png"]) {
    expect(existsSync(at(`ring/${name}`))).toBe(false);
    expect((await sharp(at(`digits/${name}`)).metadata()).width).toBeGreaterThan(200);
  }
  expect(readFileSync(at("digits/README.md"), "utf8")).toMatch(
    /^---\nlibrary_name: onnx\n[\s\S]*---\n# A generator of mnist[\s\S]*sha256 [0-9a-f]{64}[\s\S]*labels[\s\S]*Not measured/,
  );
});

describe("sample", () => {
  test("vectors as arrays: the same seed the same samples, truncation towards the mean", async () => {
    const told = await json("sample", "ring/generator.onnx", "-n", "50", "--seed", "3", "-o", "a.npz");
    expect(told).toMatchObject({
      n: 50,
      seed: 3,
      truncation: 1,
      latent: { size: 2, kind: "normal" },
      shape: [50, 2],
      notes: [],
      generator: { data: "ring8" },
    });
    await json("sample", "ring/generator.onnx", "-n", "50", "--seed", "3", "-o", "b.npz");
    expect(readFileSync(at("a.npz"))).toEqual(readFileSync(at("b.npz")));
    await json("sample", "ring/generator.onnx", "-n", "50", "--truncation", "0", "-o", "c.npz");
    const { x } = readNpz(new Uint8Array(readFileSync(at("c.npz"))));
    expect(new Set(x!.data as Float32Array).size).toBe(2);
  });
  test("pictures as a grid, and in folders of their classes", async () => {
    await json("sample", "digits/generator.onnx", "-n", "9", "--class", "4", "-o", "grid.png");
    expect((await sharp(at("grid.png")).metadata()).width).toBe(3 * 28 + 2 * 2);
    await json("sample", "digits/generator.onnx", "-n", "20", "-o", "many");
    expect(readdirSync(at("many"))).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
    expect(readdirSync(at("many/3")).length).toBe(2);
  });
  test("of classes with names: asked for by name or number, in folders of their names, on the card", async () => {
    const square = (i: number) => png(picture(8, 8, (x, y) => [8 * i, 30 * x, 30 * y]));
    const some = Array.from({ length: 24 }, async (_, i) => [`${i % 2 === 0 ? "cats" : "big dogs"}/${i}.png`, await square(i)] as const);
    const pets = await photos("pets", Object.fromEntries(await Promise.all(some)));
    const short = ["--steps", "2", "--batch", "4", "--width", "8", "--samples", "4", "--measure", "0"];
    await json("gan", "--data", pets, "--conditional", ...short, "--out", "pets");
    expect(readFileSync(at("pets/README.md"), "utf8")).toContain("a class from 0 to 1 (big dogs, cats)");
    const told = await json("sample", "pets/generator.onnx", "-n", "4", "--class", "cats", "-o", "cats.npz");
    expect(told).toMatchObject({ class: 1, classNames: ["big dogs", "cats"] });
    await json("sample", "pets/generator.onnx", "-n", "4", "--class", "1", "-o", "one.npz");
    expect(readFileSync(at("cats.npz"))).toEqual(readFileSync(at("one.npz")));
    await json("sample", "pets/generator.onnx", "-n", "4", "-o", "both");
    expect(readdirSync(at("both"))).toEqual(["big_dogs", "cats"]);
    const wrong = await run("sample", "pets/generator.onnx", "--class", "cow", "-o", "cow.npz");
    expect(sentence(wrong)).toMatch(/a class from 0 to 1, or a name: big dogs, cats, got cow/);
    expect(wrong.code).toBe(2);
  });
  test("on plain onnxruntime-web, as a page has it: the same samples", async () => {
    const { x } = readNpz(
      new Uint8Array(readFileSync((await json("sample", "digits/generator.onnx", "-n", "20", "-o", at("web.npz"))).out)),
    );
    const generator = await loadGenerator(at("digits/generator.onnx"), { threads: 1 });
    const latent = generator.draw(20, 0);
    await generator.release();
    ort.env.logLevel = "error";
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(at("digits/generator.onnx"))));
    const labels = BigInt64Array.from({ length: 20 }, (_, i) => BigInt(i % 10));
    const { samples } = await session.run({
      latent: new ort.Tensor("float32", latent.data, latent.shape),
      labels: new ort.Tensor("int64", labels, [20]),
    });
    await session.release();
    const apart = Math.max(...Array.from(samples!.data as Float32Array, (v, i) => Math.abs(v - Number(x!.data[i]))));
    expect(samples!.dims).toEqual([20, 1, 28, 28]);
    expect(apart).toBeLessThan(1e-4);
  });
  test("latent vectors as pictures of one pixel, as convolutions take them", async () => {
    const e = builder();
    const z = input("float32", [2, 3, 1, 1], "z", ["N", 3, 1, 1]);
    writeFileSync(at("pixel.onnx"), write({ inputs: [z], outputs: [e.Mul(z, e.fill(1, [1, 1, 4, 4], "float32"))] }));
    expect((await json("sample", "pixel.onnx", "-n", "5", "-o", "pixel.png")).shape).toEqual([5, 3, 4, 4]);
  });
  test("a generator of someone else's is drawn from with normal noise, and that is said", async () => {
    const told = await json("sample", "foreign.onnx", "-n", "5", "-o", "foreign.npz");
    expect(told.notes.join()).toMatch(/normal noise is assumed/);
  });
  test.each([
    [
      "no generator",
      ["digits/discriminator.onnx", "-o", "x.npz"],
      /expected a generator: .*got digits\/discriminator.onnx with samples: float32 \[N, 1, 28, 28\], labels.*generator-file/,
    ],
    ["a class of one that knows none", ["ring/generator.onnx", "--class", "1", "-o", "x.npz"], /conditional generator.*leave --class out/],
    ["a class beyond", ["digits/generator.onnx", "--class", "10", "-o", "x.png"], /a class from 0 to 9, got 10/],
    ["points as a picture", ["ring/generator.onnx", "-o", "x.png"], /FILE\.npz for samples that are no pictures/],
    ["half a sample", ["ring/generator.onnx", "-n", "1.5", "-o", "x.npz"], /whole/],
    ["over what is read", ["ring/generator.onnx", "-o", "ring/generator.onnx"], /which is read/],
    ["too much truncation", ["ring/generator.onnx", "--truncation", "2", "-o", "x.npz"], /truncation.*2/],
  ])("refused: %s", async (_, args, expected) => {
    const result = await run("sample", ...args);
    expect(sentence(result)).toMatch(expected);
    expect(result.code).toBe(2);
  });
});

describe("gan-eval", () => {
  test("of a mixture: every figure that there is, and verdicts", async () => {
    const r = await json("gan-eval", "ring/generator.onnx", "--data", "ring8", "--n", "300");
    expect(r).toMatchObject({
      command: "gan-eval",
      n: 300,
      seed: 0,
      modesOf: 8,
      frechetFloor: expect.any(Number),
      parzen: null,
      trainSyntheticTestReal: null,
    });
    for (const name of [
      "highQuality",
      "precision",
      "recall",
      "coverage",
      "discriminatorAccuracy",
      "freshDiscriminatorAccuracy",
      "rmseToOptimal",
    ]) {
      expect(r[name], name).toBeGreaterThanOrEqual(0);
      expect(r[name], name).toBeLessThanOrEqual(1);
    }
    for (const name of ["modes", "reverseKl", "frechet", "kid", "density"]) expect(r[name], name).toEqual(expect.any(Number));
    expect(r.generator.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(r.verdicts.map((v: { rule: string }) => v.rule)).toContain("mode-collapse");
    // the same again, to the bit
    expect(await json("gan-eval", "ring/generator.onnx", "--data", "ring8", "--n", "300")).toEqual(r);
  }, 120_000);
  test("of digits: classes, windows, copies, what a classifier learns, by our extractor or another", async () => {
    const r = await json("gan-eval", "digits/generator.onnx", "--data", "mnist", "--n", "300", "--limit", "3000");
    expect(r.extractor).toMatchObject({ name: "counterfoil mnist-cnn", sha256: expect.stringMatching(/^d9e5ddd8/) });
    expect(r.classHistogram.reduce((a: number, b: number) => a + b)).toBeCloseTo(1, 6);
    expect(r.parzen).toMatchObject({ samples: 600, logLikelihood: expect.any(Number) });
    expect(r.parzenFloor.samples).toBe(600);
    expect(r.parzenFloor.logLikelihood).toBeGreaterThan(r.parzen.logLikelihood);
    expect(r.trainSyntheticTestReal).toBeGreaterThan(0);
    expect(r.trainSyntheticTestRealFloor).toBeGreaterThan(0.8);
    expect(r.reverseKlFloor).toBeLessThan(0.1);
    expect(r.memorisation.copies).toBeLessThan(0.2);
  }, 120_000);
  test.each([
    ["data of another shape", ["ring/generator.onnx", "--data", "mnist"], /samples \[2\].*got \[1,28,28\].*ring8/],
    [
      "an extractor's output that is not there",
      ["digits/generator.onnx", "--data", "mnist", "--extractor", "digits/discriminator.onnx:features"],
      /one of the outputs logits, got features/,
    ],
    ["no ONNX file as extractor", ["digits/generator.onnx", "--data", "mnist", "--extractor", "cnn"], /file\.onnx:OUTPUT/],
    ["no file", ["none.onnx", "--data", "ring8"], /none\.onnx/],
  ])("refused: %s", async (_, args, expected) => {
    const result = await run("gan-eval", ...args);
    expect(sentence(result)).toMatch(expected);
    expect(result.code).toBe(2);
  });
});
