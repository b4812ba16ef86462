/**
 * The files whose validity the `onnx` package confirms. To check them anew, after the writer has changed:
 *   node --conditions=source --import tsx test/golden/checked-models.ts /tmp/checked && python3 test/golden/check_onnx.py /tmp/checked
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { full, seedKey, tensor } from "../../src/base/index.ts";
import { recipe } from "../../src/gan/index.ts";
import { type Graph, input } from "../../src/graph/index.ts";
import { classifier, crossEntropy, inferenceGraph, mean } from "../../src/nn/index.ts";
import { write, writeExternal } from "../../src/onnx/index.ts";
import { builder, gradOf, intervals, lower } from "../../src/pass/index.ts";

/** Loss and input gradient of a classifier, as a graph of its own. */
function gradientGraph(): Graph {
  const layer = classifier("cnn", [1, 12, 12], 4, 0);
  const net = inferenceGraph(layer, layer.params);
  const e = builder();
  const labels = input("int64", [2], "labels");
  const loss = mean(e, crossEntropy(e, net.outputs[0]!, labels));
  return lower({ inputs: [...net.inputs, labels], outputs: [loss, ...gradOf(e, loss, net.inputs)], outputNames: ["loss", "gradient"] });
}

/** Enclosures of the logits over a box. */
function intervalGraph(): Graph {
  const layer = classifier("cnn", [1, 12, 12], 4, 0);
  const net = inferenceGraph(layer, layer.params);
  const [lo, hi] = [input("float32", [2, 1, 12, 12], "lo"), input("float32", [2, 1, 12, 12], "hi")];
  const y = intervals(builder(), net.outputs, new Map([[net.inputs[0]!, { lo, hi }]])).get(net.outputs[0]!)!;
  return lower({ inputs: [lo, hi], outputs: [y.lo, y.hi], outputNames: ["lower", "upper"] });
}

/** Every kind of attribute there is. */
function attributes(): Graph {
  const e = builder();
  const x = input("float32", [1, 2, 6, 6], "x", ["N", 2, 6, 6]);
  const pad = e.node("Pad", [x, e.ints([0, 0, 1, 1, 0, 0, 1, 1])], { mode: "reflect" })[0]!;
  const scaled = e.node("Resize", [pad, null, e.constant(tensor([1, 1, 2, 2], [4]))], {
    mode: "linear",
    coordinate_transformation_mode: "half_pixel",
  })[0]!;
  const leaky = e.node("LeakyRelu", [scaled], { alpha: 1 })[0]!;
  const shape = e.node("ConstantOfShape", [e.Shape(leaky)], { value: full([1], 2) })[0]!;
  const [a, b] = e.node("Split", [e.Add(leaky, shape)], { axis: 1, num_outputs: 2 });
  return { inputs: [x], outputs: [e.Concat(a!, b!, { axis: -1 })], outputNames: ["y"] };
}

export function checkedModels(): Readonly<Record<string, Uint8Array>> {
  const named = (name: string) => {
    const layer = classifier(name, [1, 28, 28], 10, 0);
    return write(inferenceGraph(layer, layer.params));
  };
  const key = seedKey(0);
  const { generator } = recipe({ name: "digits", shape: [1, 28, 28], range: [0, 1], classes: 10 }, { model: "maxout2014", key });
  const layer = classifier("cnn", [1, 28, 28], 10, 1);
  const outside = writeExternal(inferenceGraph(layer, layer.params), "external.bin");
  return {
    "mlp.onnx": named("mlp"),
    "cnn.onnx": named("cnn"),
    "madry.onnx": named("madry"),
    "generator.onnx": write(inferenceGraph(generator, generator.params, { inputName: "latent", outputName: "samples" })),
    "gradient.onnx": write(gradientGraph()),
    "interval.onnx": write(intervalGraph()),
    "attributes.onnx": write(attributes()),
    "external.onnx": outside.model,
    "external.bin": outside.weights,
  };
}

if (process.argv[1]?.endsWith("checked-models.ts")) {
  const folder = process.argv[2]!;
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(checkedModels())) writeFileSync(`${folder}/${name}`, bytes);
}
