/** Elementwise layers, each one ONNX operator. */
import type { Attrs } from "../graph/index.ts";
import type { LayerSpec } from "./layer.ts";

const activation =
  (name: string, op: string) =>
  (attrs: Attrs = {}): LayerSpec =>
  (inputShape) => ({
    name,
    params: {},
    buffers: {},
    inputShape,
    outputShape: inputShape,
    apply: ({ e }, x) => e.node(op, [x], attrs)[0]!,
  });

export const relu = activation("relu", "Relu");
export const leakyRelu = (alpha = 0.2): LayerSpec => activation("leakyRelu", "LeakyRelu")({ alpha });
export const elu = activation("elu", "Elu");
export const selu = activation("selu", "Selu");
export const sigmoid = activation("sigmoid", "Sigmoid");
export const tanh = activation("tanh", "Tanh");
export const softplus = activation("softplus", "Softplus");
export const softsign = activation("softsign", "Softsign");
export const gelu = activation("gelu", "Gelu");
export const hardSwish = activation("hardSwish", "HardSwish");
