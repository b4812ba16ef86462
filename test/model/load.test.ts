/** What a file gives: gradients, scores or classes only. The files and the answers are other people's (test/golden/classifiers/make.py). */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { attack, linf, margin, pgd, randomNoise } from "../../src/attack/index.ts";
import { seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { type AnyModel, type GradientModel, load, openClassifier, openModel } from "../../src/model/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { model, valueInfo, weight } from "../onnx/model.ts";

const run = { threads: 1 } as const;
const at = (name: string) => fileURLToPath(new URL(`../golden/classifiers/${name}.onnx`, import.meta.url));
const answers = JSON.parse(readFileSync(new URL("../golden/classifiers/answers.json", import.meta.url), "utf8"));
const probe: Tensor<"float32"> = tensor(answers.probe, [5, 6]);
const near = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number) => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThanOrEqual(tolerance);
};

describe("scikit-learn", () => {
  const rows: readonly [
    name: string,
    access: AnyModel["access"],
    undone: string | null,
    why: RegExp | undefined,
    notes: RegExp | undefined,
  ][] = [
    ["forest", "scores", null, /tree ensemble is a step function.*black-box only/, /ZipMap/],
    ["forest-names", "scores", null, /black-box only/, /ZipMap/],
    ["logistic", "gradient", "Sigmoid", undefined, /ZipMap/],
    ["mlp", "gradient", "Softmax", undefined, /ZipMap/],
    ["mlp-two", "gradient", "Sigmoid", undefined, undefined],
    ["mlp-float64", "gradient", "Softmax", undefined, undefined],
  ];
  test.each(rows)("%s", async (name, access, undone, why, notes) => {
    const opened = await load(at(name), { ...run, access: "best" });
    expect(opened.access).toBe(access);
    if (opened.access === "labels") throw new Error("it gives scores");
    expect(opened.output).toBe("probabilities");
    near((await opened.scores(probe)).data, answers[name].scores.flat(), 1e-6);
    const labels = Array.from(await opened.labels(probe));
    expect(name === "forest-names" ? labels.map((c) => ["cat", "dog", "eel"][c]) : labels).toEqual(answers[name].labels);
    if (opened.access === "gradient") expect(opened.reading!.undone).toBe(undone);
    if (why) expect(opened.why).toMatch(why);
    else expect(opened.why).toBeUndefined();
    if (notes) expect(opened.notes!.join()).toMatch(notes);
    else expect(opened.notes).toEqual([]);
    await opened.release();
  });

  test("a file of named classes alone", async () => {
    const opened = await load(at("labels"), { ...run, access: "best" });
    expect(opened).toMatchObject({ access: "labels", classes: 3 });
    expect(Array.from(await opened.labels(probe), (c) => ["cat", "dog", "eel"][c])).toEqual(answers["forest-names"].labels);
    await opened.release();
    await expect(load(at("labels"), { ...run, access: "scores" })).rejects.toThrow(
      /gives scores, got one that tells only classes.*\[model-access\]/,
    );
  });

  test("asked for less, it gives less", async () => {
    const scores = await load(at("mlp"), { ...run, access: "scores" });
    const labels = await load(at("mlp"), { ...run, access: "labels" });
    expect([scores.access, labels.access]).toEqual(["scores", "labels"]);
    expect("scores" in labels).toBe(false);
    expect("logits" in scores).toBe(false);
    expect(Array.from(await labels.labels(probe))).toEqual(answers.mlp.labels);
    near((await scores.scores(probe)).data, answers.mlp.scores.flat(), 1e-6);
    // @ts-expect-error scores are no gradients
    await expect(attack(scores, { x: probe, labels: answers.mlp.labels }, { ...run, attack: pgd(), epsilon: 0.1 })).rejects.toThrow(
      /attack-access/,
    );
    await scores.release();
    await labels.release();
  });

  test("a forest is attacked, and an MLP of two classes by its gradient", async () => {
    const forest = await load(at("forest"), { ...run, access: "scores" });
    const noise = await attack(
      forest,
      { x: probe, labels: answers.forest.labels },
      { ...run, attack: randomNoise({ queries: 20 }), norm: linf, epsilon: 0.5 },
    );
    expect(noise.robustAccuracy).toBeLessThan(noise.cleanAccuracy);
    const two = await load(at("mlp-two"), run);
    const found = await attack(
      two,
      { x: probe, labels: answers["mlp-two"].labels },
      { ...run, attack: pgd({ steps: 10 }), norm: linf, epsilon: 0.6 },
    );
    expect(found.cleanAccuracy).toBe(1);
    expect(found.robustAccuracy).toBeLessThan(0.5);
    await forest.release();
    await two.release();
  });
});

