/** Random small networks in which something other than a rectifier bends. */
import type { Attrs, Emit, Value } from "../../src/graph/index.ts";

interface Parts {
  readonly e: Emit;
  readonly x: Value;
  /** x·W + b, to `out` numbers. */
  readonly layer: (x: Value, out: number) => Value;
  readonly weights: (shape: readonly number[], scale: number) => Value;
}

const one = (e: Emit, op: string, x: Value, attrs: Attrs = {}): Value => e.node(op, [x], attrs)[0]!;

/** Two layers with the function between. */
const between =
  (f: (e: Emit, y: Value) => Value) =>
  ({ e, x, layer }: Parts): Value =>
    layer(f(e, layer(f(e, layer(x, 5)), 5)), 2);

/** One after the other, each of a part of what a layer gives. */
const each =
  (...fs: ((e: Emit, y: Value) => Value)[]) =>
  ({ e, x, layer }: Parts): Value =>
    layer(e.Concat(...fs.map((f) => f(e, layer(x, 3))), { axis: 1 }), 2);

const positive = (e: Emit, y: Value): Value => e.Add(one(e, "Softplus", y), e.scalar(0.1, y));

const VECTORS = {
  sigmoid: between((e, y) => e.Sigmoid(y)),
  gelu: between((e, y) => one(e, "Gelu", y)),
  "gates and units": each(
    (e, y) => one(e, "Gelu", y, { approximate: "tanh" }),
    (e, y) => e.Mul(e.Sigmoid(y), y),
    (e, y) => one(e, "HardSwish", y),
    (e, y) => one(e, "HardSigmoid", y, { alpha: 0.3 }),
    (e, y) => one(e, "Elu", y, { alpha: 0.7 }),
    (e, y) => one(e, "Selu", y),
    (e, y) => one(e, "Celu", y, { alpha: 1.5 }),
    (e, y) => one(e, "Mish", y),
  ),
  "gates as exporters spell them": each(
    (e, y) => e.Mul(e.Mul(y, e.Add(e.Erf(e.Div(y, e.scalar(Math.SQRT2, y))), e.scalar(1, y))), e.scalar(0.5, y)),
    (e, y) => e.Mul(e.Mul(y, e.scalar(0.5, y)), e.Add(e.scalar(1, y), e.Erf(e.Mul(y, e.scalar(Math.SQRT1_2, y))))),
    (e, y) => e.Mul(e.Sigmoid(e.Mul(y, e.scalar(1.702, y))), y),
    (e, y) => e.Mul(e.Mul(y, e.scalar(2, y)), e.Sigmoid(e.Add(y, e.scalar(1, y)))),
  ),
  "s-shapes": each(
    (e, y) => e.Tanh(y),
    (e, y) => e.Erf(y),
    (e, y) => one(e, "Atan", y),
    (e, y) => one(e, "Asinh", y),
    (e, y) => one(e, "Softsign", y),
    (e, y) => one(e, "Sinh", y),
    (e, y) => one(e, "Cosh", y),
  ),
  "exponentials and powers": each(
    (e, y) => e.Exp(y),
    (e, y) => e.Log(positive(e, y)),
    (e, y) => e.Sqrt(positive(e, y)),
    (e, y) => e.Reciprocal(positive(e, y)),
    (e, y) => e.Pow(y, e.scalar(2, y)),
    (e, y) => e.Pow(y, e.scalar(3, y)),
    (e, y) => e.Pow(positive(e, y), e.scalar(-0.5, y)),
    (e, y) => e.Pow(positive(e, y), e.scalar(1.3, y)),
    (e, y) => e.Mul(y, y),
  ),
  waves: between((e, y) => e.Add(one(e, "Sin", y), one(e, "Cos", e.Mul(y, e.scalar(2, y))))),
  "residual curves": ({ e, x, layer }: Parts) => {
    let y = layer(x, 4);
    for (let k = 0; k < 3; k++) y = e.Add(y, layer(e.Tanh(y), 4));
    return layer(e.Relu(y), 2);
  },
  products: ({ e, x, layer }: Parts) => {
    const [a, b, c] = [e.Relu(layer(x, 4)), layer(x, 4), e.Sigmoid(layer(x, 1))];
    const gated = e.Mul(e.Mul(a, b), c);
    return layer(e.Add(gated, e.Div(b, positive(e, layer(x, 4)))), 2);
  },
  quotients: ({ e, x, layer }: Parts) => {
    const [y, w] = [layer(x, 4), positive(e, layer(x, 1))];
    return layer(e.Concat(e.Div(e.scalar(0.5, y), positive(e, y)), e.Div(y, w), e.Div(y, e.Sqrt(w)), { axis: 1 }), 2);
  },
  softmax: ({ e, x, layer }: Parts) => layer(one(e, "Softmax", layer(e.Relu(layer(x, 4)), 4)), 2),
  "log-softmax": ({ e, x, layer }: Parts) => {
    const y = layer(x, 4);
    return layer(e.Concat(one(e, "LogSoftmax", y), e.node("ReduceLogSumExp", [y, e.ints([1])], { keepdims: 1 })[0]!, { axis: 1 }), 2);
  },
  "layer normalisation": ({ e, x, layer, weights }: Parts) =>
    layer(e.node("LayerNormalization", [layer(x, 4), weights([4], 1), weights([4], 0.3)], { epsilon: 0.1 })[0]!, 2),
  attention: ({ e, x, layer, weights }: Parts) => {
    const tokens = e.Reshape(layer(x, 6), e.ints([1, 3, 2]));
    const [q, k, v] = [0, 1, 2].map(() => e.MatMul(tokens, weights([2, 2], 0.7))) as [Value, Value, Value];
    const scores = one(e, "Softmax", e.MatMul(q, e.Transpose(k, { perm: [0, 2, 1] })));
    return layer(e.Reshape(e.Add(tokens, e.MatMul(scores, v)), e.ints([1, 6])), 2);
  },
  extremes: ({ e, x, layer, weights }: Parts) => {
    const [a, b, c] = [layer(x, 4), layer(x, 4), e.node("Clip", [layer(x, 4), e.scalar(-0.4, x), e.scalar(0.7, x)])[0]!];
    const parts = [e.Max(a, b), e.Min(a, c), e.Abs(b), e.node("PRelu", [a, weights([4], 0.8)])[0]!, e.Max(c, weights([4], 0.5))];
    const least = e.ReduceMin(b, e.ints([1]), { keepdims: 1 });
    return layer(e.Concat(...parts, e.ReduceMax(a, e.ints([1]), { keepdims: 1 }), least, { axis: 1 }), 2);
  },
  reductions: ({ e, x, layer }: Parts) => {
    const grid = e.Reshape(e.Tanh(layer(x, 6)), e.ints([1, 2, 3]));
    const rows = ["ReduceMean", "ReduceSum", "ReduceL1", "ReduceSumSquare", "ReduceMax"].map((op, k) =>
      e.Reshape(e.node(op, [grid, e.ints([1 + (k % 2)])], { keepdims: k % 2 === 0 ? 0 : 1 })[0]!, e.ints([1, -1])),
    );
    const centred = e.Sub(grid, e.ReduceMean(grid, e.ints([2]), { keepdims: 1 }));
    return layer(e.Concat(...rows, e.Reshape(centred, e.ints([1, 6])), { axis: 1 }), 2);
  },
};

