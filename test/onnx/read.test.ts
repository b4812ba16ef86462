/** Whatever the bytes are, the answer is a graph or a sentence that says what to do. */
import { describe, expect, test } from "vitest";
import { bits, CounterfoilError, full, seedKey, tensor, uniform } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { classifier, inferenceGraph } from "../../src/nn/index.ts";
import { externalFiles, read, write, writeExternal } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile, openFile } from "../../src/run/index.ts";
import { FLOAT, floats, integers, model, type Sketch, valueInfo, weight } from "./model.ts";

const parse = (bytes: Uint8Array, external?: Parameters<typeof read>[2]) => read(bytes, builder(), external);

function refusal(act: () => unknown): CounterfoilError {
  try {
    act();
  } catch (error) {
    if (error instanceof CounterfoilError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const relu: Sketch = { inputs: { x: ["N", 4] }, nodes: [{ op: "Relu", in: ["x"], out: ["y"], name: "last" }], outputs: ["y"] };
const small = (): Uint8Array<ArrayBuffer> => {
  const layer = classifier("cnn", [1, 8, 8], 3, 0);
  return new Uint8Array(write(inferenceGraph(layer, layer.params)));
};
const bytesOfText = (text: string) => new TextEncoder().encode(text);

describe("refusals say what, where and what to do", () => {
  const rows: readonly [what: string, bytes: Uint8Array, code: string, says: RegExp][] = [
    ["an empty file", new Uint8Array(), "onnx-not", /empty file/],
    ["JSON", bytesOfText('{"a": 1}'), "onnx-not", /JSON/],
    ["a web page", bytesOfText("<!DOCTYPE html><html>"), "onnx-not", /web page/],
    ["a PyTorch checkpoint", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), "onnx-not", /zip archive/],
    ["a pickle", Uint8Array.of(0x80, 2, 0x8a, 0x0a), "onnx-not", /pickle/],
    ["a Git LFS pointer", bytesOfText("version https://git-lfs.github.com/spec/v1\n"), "onnx-not", /git lfs pull/],
    ["a PNG", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13), "onnx-damaged", /download or export/],
    [
      "an unknown operator",
      model({ ...relu, nodes: [{ op: "Det", in: ["x"], out: ["y"], name: "odd" }] }),
      "operator-unknown",
      /Det \(node "odd"\).*onnxsim/,
    ],
    [
      "a shape that the data decides",
      model({ ...relu, nodes: [{ op: "NonZero", in: ["x"], out: ["y"], name: "odd" }] }),
      "operator-dynamic",
      /NonZero.*computed from the data in NonZero \(node "odd"\)/,
    ],
    [
      "a random one",
      model({ ...relu, nodes: [{ op: "RandomNormalLike", in: ["x"], out: ["y"] }] }),
      "operator-unknown",
      /RandomNormalLike.*random, so the model is no function/,
    ],
    [
      "a forest",
      model({ ...relu, nodes: [{ op: "TreeEnsembleClassifier", domain: "ai.onnx.ml", in: ["x"], out: ["l", "y"] }] }),
      "operator-unknown",
      /TreeEnsembleClassifier.*for its scores only/,
    ],
    [
      "words",
      model({ ...relu, nodes: [{ op: "LabelEncoder", domain: "ai.onnx.ml", in: ["x"], out: ["y"] }] }),
      "operator-unknown",
      /LabelEncoder.*at the numbers that the classifier sees/,
    ],
    [
      "one of a runtime's own",
      model({ ...relu, nodes: [{ op: "FusedConv", domain: "com.microsoft", in: ["x"], out: ["y"] }] }),
      "operator-unknown",
      /com\.microsoft\.FusedConv.*fusions/,
    ],
    [
      "a quantised one",
      model({ ...relu, nodes: [{ op: "QLinearReduceMean", domain: "com.microsoft", in: ["x"], out: ["y"] }] }),
      "operator-unknown",
      /QDQ format, or use the model from before quantisation/,
    ],
    [
      "control flow",
      model({ ...relu, nodes: [{ op: "If", in: ["x"], out: ["y"], name: "branch" }] }),
      "operator-unknown",
      /branch.*control flow/,
    ],
    ["opset 6", model({ ...relu, opset: 6 }), "onnx-opset", /7 to 26, got 6/],
    ["opset 40", model({ ...relu, opset: 40 }), "onnx-opset", /7 to 26, got 40/],
    [
      "a value that is nowhere",
      model({ ...relu, nodes: [{ op: "Relu", in: ["z"], out: ["y"], name: "last" }] }),
      "onnx-dangling",
      /"z".*Relu \(node "last"\)/,
    ],
    ["an output that is nowhere", model({ ...relu, outputs: ["q"] }), "onnx-dangling", /"q"/],
    ["a free height", model({ ...relu, inputs: { x: ["N", 3, "H", 8] } }), "input-free", /\[N, 3, H, 8\].*--size H=224/],
    ["a size for nothing", model(relu), "size-unknown", /sizes of the model's free dimensions x\[N, 4\], got a size for “H”/],
    ["a string input", model({ ...relu, extraInputs: [valueInfo("s", [1], 8)] }), "dtype-unsupported", /input "s"/],
    [
      "complex weights",
      model({ ...relu, weights: [{ name: "c", dims: [1n], dataType: 14, rawData: floats(1) }] }),
      "dtype-unsupported",
      /"c"/,
    ],
    [
      "too few bytes of weights",
      model({ ...relu, weights: [{ name: "w", dims: [3n], dataType: FLOAT, rawData: floats(1) }] }),
      "tensor-data",
      /"w"/,
    ],
    [
      "Dropout in training",
      model({
        inputs: { x: [2, 4] },
        weights: [weight("r", [], 0.5), { name: "t", dims: [], dataType: 9, rawData: Uint8Array.of(1) }],
        nodes: [{ op: "Dropout", in: ["x", "r", "t"], out: ["y"] }],
        outputs: ["y"],
      }),
      "operator-training",
      /Dropout.*model\.eval/,
    ],
    [
      "BatchNormalization in training",
      model({
        inputs: { x: [2, 3, 4, 4] },
        weights: ["s", "b", "m", "v"].map((n) => weight(n, [3], 1, 1, 1)),
        nodes: [{ op: "BatchNormalization", in: ["x", "s", "b", "m", "v"], out: ["y", "mean", "variance"], attrs: { training_mode: 1 } }],
        outputs: ["y"],
      }),
      "operator-training",
      /BatchNormalization.*model\.eval/,
    ],
    [
      "a name given twice",
      model({ ...relu, nodes: [...relu.nodes, { op: "Abs", in: ["x"], out: ["y"], name: "again" }] }),
      "onnx-duplicate",
      /"y" given again by Abs \(node "again"\)/,
    ],
    [
      "a further output that is read",
      model({
        ...relu,
        nodes: [
          { op: "Dropout", in: ["x"], out: ["d", "mask"] },
          { op: "Relu", in: ["mask"], out: ["y"] },
        ],
      }),
      "operator-output",
      /"mask" of Dropout/,
    ],
    [
      "Resize that crops",
      model({
        inputs: { x: [1, 1, 4, 4] },
        weights: [weight("r", [8], 0, 0, 0, 0, 1, 1, 0.5, 0.5), weight("s", [4], 1, 1, 2, 2)],
        nodes: [{ op: "Resize", in: ["x", "r", "s"], out: ["y"], attrs: { coordinate_transformation_mode: "tf_crop_and_resize" } }],
        outputs: ["y"],
      }),
      "operator-attribute",
      /Resize.*crops/,
    ],
    [
      "shapes that do not go together",
      model({
        ...relu,
        weights: [weight("w", [3, 2], 1, 2, 3, 4, 5, 6)],
        nodes: [{ op: "MatMul", in: ["x", "w"], out: ["y"], name: "product" }],
      }),
      "",
      /MatMul \(node "product"\)/,
    ],
  ];
  test.each(rows)("%s", (what, bytes, code, says) => {
    const error = refusal(() => parse(bytes, what === "a size for nothing" ? { sizes: { H: 224 } } : {}));
    if (code) expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    expect(error.message.split("\n").length).toBe(1);
  });
});

test("cut anywhere, a file is refused", () => {
  const whole = small();
  for (let k = 0; k < 200; k++) {
    const error = refusal(() => parse(whole.subarray(0, Math.floor((k * whole.length) / 200))));
    expect(error.code).toMatch(/^(onnx|tensor|input|operator|shape|dtype)/);
  }
});

test("with 500 random bytes changed, one at a time, a file is read or refused, and nothing else", () => {
  const whole = small();
  const noise = bits(seedKey(7), 1000);
  let refused = 0;
  for (let k = 0; k < 500; k++) {
    const bytes = whole.slice();
    // half of them in the structure at the front, where they hurt
    const at = k % 2 ? noise[2 * k]! % bytes.length : noise[2 * k]! % Math.min(2000, bytes.length);
    bytes[at] = noise[2 * k + 1]! & 255;
    try {
      parse(bytes);
    } catch (error) {
      expect(error, `byte ${at} ← ${bytes[at]}`).toBeInstanceOf(CounterfoilError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(20);
});

test("weights beside the model: written, listed, read back and run", async () => {
  const layer = classifier("cnn", [1, 8, 8], 3, 0);
  const graph = inferenceGraph(layer, layer.params);
  const { model: bytes, weights } = writeExternal(graph, "weights.bin");
  expect(externalFiles(bytes)).toEqual(["weights.bin"]);
  expect(bytes.length).toBeLessThan(write(graph).length / 2);
  const back = parse(bytes, { external: (path) => (path === "weights.bin" ? new Uint8Array(weights) : undefined), batch: 2 });
  const x = { dtype: "float32" as const, shape: [2, 1, 8, 8], data: uniform(seedKey(1), 128) };
  const [p, q] = [await compile(back, { threads: 1 }), await compile(graph, { threads: 1 })];
  expect((await p.run([x]))[0]!.data).toEqual((await q.run([x]))[0]!.data);
  await Promise.all([p.release(), q.release()]);
  expect(refusal(() => parse(bytes)).code).toBe("external-missing");
  expect(refusal(() => parse(bytes, { external: () => new Uint8Array(10) })).code).toBe("external-range");
});

test("a path out of the model's folder is refused", () => {
  const bytes = model({
    ...relu,
    weights: [{ name: "w", dims: [1n], dataType: FLOAT, dataLocation: 1, externalData: [{ key: "location", value: "../../etc/passwd" }] }],
  });
  expect(refusal(() => parse(bytes)).code).toBe("external-path");
});

test("initialisers that old files list as inputs are not inputs", () => {
  const bytes = model({
    inputs: { x: [2, 3], w: [3, 1] },
    ir: 3,
    opset: 7,
    weights: [weight("w", [3, 1], 1, 2, 3)],
    nodes: [{ op: "MatMul", in: ["x", "w"], out: ["y"] }],
    outputs: ["y"],
  });
  expect(parse(bytes).inputs.map((v) => v.name)).toEqual(["x"]);
});

test.each([1, 7, 64])("a free batch stays free: read at %i, written, run at 5", async (batch) => {
  const bytes = model({ ...relu, nodes: [{ op: "Softmax", in: ["x"], out: ["y"] }], opset: 11 });
  const graph = parse(bytes, { batch });
  expect(graph.inputs[0]!.type.shape).toEqual([batch, 4]);
  const file = await openFile(write(graph), { threads: 1, optimize: "disabled" });
  const [y] = await file.run([full([5, 4], 1)]);
  expect(y!.shape).toEqual([5, 4]);
  await file.release();
});

test("a further output that nothing reads does no harm", () => {
  const graph = parse(model({ ...relu, nodes: [{ op: "Dropout", in: ["x"], out: ["y", "mask"] }] }));
  expect(graph.outputs.length).toBe(1);
});

test("typed data, raw data and integers mean the same", () => {
  const raw = parse(model({ ...relu, weights: [weight("w", [2], 1, 2)], nodes: [{ op: "Identity", in: ["w"], out: ["y"] }] }));
  const typed = parse(
    model({
      ...relu,
      weights: [{ name: "w", dims: [2n], dataType: FLOAT, floatData: [1, 2] }],
      nodes: [{ op: "Identity", in: ["w"], out: ["y"] }],
    }),
  );
  expect(raw.outputs[0]!.data?.data).toEqual(Float32Array.of(1, 2));
  expect(typed.outputs[0]!.data?.data).toEqual(Float32Array.of(1, 2));
  const ints = parse(model({ ...relu, weights: [integers("w", -1, 3)], nodes: [{ op: "Identity", in: ["w"], out: ["y"] }] }));
  expect(ints.outputs[0]!.data?.data).toEqual(BigInt64Array.of(-1n, 3n));
});

test("what is written can be read again and computes the same, bit by bit", async () => {
  const layer = classifier("madry", [1, 28, 28], 10, 3);
  const bytes = write(inferenceGraph(layer, layer.params));
  const again = write(parse(bytes, { batch: 2 }));
  const x = { dtype: "float32" as const, shape: [3, 1, 28, 28], data: uniform(seedKey(2), 3 * 784) };
  const [p, q] = [await openFile(bytes, { threads: 1 }), await openFile(again, { threads: 1 })];
  expect((await p.run([x]))[0]!.data).toEqual((await q.run([x]))[0]!.data);
  await Promise.all([p.release(), q.release()]);
});

test("names, metadata and outputs that are inputs survive", async () => {
  const x = input("float32", [2, 3], "image", ["N", 3]);
  const e = builder();
  const y = e.Add(x, e.constant(tensor([1, 2, 3], [3])));
  const bytes = write({ inputs: [x], outputs: [y, x, y], outputNames: ["sum", "same", "again"], name: "g", metadata: { classes: "[]" } });
  const graph = parse(bytes, { batch: 2 });
  expect(graph.metadata).toEqual({ classes: "[]" });
  expect(graph.inputs[0]!.name).toBe("image");
  const file = await openFile(bytes, { threads: 1, optimize: "disabled" });
  const out = await file.run([full([2, 3], 1)]);
  expect([...(out[0]!.data as Float32Array)]).toEqual([2, 3, 4, 2, 3, 4]);
  expect(out[1]!.data).toEqual(full([2, 3], 1).data);
  expect(out[2]!.data).toEqual(out[0]!.data);
  await file.release();
});
