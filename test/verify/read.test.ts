/** Files that other people's exporters wrote, read as networks; and what is refused, by name. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { seedKey, size, tensor, uniform } from "../../src/base/index.ts";
import { type Emit, input, type Value } from "../../src/graph/index.ts";
import { read } from "../../src/onnx/index.ts";
import { builder, rebatch } from "../../src/pass/index.ts";
import { openFile } from "../../src/run/index.ts";
import { evaluate } from "../../src/verify/net/network.ts";
import { networkOf } from "../../src/verify/net/read.ts";
import { draw } from "./network.ts";

const FOLDER = join(import.meta.dirname, "../golden/architectures");
/** Transformers, convolutions of all kinds, gates, normalisations, maxima. */
const FILES = [
  "conv1d-9",
  "convnext-timm-13",
  "densenet-19-dynamo",
  "efficientnet-19-dynamo",
  "encoder-19",
  "inception-11",
  "keras-cnn-13",
  "mixer-9",
  "mobilenet-v3-14",
  "plain-13",
  "se-resnet-d-18-dynamo",
  "shufflenet-10",
  "squeezenet-21-dynamo",
  "swin-timm-16",
  "vit-timm-14",
  "vit-torchvision-20-dynamo",
];

describe("files", () => {
  test.each(FILES)("%s: is what onnxruntime computes", async (name) => {
    const bytes = new Uint8Array(readFileSync(join(FOLDER, `${name}.onnx`)));
    const { graph } = rebatch(read(bytes, builder()), 1);
    const network = networkOf(graph);
    if ("unread" in network) throw new Error(network.unread);
    const file = await openFile(bytes, { threads: 1 });
    const { shape } = graph.inputs[0]!.type;
    const data = uniform(seedKey(1), size(shape));
    const [y] = await file.run([{ dtype: "float32", shape, data }]);
    const found = evaluate(network, Float64Array.from(data)).at(-1)!;
    expect(found.length).toBe(size(y!.shape));
    found.forEach((v, i) => {
      expect(v).toBeCloseTo(Number(y!.data[i]), 4);
    });
    await file.release();
  });
});

describe("what is not read is named", () => {
  const refused = (shape: readonly number[], make: (e: Emit, x: Value) => Value): unknown => {
    const x = input("float32", shape);
    return networkOf({ inputs: [x], outputs: [make(builder(), x)] });
  };
  const one = (e: Emit, op: string, inputs: readonly Value[], attrs = {}): Value => e.node(op, inputs, attrs, "here")[0]!;

  test.each([
    ["Floor", (e, x) => one(e, "Floor", [x])],
    ["Greater", (e, x) => e.Mul(e.Cast(one(e, "Greater", [x, e.scalar(0, x)]), { to: 1 }), x)],
    ["Pow", (e, x) => one(e, "Pow", [x, e.constant(draw([1, 3], 1))])],
    ["Pow", (e, x) => one(e, "Pow", [e.scalar(2, x), x])],
    ["Celu", (e, x) => one(e, "Celu", [x], { alpha: -1 })],
    ["Cast", (e, x) => e.Cast(one(e, "Cast", [x], { to: 7 }), { to: 1 })],
  ] as [string, (e: Emit, x: Value) => Value][])("%s", (op, make) => {
    expect(refused([1, 3], make)).toEqual({ unread: `${op} (node "here")` });
  });

  const image = [1, 1, 10, 10];
  // a scale of 2.09 makes 20 pixels of 10, and others than one of 2
  test.each([
    ["Resize", (e, x) => one(e, "Resize", [x, e.fill(1, [0], "float32"), e.constant(tensor([1, 1, 2.09, 2], [4]))])],
    ["MaxPool", (e, x) => one(e, "MaxPool", [x], { kernel_shape: [2, 2], dilations: [2, 1], strides: [3, 3], auto_pad: "SAME_LOWER" })],
    ["MaxPool", (e, x) => one(e, "MaxPool", [x], { kernel_shape: [1, 1], strides: [4, 4], auto_pad: "SAME_UPPER" })],
    ["AveragePool", (e, x) => one(e, "AveragePool", [x], { kernel_shape: [1, 1], strides: [4, 4], auto_pad: "SAME_UPPER" })],
  ] as [string, (e: Emit, x: Value) => Value][])("%s, where onnxruntime does otherwise than we would", (op, make) => {
    expect(refused(image, make)).toEqual({ unread: `${op} (node "here")` });
  });

  test("a convolution of several samples at once", () => {
    const conv = (e: Emit, x: Value): Value => e.node("Conv", [x, e.constant(draw([1, 1, 2, 2], 1))], {}, "here")[0]!;
    expect(refused([2, 1, 4, 4], conv)).toEqual({ unread: 'Conv (node "here")' });
  });
});
