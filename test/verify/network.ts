/** Random small networks as graphs: dense, convolutional, residual, leaky, normalised, branching, and with all that bends (`bending.ts`). */
import { normal, seedKey, size, type Tensor, uniform } from "../../src/base/index.ts";
import { type Graph, input, type Value } from "../../src/graph/index.ts";
import { builder } from "../../src/pass/index.ts";
import { BENDING, bend, isBending, isImage } from "./bending.ts";

export const KINDS = ["dense", "deep", "leaky", "convolutional", "residual", "branches", "normalised", ...BENDING] as const;
export type Kind = (typeof KINDS)[number];

export const draw = (shape: readonly number[], seed: number, scale = 1): Tensor<"float32"> => ({
  dtype: "float32",
  shape,
  data: normal(seedKey(seed), size(shape)).map((v) => v * scale),
});

export function randomGraph(kind: Kind, seed: number): Graph {
  const e = builder();
  let drawn = 100 * seed;
  const weights = (shape: readonly number[], scale: number) => e.constant(draw(shape, drawn++, scale));
  const layer = (x: Value, out: number) => {
    const n = x.type.shape[1]!;
    return e.Add(e.MatMul(x, weights([n, out], 1.4 / Math.sqrt(n))), weights([out], 0.3));
  };
  const image = kind === "convolutional" || kind === "normalised" || (isBending(kind) && isImage(kind));
  const x = input("float32", image ? [1, 1, 4, 4] : [1, 3]);
  const outputs = (): Value => {
    if (isBending(kind)) return bend(kind, { e, x, layer, weights });
    if (kind === "dense") return layer(e.Relu(layer(x, 6)), 2);
    if (kind === "deep") return layer(e.Relu(layer(e.Relu(layer(e.Relu(layer(x, 6)), 6)), 6)), 2);
    if (kind === "leaky") {
      const leaky = (y: Value, alpha: number) => e.node("LeakyRelu", [y], { alpha })[0]!;
      return layer(leaky(layer(leaky(layer(x, 6), 0.1), 6), 0.3), 2);
    }
    if (kind === "residual") {
      let y = layer(x, 5);
      for (let k = 0; k < 3; k++) y = e.Add(y, layer(e.Relu(y), 5));
      return layer(e.Relu(y), 2);
    }
    if (kind === "branches") {
      const [a, b] = [e.Relu(layer(x, 4)), e.Relu(layer(e.Mul(x, weights([3], 1)), 4))];
      const joint = e.Concat(e.Sub(a, b), e.Neg(a), weights([1, 1], 1), { axis: 1 });
      return layer(e.Relu(e.Slice(joint, e.ints([1]), e.ints([9]), e.ints([1]), e.ints([1]))), 2);
    }
    let y = e.Conv(x, weights([3, 1, 3, 3], 0.5), weights([3], 0.3), { pads: [1, 1, 1, 1], strides: [2, 2] });
    if (kind === "normalised") {
      const variance = e.constant({ dtype: "float32", shape: [3], data: uniform(seedKey(drawn++), 3, 0.2, 2) });
      y = e.node("BatchNormalization", [y, weights([3], 1), weights([3], 0.3), weights([3], 0.3), variance])[0]!;
    }
    return layer(e.node("Flatten", [e.Relu(y)])[0]!, 2);
  };
  return { inputs: [x], outputs: [outputs()] };
}