describe("other numbers", () => {
  const images = tensor(uniform(seedKey(1), 32 * 64), [32, 1, 8, 8]);
  test.each([
    ["conv", 1e-3, 1e-4],
    ["conv-float16", 2e-2, 2e-2],
    ["conv-int8", 1e-1, 5e-2],
  ])("%s is checked within its tolerance", async (name, tolerance, error) => {
    const opened = await load(at(name), { ...run, access: "best" });
    if (opened.access !== "gradient") throw new Error(opened.why);
    expect(opened.graphTolerance).toBeLessThanOrEqual(tolerance);
    expect(opened.graphError).toBeLessThanOrEqual(error);
    const result = await attack(
      opened,
      { x: images, labels: await opened.labels(images) },
      { ...run, attack: pgd({ steps: 5 }), norm: linf, epsilon: 0.3 },
    );
    expect(result.robustAccuracy).toBeLessThan(0.5);
    await opened.release();
  });

  test("bytes in: rounded to whole numbers, the gradient straight through", async () => {
    const e = builder();
    const x = input("uint8", [2, 4], "x", ["N", 4]);
    const w = e.constant(tensor(uniform(seedKey(2), 12, -1, 1), [4, 3]));
    const bytes = write({ inputs: [x], outputs: [e.MatMul(e.Cast(x, { to: 1 }), w)] });
    const opened = await openClassifier(bytes, { ...run, preprocessing: { scale: 255 } });
    const points = tensor(uniform(seedKey(3), 80), [20, 4]);
    const rounded = tensor(
      points.data.map((v) => Math.round(255 * v) / 255),
      [20, 4],
    );
    expect((await opened.scores(points)).data).toEqual((await opened.scores(rounded)).data);
    // as strong as on the same model without rounding
    const v = input("float32", [2, 4], "x", ["N", 4]);
    const smooth = await openClassifier(write({ inputs: [v], outputs: [e.MatMul(v, w)] }), run);
    const labels = await smooth.labels(points);
    const under = async (model: GradientModel) =>
      (await attack(model, { x: points, labels }, { ...run, attack: pgd({ steps: 10, loss: margin }), norm: linf, epsilon: 0.3 }))
        .robustAccuracy;
    const [hard, soft] = [await under(opened), await under(smooth)];
    expect(soft).toBeLessThan(0.8);
    expect(Math.abs(hard - soft)).toBeLessThan(0.11);
    await opened.release();
    await smooth.release();
  });
});

