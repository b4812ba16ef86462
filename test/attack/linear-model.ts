/** Models z = Wx + b, of which attacks are known in closed form, and a small net of images. */
import { seedKey, tensor, uniform } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { type GradientModel, openClassifier } from "../../src/model/index.ts";
import { dense, flatten, inferenceGraph, relu, sequential } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";

/** @param w [n, classes] */
export async function linearModel(w: Float32Array, b: readonly number[]): Promise<GradientModel> {
  const e = builder();
  const [n, classes] = [w.length / b.length, b.length];
  const x = input("float32", [2, n], "x", ["N", n]);
  const z = e.Add(e.MatMul(x, e.constant(tensor(w, [n, classes]))), e.constant(tensor([...b], [classes])));
  return openClassifier(write({ inputs: [x], outputs: [z] }), { threads: 1 });
}

/** 5×5 images, 4 classes. */
export function smallNet(classes = 4): Promise<GradientModel> {
  const net = sequential(flatten(), dense(24), relu(), dense(classes))([1, 5, 5], seedKey(3));
  return openClassifier(write(inferenceGraph(net, net.params)), { threads: 1 });
}

/** `n` images with the classes that the model sees in them. */
export async function seen(model: GradientModel, n: number) {
  const x = tensor(uniform(seedKey(4), n * 25), [n, 1, 5, 5]);
  return { x, labels: await model.labels(x) };
}
