/** From a file's last operators to logits: what is taken off, and what one number a sample means. */
import { describe, expect, test } from "vitest";
import { attack, crossEntropy, fgsm, GradientPrograms, linf } from "../../src/attack/index.ts";
import { seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { type Emit, input, type Value } from "../../src/graph/index.ts";
import { argmax, type GradientModel, openClassifier, openModel } from "../../src/model/index.ts";
import { sameWinners } from "../../src/model/output.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";

const run = { threads: 1 } as const;
const points = tensor(uniform(seedKey(5), 160, -2, 2), [40, 4]);

/** A file: x [N, 4] times weights [4, width], and an end. */
function file(width: number, end: (e: Emit, z: Value) => Value, w = uniform(seedKey(6), 4 * width, -2, 2)): Uint8Array {
  const e = builder();
  const x = input("float32", [2, 4], "x", ["N", 4]);
  return write({ inputs: [x], outputs: [end(e, e.MatMul(x, e.constant(tensor(w, [4, width]))))] });
}

async function logitsAt({ logits }: GradientModel, x: Tensor<"float32">): Promise<Tensor<"float32">> {
  const program = await compile(logits, { ...run, anyBatch: true });
  const [z] = await program.run([x]);
  await program.release();
  return z as Tensor<"float32">;
}

const softmax = (e: Emit, z: Value, axis = -1) => e.node("Softmax", [z], { axis })[0]!;

describe("a last Softmax", () => {
  test("over groups of classes is left on: without it another class would lead", async () => {
    const grouped = (e: Emit, z: Value) => e.Reshape(softmax(e, e.Reshape(z, e.ints([0, 2, 3]))), e.ints([0, 6]));
    const model = await openClassifier(file(6, grouped), run);
    expect(model.reading).toMatchObject({ undone: null, classes: 6 });
    expect(argmax(await logitsAt(model, points))).toEqual(await model.labels(points));
    await model.release();
  });

  test.each([
    ["along the last axis", (e: Emit, z: Value) => softmax(e, z)],
    ["and reshaped", (e: Emit, z: Value) => e.Reshape(softmax(e, z), e.ints([0, 6]))],
    ["over axis 1 of maps of one pixel", (e: Emit, z: Value) => softmax(e, e.Reshape(z, e.ints([0, 6, 1, 1])), 1)],
  ])("over all classes, %s, is taken off", async (_, end) => {
    const model = await openClassifier(file(6, end), run);
    expect(model.reading!.undone).toBe("Softmax");
    expect(argmax(await logitsAt(model, points))).toEqual(await model.labels(points));
    await model.release();
  });

  test("logits that name another class than the scores are noticed, where one leads", () => {
    const scores = tensor([0.2, 0.5, 0.3, 1, 1, 1], [2, 3]);
    expect(sameWinners(scores, Float32Array.of(0, 3, 1, 5, 6, 7))).toBe(true);
    expect(sameWinners(scores, Float32Array.of(4, 3, 1, 5, 6, 7))).toBe(false);
    expect(sameWinners(scores, Float32Array.of(0, Number.NaN, 1, 5, 6, 7))).toBe(false);
  });
});

describe("one number a sample", () => {
  const clipped = (e: Emit, z: Value) => e.node("Clip", [e.Sigmoid(z), e.scalar(0.001, z), e.scalar(0.999, z)])[0]!;
  const ends: readonly [string, (e: Emit, z: Value) => Value, "probabilities" | "logits", RegExp | null][] = [
    ["a Sigmoid", (e, z) => e.Sigmoid(z), "probabilities", null],
    ["a Sigmoid, reshaped", (e, z) => e.Reshape(e.Sigmoid(z), e.ints([-1])), "probabilities", null],
    ["a Sigmoid, clipped", clipped, "probabilities", /one number a sample.*read as the probability/],
    ["a product", (_, z) => z, "logits", /one number a sample.*read as the logit/],
    // small samples stay within [0, 1], samples out of all reach do not
    ["a product of small slope", (e, z) => e.Add(e.Mul(z, e.scalar(0.01, z)), e.scalar(0.5, z)), "logits", /read as the logit/],
  ];
  test.each(ends)("%s is read alike, whatever opened it", async (_, end, output, note) => {
    const bytes = file(1, end);
    const [white, black] = [await openClassifier(bytes, run), await openModel(bytes, { ...run, access: "scores" })];
    expect([white.output, black.output]).toEqual([output, output]);
    expect(await white.labels(points)).toEqual(await black.labels(points));
    expect((await white.scores(points)).data).toEqual((await black.scores(points)).data);
    for (const model of [white, black]) {
      const about = model.notes!.filter((n) => /one number/.test(n));
      if (note) expect(about.join()).toMatch(note);
      else expect(about).toEqual([]);
    }
    const z = await logitsAt(white, points);
    expect(argmax(z)).toEqual(await white.labels(points));
    await white.release();
    await black.release();
  });

  const pair = (e: Emit, z: Value) => {
    const p = e.Sigmoid(z);
    return e.Concat(e.Sub(e.scalar(1, p), p), p, { axis: 1 });
  };
  test.each([
    ["a logit", (_: Emit, z: Value) => z],
    ["a Sigmoid", (e: Emit, z: Value) => e.Sigmoid(z)],
    ["1 − p beside p", pair],
  ])("%s: where the model is sure, the loss of either class still has a gradient", async (_, end) => {
    const model = await openClassifier(file(1, end, new Float32Array([10, -10, 10, 10])), run);
    // z = 20 and −20
    const sure = tensor([0.5, -0.5, 0.5, 0.5, -0.5, 0.5, -0.5, -0.5], [2, 4]);
    const labels = Int32Array.of(1, 0);
    expect(await model.labels(sure)).toEqual(labels);
    const programs = new GradientPrograms(model, run);
    const { gradient } = await programs.run(crossEntropy, sure, labels, labels);
    expect(gradient.data.every((v) => v !== 0)).toBe(true);
    await programs.release();
    const { robustAccuracy } = await attack(
      model,
      { x: sure, labels },
      { ...run, attack: fgsm(), norm: linf, epsilon: 0.6, range: [-1, 1] },
    );
    expect(robustAccuracy).toBe(0);
    await model.release();
  });
});