describe("graphs", () => {
  const x = () => input("float32", [2, 4], "x", ["N", 4]);
  const w = tensor(uniform(seedKey(4), 12, -1, 1), [4, 3]);

  test("probabilities that no last operator explains are climbed by their logarithms", async () => {
    const e = builder();
    const v = x();
    const z = e.Exp(e.MatMul(v, e.constant(w)));
    const bytes = write({ inputs: [v], outputs: [e.Div(z, e.ReduceSum(z, e.ints([1]), { keepdims: 1 }))] });
    const opened = await openClassifier(bytes, run);
    expect(opened.output).toBe("probabilities");
    expect(opened.reading!.undone).toBeNull();
    expect(opened.notes!.join()).toMatch(/logarithms/);
    expect(opened.logits.outputs[0]!.node!.op).toBe("Log");
    await opened.release();
  });

  test("a gradient that is stopped leaves a black box, and says where", async () => {
    const e = builder();
    const v = x();
    const best = e.node("ArgMax", [e.MatMul(v, e.constant(w))], { axis: 1, keepdims: 1 }, "decide")[0]!;
    const columns = e.ints([0, 1, 2]);
    const one = e.Where(e.Equal(best, columns), e.scalar(1, "float32"), e.scalar(0, "float32"));
    const opened = await openModel(write({ inputs: [v], outputs: [one] }), { ...run, access: "best" });
    expect(opened.access).toBe("scores");
    expect(opened.why).toMatch(/ArgMax "decide"/);
    await opened.release();
  });

  test("one sigmoid is two classes, whatever opened it", async () => {
    const e = builder();
    const v = x();
    const p = e.Sigmoid(e.MatMul(v, e.constant(tensor([1, -1, 2, 0.5], [4, 1]))));
    const bytes = write({ inputs: [v], outputs: [p] });
    const points = tensor(uniform(seedKey(3), 40), [10, 4]);
    const [white, black] = [await openClassifier(bytes, run), await openModel(bytes, { ...run, access: "scores" })];
    expect(white).toMatchObject({ classes: 2, output: "probabilities", reading: { undone: "Sigmoid", single: true } });
    expect(black).toMatchObject({ classes: 2, output: "probabilities" });
    const scores = await white.scores(points);
    expect((await black.scores(points)).data).toEqual(scores.data);
    for (let i = 0; i < 10; i++) expect(scores.data[2 * i]! + scores.data[2 * i + 1]!).toBeCloseTo(1, 6);
    await white.release();
    await black.release();
  });

  const linear = { nodes: [{ op: "MatMul", in: ["x", "w"], out: ["y"] }], outputs: ["y"] } as const;
  const weights = [weight("w", [4, 3], ...w.data)];
  test.each([
    [
      "several inputs",
      model({ ...linear, weights, inputs: { x: ["N", 4], mask: ["N", 4] } }),
      {},
      /one input.*x: float32.*mask: float32.*\[classifier-input\]/,
    ],
    [
      "a wrong name of the output",
      model({ ...linear, weights, inputs: { x: ["N", 4] } }),
      { output: "z" },
      /one of the outputs y, got z.*--output \[classifier-output\]/,
    ],
    [
      "scores that are NaN",
      model({ ...linear, weights: [weight("w", [4, 3], ...new Array(12).fill(Number.NaN))], inputs: { x: ["N", 4] } }),
      {},
      /scores-not-finite/,
    ],
    [
      "text",
      model({ inputs: {}, extraInputs: [valueInfo("x", [1], 8)], nodes: [{ op: "Identity", in: ["x"], out: ["y"] }], outputs: ["y"] }),
      {},
      /input/,
    ],
  ])("%s is refused, for gradients and for scores", async (_, bytes, options, says) => {
    await expect(openModel(bytes, { ...run, ...options, access: "best" })).rejects.toThrow(says);
    await expect(openModel(bytes, { ...run, ...options, access: "scores" })).rejects.toThrow(says);
  });

  const identity = weight("w", [4, 3], ...new Array(12).fill(0.25));
  test.each(["gradient", "scores"] as const)(
    "logarithms of the input, which have no value at 0, are no hindrance, for %s",
    async (access) => {
      const nodes = [
        { op: "Log", in: ["x"], out: ["l"] },
        { op: "MatMul", in: ["l", "w"], out: ["y"] },
      ];
      const opened = await openModel(model({ nodes, outputs: ["y"], weights: [identity], inputs: { x: ["N", 4] } }), { ...run, access });
      expect((await opened.scores(tensor([1, 1, 1, 1], [1, 4]))).data).toEqual(Float32Array.of(0, 0, 0));
      await opened.release();
    },
  );

  test("one number a sample is read as a score; that another output has more is said", async () => {
    const nodes = [
      { op: "MatMul", in: ["x", "w"], out: ["three"] },
      { op: "MatMul", in: ["three", "v"], out: ["score"] },
    ];
    const bytes = model({
      nodes,
      outputs: ["score", "three"],
      weights: [identity, weight("v", [3, 1], 1, 2, 3)],
      inputs: { x: ["N", 4] },
    });
    const opened = await openModel(bytes, run);
    expect(opened.notes!.join()).toMatch(/"score" was taken.*another choice: three \(--output three\)/);
    await opened.release();
    const chosen = await openModel(bytes, { ...run, output: "three" });
    expect(chosen.classes).toBe(3);
    expect(chosen.notes).toEqual([]);
    await chosen.release();
  });

  test.each(["gradient", "scores"] as const)("free sizes are said by name or by axis, for %s", async (access) => {
    const bytes = model({
      inputs: { x: ["N", 4, "h", "w"] },
      nodes: [
        { op: "GlobalAveragePool", in: ["x"], out: ["p"] },
        { op: "Flatten", in: ["p"], out: ["f"] },
        { op: "MatMul", in: ["f", "w"], out: ["y"] },
      ],
      weights,
      outputs: ["y"],
    });
    await expect(openModel(bytes, { ...run, access })).rejects.toThrow(/\[input-free\]/);
    const opened = await openModel(bytes, { ...run, access, sizes: { h: 5, "x:3": 6 } });
    expect(opened.inputShape).toEqual([4, 5, 6]);
    expect((await opened.scores(tensor(new Float32Array(360).fill(1), [3, 4, 5, 6]))).shape).toEqual([3, 3]);
    await opened.release();
  });

  test("a file that neither we read nor onnxruntime runs is refused for the first reason", async () => {
    const bytes = model({ inputs: { x: ["N", 4] }, nodes: [{ op: "NoSuch", in: ["x"], out: ["y"], name: "where" }], outputs: ["y"] });
    await expect(openModel(bytes, { ...run, access: "best" })).rejects.toThrow(/NoSuch \(node "where"\).*\[operator-unknown\]/);
  });

  test("classes alone, unnamed, have to be counted", async () => {
    const bytes = model({
      inputs: { x: ["N", 4] },
      nodes: [{ op: "ArgMax", in: ["x"], out: ["y"], attrs: { axis: 1, keepdims: 0 } }],
      outputs: ["y"],
      outputTypes: [7],
    } as never);
    await expect(openModel(bytes, { ...run, access: "labels" })).rejects.toThrow(/classes.*\[classifier-classes\]/);
    const opened = await openModel(bytes, { ...run, access: "labels", classes: 4 });
    expect(Array.from(await opened.labels(tensor([0, 3, 1, 2, 9, 0, 0, 1], [2, 4])))).toEqual([1, 0]);
    await opened.release();
  });
});
