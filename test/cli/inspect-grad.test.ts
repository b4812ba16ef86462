/** What a file is, before any attack, and its gradient as a file of its own. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { beforeAll, describe, expect, test } from "vitest";
import { crossEntropy, dlr, GradientPrograms, gradientFile, type Loss, margin } from "../../src/attack/index.ts";
import { seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { modelOptions } from "../../src/cli/model.ts";
import { input } from "../../src/graph/index.ts";
import { openClassifier, type Preprocessing } from "../../src/model/index.ts";
import { classifier, inferenceGraph } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { openFile } from "../../src/run/index.ts";
import { folder, inProcess, sentence } from "./run.ts";

const dir = folder();
const at = (name: string) => join(dir, name);
const run = { threads: 1 } as const;

async function json(args: readonly string[]) {
  const { code, out, err } = await inProcess([...args, "--threads", "1", "--json"], { cwd: dir });
  expect(code, err).toBe(0);
  return JSON.parse(out);
}

const net = (channels: number, last: "Softmax" | null = null): Uint8Array => {
  const layer = classifier("cnn", [channels, 8, 8], 5, 0);
  const graph = inferenceGraph(layer, layer.params);
  const e = builder();
  return write(last ? { ...graph, outputs: [e.node("Softmax", [graph.outputs[0]!], { axis: 1 })[0]!] } : graph);
};

beforeAll(() => {
  copyFileSync(new URL("../golden/classifiers/forest.onnx", import.meta.url), at("forest.onnx"));
  writeFileSync(at("plain.onnx"), net(1));
  writeFileSync(at("softmax.onnx"), net(3, "Softmax"));
  const e = builder();
  const x = input("float32", [2, 4], "x", ["N", 4]);
  const rounded = e.node("Round", [x], {}, "steps")[0]!;
  const best = e.node("ArgMax", [rounded], { axis: 1, keepdims: 1 }, "decide")[0]!;
  const w = e.constant(tensor(uniform(seedKey(1), 12, -1, 1), [4, 3]));
  const y = e.Add(e.MatMul(rounded, w), e.Cast(best, { to: 1 }));
  writeFileSync(at("rounds.onnx"), write({ inputs: [x], outputs: [y] }));
});

describe("inspect", () => {
  test("a plain network: its gradient is the file's, and float32 is enough for it", async () => {
    const report = await json(["inspect", "plain.onnx"]);
    expect(report).toMatchObject({
      readable: true,
      differentiable: true,
      classifier: { access: "gradient", why: null, classes: 5, inputShape: [1, 8, 8], output: "logits", undone: null },
      flow: { counts: { "straight-through": 0, stops: 0 }, nodes: [] },
      gradientCheck: { ok: true, directions: 8, tolerance: 0.02 },
    });
    expect(report.gradientCheck.points.length).toBe(8);
    expect(report.gradientCheck.precision).toBeLessThan(1e-4);
  });

  test("with preprocessing, the gradient is that of the user's images", async () => {
    const report = await json([
      "inspect",
      "softmax.onnx",
      "--mean",
      "0.485,0.456,0.406",
      "--std",
      "0.229,0.224,0.225",
      "--channels",
      "bgr",
      "--resize",
      "12,12",
    ]);
    expect(report).toMatchObject({
      classifier: { access: "gradient", inputShape: [3, 12, 12], output: "probabilities", undone: "Softmax" },
      preprocessing: { mean: [0.485, 0.456, 0.406], channels: "bgr", resize: [12, 12] },
      gradientCheck: { ok: true },
    });
    const { err } = await inProcess(["inspect", "softmax.onnx", "--threads", "1"], { cwd: dir });
    expect(err).toMatch(/outputs probabilities \(Softmax taken off for attacks\)/);
    expect(err).toMatch(/an attacker gets gradients/);
  });

  test("what hinders a gradient is named, node by node", async () => {
    const report = await json(["inspect", "rounds.onnx"]);
    expect(report.differentiable).toBe(false);
    expect(report.flow.nodes.map((n: { node: string; operator: string; flow: string }) => [n.node, n.operator, n.flow])).toEqual(
      expect.arrayContaining([
        ["steps", "Round", "straight-through"],
        ["decide", "ArgMax", "stops"],
      ]),
    );
    expect(report.gradientCheck.skipped).toMatch(/not the true one/);
    const { err } = await inProcess(["inspect", "rounds.onnx", "--threads", "1"], { cwd: dir });
    expect(err).toMatch(/straight-through: Round "steps"/);
    expect(err).toMatch(/stops: ArgMax "decide"/);
  });

  test("a tree ensemble is a black box, said plainly", async () => {
    const report = await json(["inspect", "forest.onnx"]);
    expect(report).toMatchObject({
      differentiable: false,
      flow: null,
      gradientCheck: null,
      classifier: { access: "scores", classes: 3, output: "probabilities" },
    });
    const { err } = await inProcess(["inspect", "forest.onnx", "--threads", "1"], { cwd: dir });
    expect(err).toMatch(/an attacker gets scores only: a tree ensemble is a step function, without a gradient anywhere: black-box only/);
    expect(err).toMatch(/note: .*ZipMap/);
  });

  test("what was declared wrongly is refused in a sentence", async () => {
    const finished = await inProcess(["inspect", "softmax.onnx", "--mean", "1,2"], { cwd: dir });
    expect(finished.code).toBe(2);
    expect(sentence(finished)).toMatch(/one number as mean, or 3: one a channel.*\[preprocessing\]/);
  });
});

describe("the options of a model", () => {
  const path = () => at("softmax.onnx");
  test("are numbers, fractions and lists; they take the place of what a file says", async () => {
    writeFileSync(at("own.json"), JSON.stringify({ scale: 3, layout: "nhwc" }));
    const args = {
      preprocessing: at("own.json"),
      scale: "1/255",
      mean: "0.5",
      std: "1,2,4",
      channels: "bgr",
      resize: "32x48",
      output: "1",
      size: "h=3,w=4",
    };
    expect(await modelOptions(args, path())).toEqual({
      preprocessing: { scale: 1 / 255, layout: "nhwc", mean: [0.5], std: [1, 2, 4], channels: "bgr", resize: [32, 48] },
      output: 1,
      sizes: { h: 3, w: 4 },
    });
    expect(await modelOptions({}, path())).toEqual({});
    expect(await modelOptions({ output: "y", resize: "9" }, path())).toEqual({ output: "y", preprocessing: { resize: [9, 9] } });
  });

  test.each([
    ["a std of 0", { std: "0" }, /std to be numbers > 0/],
    ["no number", { mean: "0.5;0.4" }, /--mean to be a number/],
    ["an unknown layout", { layout: "hwc" }, /--layout to be one of nchw, nhwc/],
    ["an unknown order of channels", { channels: "grb" }, /--channels to be one of rgb, bgr/],
    ["three sizes", { resize: "1,2,3" }, /--resize to be a height and a width/],
    ["half a size", { size: "depth" }, /NAME=NUMBER/],
    ["a file that is not there", { preprocessing: "none.json" }, /none\.json.*\[file-missing\]/],
    ["a wrong output", { output: "scores2" }, /one of the outputs .*got scores2/],
    ["a size of nothing", { size: "depth=3" }, /size for “depth”/],
  ])("%s is refused", async (_, args, says) => {
    const open = async () => openClassifier(net(3), { ...run, ...(await modelOptions(args, path())) });
    await expect(open()).rejects.toThrow(says);
  });
});

const declared: Preprocessing = { scale: 2, mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], channels: "bgr", resize: [6, 6] };

describe.each([
  ["cross-entropy", crossEntropy],
  ["margin", margin],
  ["dlr", dlr],
] as const)("grad of %s", (_, loss: Loss) => {
  test("runs anywhere at batch 1, 7 and 64, and is the victim's own and the file's", async () => {
    const model = await openClassifier(net(3, "Softmax"), { ...run, preprocessing: declared });
    const bytes = gradientFile(model, { loss });
    const file = await openFile(bytes, run);
    const programs = new GradientPrograms(model, run);
    for (const n of [1, 7, 64]) {
      const x: Tensor<"float32"> = tensor(uniform(seedKey(n), n * 108), [n, 3, 6, 6]);
      const labels = Int32Array.from({ length: n }, (_, i) => i % 5);
      const fed = tensor(labels, [n], "int64");
      const [losses, logits, gradient] = await file.run([x, fed]);
      expect([losses!.shape, logits!.shape, gradient!.shape]).toEqual([[n], [n, 5], [n, 3, 6, 6]]);
      const own = await programs.run(loss, x, labels, labels);
      for (const [i, v] of own.gradient.data.entries()) expect(Math.abs(Number(gradient!.data[i]) - v)).toBeLessThan(1e-5);
      for (const [i, v] of own.losses.entries()) expect(Math.abs(Number(losses!.data[i]) - v)).toBeLessThan(1e-5);
      // differences of the loss itself, along the gradient's signs
      const h = 1e-3;
      const along = async (by: number) =>
        (await file.run([{ ...x, data: x.data.map((v, i) => v + by * Math.sign(Number(gradient!.data[i]))) }, fed]))[0]!.data;
      const [up, down] = [await along(h), await along(-h)];
      const errors = Array.from({ length: n }, (_, i) => {
        const slope = own.gradient.data.subarray(108 * i, 108 * (i + 1)).reduce((s, v) => s + Math.abs(v), 0);
        return Math.abs((Number(up[i]) - Number(down[i])) / (2 * h) - slope) / Math.max(slope, 1e-2);
      }).sort((a, b) => a - b);
      expect(errors[Math.floor(n / 2)]).toBeLessThan(0.02);
    }
    const { opsetImport, graph } = fromBinary(ModelProtoSchema, bytes);
    expect(opsetImport.map((o) => [o.domain, Number(o.version)])).toEqual([["", 21]]);
    expect(new Set(graph!.node.map((n) => n.domain))).toEqual(new Set([""]));
    await programs.release();
    await file.release();
    await model.release();
  });
});

test("of a file with a fixed batch the batch stays fixed, and surrogates are named", async () => {
  const e = builder();
  const x = input("float32", [3, 4], "x", [3, 4]);
  const w = e.constant(tensor(uniform(seedKey(1), 12, -1, 1), [4, 3]));
  const y = e.MatMul(e.node("Round", [e.Mul(x, e.scalar(4, x))], {}, "steps")[0]!, w);
  const model = await openClassifier(write({ inputs: [x], outputs: [y] }), run);
  const bytes = gradientFile(model);
  const { metadataProps } = fromBinary(ModelProtoSchema, bytes);
  expect(metadataProps.find((p) => p.key === "counterfoil.surrogates")?.value).toBe('Round "steps"');
  const file = await openFile(bytes, run);
  const [, , gradient] = await file.run([tensor(uniform(seedKey(2), 12), [3, 4]), tensor([0, 1, 2], [3], "int64")]);
  expect(gradient!.shape).toEqual([3, 4]);
  expect(gradient!.data.some((v) => v !== 0)).toBe(true);
  await file.release();
  await model.release();
});

test("the command writes it, and says what it is", async () => {
  writeFileSync(at("softmax.preprocessing.json"), JSON.stringify(declared));
  const report = await json(["grad", "softmax.onnx", "-o", "out/softmax.grad.onnx", "--loss", "margin"]);
  expect(report).toMatchObject({ loss: "margin", opset: 21, undone: "Softmax", preprocessing: declared });
  expect(report.inputs.map((i: { name: string; dtype: string; dims: unknown[] }) => [i.dtype, i.dims])).toEqual([
    ["float32", ["N", 3, 6, 6]],
    ["int64", ["N"]],
  ]);
  expect(report.outputs.map((o: { name: string }) => o.name)).toEqual(["loss", "logits", "gradient"]);
  const { metadataProps } = fromBinary(ModelProtoSchema, readFileSync(at("out/softmax.grad.onnx")));
  expect(Object.fromEntries(metadataProps.map((p) => [p.key, p.value]))).toMatchObject({
    "counterfoil.loss": "margin",
    "counterfoil.undone": "Softmax",
    "counterfoil.preprocessing": JSON.stringify(declared),
  });
});

test("a file without a gradient is refused, and nothing is written", async () => {
  const finished = await inProcess(["grad", "forest.onnx", "-o", "forest.grad.onnx"], { cwd: dir });
  expect(finished.code).toBe(2);
  expect(sentence(finished)).toMatch(/TreeEnsembleClassifier/);
  expect(existsSync(at("forest.grad.onnx"))).toBe(false);
});
