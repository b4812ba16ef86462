/**
 * The usual architectures as PyTorch, Keras and scikit-learn export them: what we read against onnxruntime on the file and against the framework
 * that made it, outputs and input gradients (golden/architectures.py, keras_models.py, sklearn_models.py).
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { atBatch, openModel } from "../../src/model/index.ts";
import { crossEntropy, sum } from "../../src/nn/index.ts";
import { read } from "../../src/onnx/index.ts";
import { builder, gradOf } from "../../src/pass/index.ts";
import { compile, type RunOptions } from "../../src/run/index.ts";

/** Arrays are float32, little-endian, base64. The gradient is that of the summed cross-entropy at the labels. */
interface Answer {
  readonly shape: readonly number[];
  readonly x: string;
  readonly labels: readonly number[];
  readonly y: string;
  readonly gradient?: string;
  readonly note?: "half" | "straight-through" | "probabilities";
}

interface Row {
  readonly file: string;
  readonly answer: string;
  readonly exporter: string;
  /** Number of the output with the scores. */
  readonly output?: number;
}

const folder = new URL("../golden/architectures/", import.meta.url);
const bytesOf = (file: string) => new Uint8Array(readFileSync(new URL(file, folder)));
const floats = (text: string) => new Float32Array(new Uint8Array(Buffer.from(text, "base64")).buffer);
const rows = ["torch.json", "keras.json", "sklearn.json"].flatMap((index) => {
  const { answers, files }: { answers: Record<string, Answer>; files: Row[] } = JSON.parse(new TextDecoder().decode(bytesOf(index)));
  return files.map((row) => ({ ...row, answer: answers[row.answer]! }));
});

/** L2 norm of the difference, as a share of theirs. */
function difference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  expect(ours.length).toBe(theirs.length);
  let [error, scale] = [0, 0];
  for (let i = 0; i < theirs.length; i++) {
    error += (ours[i]! - theirs[i]!) ** 2;
    scale += theirs[i]! ** 2;
  }
  return Math.sqrt(error / scale);
}

/**
 * How far from each other our graph and the framework may be, outputs or gradients, and the file and our graph. Of half precision the graph is the
 * float32 twin, which shares the rounded weights with the framework's but not every rounded constant; the file's engine rounds every intermediate
 * number to 11 bits as well.
 */
const TOLERANCE = { single: { framework: 1e-5, file: 1e-5 }, half: { framework: 1e-3, file: 1e-2 } };

const options = (file: string): RunOptions => ({
  threads: 1,
  // onnxruntime's sums of 8-bit products saturate on x86 without VNNI: there its optimised kernels are not the function that the file says
  ...(file.includes("8-bit") && { optimize: "disabled" }),
});

describe("outputs and input gradients of", () => {
  test.each(rows.filter(({ answer }) => answer.gradient !== undefined))("$file", async ({ file, answer, output = 0 }) => {
    const tolerance = TOLERANCE[answer.note === "half" ? "half" : "single"];
    const bytes = bytesOf(file);
    const x = tensor(floats(answer.x), answer.shape);
    const graph = read(bytes, builder(), { batch: answer.shape[0]! });
    const whole = await compile({ ...graph, outputs: [graph.outputs[output]!] }, options(file));
    const y = (await whole.run([x]))[0]!.data as Float32Array;
    await whole.release();
    expect(difference(y, floats(answer.y)), "our graph's output from the framework's").toBeLessThan(tolerance.framework);

    const model = await openModel(bytes, options(file));
    expect(difference((await model.scores(x)).data, y), "the file's output from our graph's").toBeLessThan(tolerance.file);

    const { inputs, outputs } = atBatch(model, answer.shape[0]!);
    const e = builder();
    const labels = input("int64", [answer.labels.length]);
    // rounding has no gradient but a straight-through one
    const surrogate = answer.note === "straight-through";
    const [g] = gradOf(e, sum(e, crossEntropy(e, outputs[0]!, labels)), inputs, undefined, { surrogate });
    const program = await compile({ inputs: [...inputs, labels], outputs: [g!] }, options(file));
    const [gradient] = await program.run([x, tensor(answer.labels, [answer.labels.length], "int64")]);
    await program.release();
    await model.release();
    expect(difference(gradient!.data as Float32Array, floats(answer.gradient!)), "our gradient from the framework's").toBeLessThan(
      tolerance.framework,
    );
  });
});

describe("outputs of trees, which have no gradient:", () => {
  test.each(rows.filter(({ answer }) => answer.gradient === undefined))("$file", async ({ file, answer }) => {
    const model = await openModel(bytesOf(file), { access: "scores", threads: 1 });
    const { data } = await model.scores(tensor(floats(answer.x), answer.shape));
    await model.release();
    expect(difference(data, floats(answer.y))).toBeLessThan(TOLERANCE.single.file);
  });
});

test("every exporter is among them", () => {
  const count = (exporter: string) => rows.filter((row) => row.exporter.startsWith(exporter)).length;
  expect([
    count("torch.onnx torchscript"),
    count("torch.onnx dynamo"),
    count("onnxruntime"),
    count("onnxconverter"),
    count("tf2onnx"),
    count("skl2onnx"),
  ]).toEqual([39, 29, 3, 1, 11, 14]);
});
