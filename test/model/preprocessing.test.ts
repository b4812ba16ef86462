/** Preprocessing: each part against arithmetic done here, bilinear against PyTorch, and what is refused. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CounterfoilError, numbers, seedKey, tensor, uniform } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { load, openClassifier, type Preprocessing, preprocessing, sweepPreprocessing } from "../../src/model/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { evaluate } from "../../src/run/index.ts";

const run = { threads: 1 } as const;
const answers = JSON.parse(readFileSync(new URL("../golden/classifiers/answers.json", import.meta.url), "utf8"));

async function applied(
  declared: Preprocessing,
  file: readonly number[],
  x: readonly number[],
  shape: readonly number[],
): Promise<number[]> {
  const map = preprocessing(declared);
  expect([1, ...map.inputShape(file)]).toEqual(shape);
  const v = input("float32", shape);
  const [y] = await evaluate([map.emit(builder(), v, file)], new Map([[v, tensor(x, shape)]]), run);
  expect(y!.shape).toEqual([1, ...file]);
  return numbers(y!);
}

describe("what the file is fed", () => {
  const x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const shape = [1, 3, 2, 2];
  const rows: readonly [string, Preprocessing, readonly number[], (c: number, i: number) => number][] = [
    ["nothing", {}, [3, 2, 2], (c, i) => x[4 * c + i]!],
    ["scale", { scale: 255 }, [3, 2, 2], (c, i) => 255 * x[4 * c + i]!],
    ["one mean and std", { mean: [2], std: [4] }, [3, 2, 2], (c, i) => (x[4 * c + i]! - 2) / 4],
    [
      "mean and std of each channel, after the scale",
      { scale: 2, mean: [1, 2, 3], std: [1, 2, 4] },
      [3, 2, 2],
      (c, i) => (2 * x[4 * c + i]! - 1 - c) / 2 ** c,
    ],
    [
      "BGR, whose means are in the file's order",
      { channels: "bgr", mean: [1, 0, 0] },
      [3, 2, 2],
      (c, i) => x[4 * (2 - c) + i]! - (c === 0 ? 1 : 0),
    ],
  ];
  test.each(rows)("%s", async (_, declared, file, expected) => {
    const y = await applied(declared, file, x, shape);
    expect(y).toEqual(x.map((_, k) => expected(Math.floor(k / 4), k % 4)));
    // and the same with the channels last
    const last = await applied({ ...declared, layout: "nhwc" }, [2, 2, 3], x, shape);
    expect(last).toEqual(x.map((_, k) => expected(k % 3, Math.floor(k / 3))));
  });

  test.each(Object.entries(answers.bilinear as Record<string, number[]>))(
    "4×5 brought to %s is PyTorch's bilinear",
    async (size, expected) => {
      const [h, w] = size.split(",").map(Number) as [number, number];
      const grid = Array.from({ length: 20 }, (_, i) => i ** 1.5);
      const y = await applied({ resize: [4, 5] }, [1, h, w], grid, [1, 1, 4, 5]);
      for (const [i, v] of y.entries()) expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-4);
    },
  );

  test("sizes that float32 would round down", async () => {
    for (const [from, to] of [
      [28, 30],
      [49, 31],
      [7, 100],
      [97, 3],
    ] as const) {
      const y = await applied({ resize: [from, from] }, [1, to, to], new Array(from * from).fill(2), [1, 1, from, from]);
      expect(y.every((v) => Math.abs(v - 2) < 1e-5)).toBe(true);
    }
  });

  test("a row of features has a mean and a std of each", async () => {
    expect(await applied({ mean: [1, 2], std: [1, 2] }, [2], [3, 8], [1, 2])).toEqual([2, 3]);
  });
});

describe("refusals", () => {
  const rows: readonly [string, unknown, readonly number[], RegExp][] = [
    ["a std of 0", { std: [1, 0, 1] }, [3, 2, 2], /std to be numbers > 0, got \[1,0,1\]/],
    ["a scale of 0", { scale: 0 }, [3, 2, 2], /scale to be a number other than 0/],
    ["an unknown layout", { layout: "chwn" }, [3, 2, 2], /layout to be nchw or nhwc, got "chwn"/],
    ["an unknown order of channels", { channels: "gbr" }, [3, 2, 2], /channels to be rgb or bgr/],
    ["a misspelt name", { means: [0.5] }, [3, 2, 2], /scale, mean, std.*got “means”/],
    ["half a size", { resize: [32] }, [3, 2, 2], /resize to be two whole numbers/],
    ["a size of 0", { resize: [32, 0] }, [3, 2, 2], /resize to be two whole numbers/],
    ["text", "mean", [3, 2, 2], /the preprocessing to be an object/],
    ["too few means", { mean: [1, 2] }, [3, 2, 2], /one number as mean, or 3.*got 2/],
    ["means of a file with the channels last", { mean: [1, 2, 3] }, [8, 8, 3], /got 3.*--layout nhwc/],
    ["BGR of one channel", { channels: "bgr" }, [1, 2, 2], /3 channels.*got 1/],
    ["the layout of a row", { layout: "nhwc" }, [12], /images.*got a file that takes \[N, 12\]/],
  ];
  test.each(rows)("%s", (_, declared, file, says) => {
    const refused = () => preprocessing(declared as Preprocessing).inputShape(file);
    expect(refused).toThrow(CounterfoilError);
    expect(refused).toThrow(says);
  });
});

/** 5 classes over [4, 4, 3] in BGR, 0…255 less a mean: linear, so that only the right declaration is right. */
function foreign(): Uint8Array {
  const e = builder();
  const x = input("float32", [2, 4, 4, 3], "x", ["N", 4, 4, 3]);
  const w = Float32Array.from(uniform(seedKey(5), 48 * 5, -1, 1));
  // no class is favoured by a constant image
  for (let k = 0; k < 5; k++) {
    const mean = Array.from({ length: 48 }, (_, i) => w[5 * i + k]!).reduce((a, b) => a + b) / 48;
    for (let i = 0; i < 48; i++) w[5 * i + k]! -= mean;
  }
  const flat = e.Reshape(e.Div(e.Sub(x, e.constant(tensor([103.939, 116.779, 123.68], [3]))), e.scalar(60, x)), e.ints([0, -1]));
  return write({ inputs: [x], outputs: [e.MatMul(flat, e.constant(tensor(w, [48, 5])))], outputNames: ["y"] });
}