const IMAGES = {
  "maxima of windows": ({ e, x, layer, weights }: Parts) => {
    const y = e.Conv(x, weights([2, 1, 2, 2], 0.4), weights([2], 0.3), { strides: [1, 2] });
    const pooled = one(e, "MaxPool", y, { kernel_shape: [2, 3], strides: [2, 2], pads: [1, 1, 0, 0] });
    return layer(e.Concat(one(e, "Flatten", pooled), one(e, "Flatten", one(e, "GlobalMaxPool", pooled)), { axis: 1 }), 2);
  },
  "means of windows": ({ e, x, layer, weights }: Parts) => {
    const y = e.Sigmoid(e.Conv(x, weights([2, 1, 2, 2], 0.7), weights([2], 0.3), {}));
    const wide = e.Pad(y, e.ints([0, 0, 1, 0, 0, 0, 0, 2]), e.scalar(0.5, y), null);
    const edge = e.node("Pad", [y, e.ints([1, 0]), null, e.ints([3])], { mode: "edge" })[0]!;
    const mirror = e.node("Pad", [y, e.ints([0, 2]), null, e.ints([2])], { mode: "reflect" })[0]!;
    const pools = [
      one(e, "AveragePool", wide, { kernel_shape: [2, 2], strides: [2, 2] }),
      one(e, "AveragePool", y, { kernel_shape: [2, 3], pads: [1, 1, 0, 1] }),
      one(e, "AveragePool", y, { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1, strides: [2, 2] }),
      one(e, "GlobalAveragePool", y),
      edge,
      mirror,
    ];
    return layer(e.Concat(...pools.map((p) => one(e, "Flatten", p)), { axis: 1 }), 2);
  },
  "instance normalisation": ({ e, x, layer, weights }: Parts) => {
    const y = e.Conv(x, weights([2, 1, 3, 3], 0.7), weights([2], 0.3), {});
    const z = e.node("InstanceNormalization", [y, weights([2], 1), weights([2], 0.3)], { epsilon: 0.5 })[0]!;
    return layer(one(e, "Flatten", z), 2);
  },
  transposed: ({ e, x, layer, weights }: Parts) => {
    const y = e.Tanh(e.Conv(x, weights([4, 1, 3, 3], 0.7), weights([4], 0.3), {}));
    const blocks = one(e, "DepthToSpace", y, { blocksize: 2 });
    const grown = e.ConvTranspose(blocks, weights([1, 1, 2, 2], 0.7), weights([1], 0.3), { strides: [2, 2] });
    return layer(one(e, "Flatten", e.Sigmoid(grown)), 2);
  },
};

export const BENDING = [...Object.keys(VECTORS), ...Object.keys(IMAGES)] as (keyof typeof VECTORS | keyof typeof IMAGES)[];
export type Bending = (typeof BENDING)[number];

export const isBending = (kind: string): kind is Bending => BENDING.includes(kind as Bending);
export const isImage = (kind: Bending): kind is keyof typeof IMAGES => kind in IMAGES;

export const bend = (kind: Bending, parts: Parts): Value => (isImage(kind) ? IMAGES[kind] : VECTORS[kind])(parts);