const images = tensor(uniform(seedKey(6), 60 * 48), [60, 3, 4, 4]);

test("declared beside the model, by load; ε is in the user's space", async () => {
  const dir = mkdtempSync(join(tmpdir(), "counterfoil-"));
  const path = join(dir, "model.onnx");
  writeFileSync(path, foreign());
  const declared: Preprocessing = { scale: 255, channels: "bgr", layout: "nhwc" };
  writeFileSync(join(dir, "model.preprocessing.json"), JSON.stringify(declared));
  const [beside, told, bare] = [
    await load(path, run),
    await openClassifier(foreign(), { ...run, preprocessing: declared }),
    await openClassifier(foreign(), run),
  ];
  expect(beside.inputShape).toEqual([3, 4, 4]);
  const scores = await beside.scores(images);
  expect(scores.data).toEqual((await told.scores(images)).data);
  const turned = new Float32Array(60 * 48);
  for (let n = 0; n < 60; n++)
    for (let p = 0; p < 16; p++)
      for (let c = 0; c < 3; c++) turned[48 * n + 3 * p + c] = Math.fround(255 * images.data[48 * n + 16 * (2 - c) + p]!);
  expect(scores.data).toEqual((await bare.scores(tensor(turned, [60, 4, 4, 3]))).data);
  expect(() => bare.samples(images)).toThrow(/--layout nhwc/);
  writeFileSync(join(dir, "model.preprocessing.json"), '{"std": 0}');
  await expect(load(path, run)).rejects.toThrow(
    /std to be numbers > 0, got 0; correct it in .*model\.preprocessing\.json \[preprocessing\]/,
  );
  writeFileSync(join(dir, "model.preprocessing.json"), "{");
  await expect(load(path, run)).rejects.toThrow(/JSON in .*model\.preprocessing\.json/);
  for (const m of [beside, told, bare]) await m.release();
});

test("the sweep finds what the file expects", async () => {
  const right = await openClassifier(foreign(), { ...run, preprocessing: { scale: 255, channels: "bgr", layout: "nhwc" } });
  const labels = await right.labels(images);
  await right.release();
  const tried = await sweepPreprocessing(foreign(), { x: images, labels }, run);
  expect(tried.length).toBeGreaterThan(5);
  expect(tried.length).toBeLessThanOrEqual(40);
  expect(tried[0]).toMatchObject({
    accuracy: 1,
    n: 60,
    chance: false,
    name: "0…255, BGR, NHWC",
    declaration: "--scale 255 --layout nhwc --channels bgr",
  });
  expect(tried.at(-1)!.accuracy).toBeLessThan(0.8);
  for (const [i, t] of tried.entries()) if (i > 0) expect(t.accuracy).toBeLessThanOrEqual(tried[i - 1]!.accuracy);
  // what it names, opened, gives that accuracy; of data in 0…255 the same file needs no scale
  const bytes = tensor(
    images.data.map((v) => 255 * v),
    images.shape,
  );
  const again = await sweepPreprocessing(foreign(), { x: bytes, labels }, run);
  expect(again[0]).toMatchObject({ accuracy: 1, declaration: "--layout nhwc --channels bgr" });
  await expect(sweepPreprocessing(foreign(), { x: tensor(new Float32Array(32), [2, 1, 4, 4]), labels }, run)).rejects.toThrow(
    /no order of axes/,
  );
});

test("images of another size are swept with a resize", async () => {
  const small = tensor(uniform(seedKey(7), 40 * 75), [40, 3, 5, 5]);
  const right = await openClassifier(foreign(), { ...run, preprocessing: { scale: 255, channels: "bgr", layout: "nhwc", resize: [5, 5] } });
  const labels = await right.labels(small);
  await right.release();
  const [best] = await sweepPreprocessing(foreign(), { x: small, labels }, run);
  expect(best).toMatchObject({ accuracy: 1, preprocessing: { resize: [5, 5] } });
});
