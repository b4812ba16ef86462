/** Operators among others: what no single node shows. */
import type { Emit, Value } from "../../../src/graph/index.ts";
import { type Row, w, x } from "../row.ts";

const chain = (
  op: string,
  about: string,
  inputs: Row["inputs"],
  build: (e: Emit, ...inputs: Value[]) => Value,
  more: Partial<Row> = {},
): Row => ({
  op,
  about,
  inputs,
  build: (e, values) => [build(e, ...(values as Value[]))],
  ...more,
});

const batchOf = (e: Emit, v: Value) => e.Slice(e.Shape(v), e.ints([0]), e.ints([1]), e.ints([0]), e.ints([1]));

export const chains: Row[] = [
  chain("Relu", "two layers", [x([2, 4]), w([4, 5], -1, 1, { kinks: [] }), w([5, 3])], (e, v, a, b) => e.MatMul(e.Relu(e.MatMul(v, a)), b)),
  chain("Sub", "a value less itself", [x([2, 3])], (e, v) => e.Sub(e.Exp(v), e.Mul(v, v)), { loose: "no gap at a point" }),
  chain("Add", "one value by two ways", [x([2, 3])], (e, v) => e.Add(e.Tanh(v), e.Sigmoid(e.Neg(v)))),
  chain("Reshape", "to a shape computed from the batch", [x([2, 3, 4])], (e, v) =>
    e.Reshape(e.Exp(v), e.Concat(batchOf(e, v), e.ints([12]), { axis: 0 })),
  ),
  chain("Expand", "over the batch", [x([2, 3]), w([1, 3])], (e, v, a) => e.Mul(v, e.Expand(a, e.Shape(v)))),
  chain("Cast", "a truth as a number", [x([2, 3], -2, 2, { kinks: [0.5] })], (e, v) =>
    e.Mul(v, e.Cast(e.Greater(v, e.scalar(0.5, v)), { to: v.type.dtype === "float64" ? 11 : 1 })),
  ),
  chain("Cast", "rounded towards zero and back", [x([2, 3], -2, 2, { kinks: [-1, 0, 1] })], (e, v) =>
    e.Add(v, e.Cast(e.Cast(v, { to: 7 }), { to: v.type.dtype === "float64" ? 11 : 1 })),
  ),
  chain("Where", "chosen by the data", [x([2, 3], -2, 2, { kinks: [0] })], (e, v) =>
    e.Where(e.Less(v, e.scalar(0, v)), e.Mul(v, e.scalar(0.5, v)), e.Exp(v)),
  ),
  chain("Mul", "a gate", [x([2, 3])], (e, v) => e.Mul(v, e.Sigmoid(v))),
  chain("Softmax", "attention", [x([2, 3, 2]), w([2, 2])], (e, v, a) => {
    const q = e.MatMul(v, a);
    const scores = e.MatMul(q, e.Transpose(v, { perm: [0, 2, 1] }));
    return e.MatMul(e.node("Softmax", [scores], { axis: -1 })[0]!, v);
  }),
  chain("Conv", "a residual block", [x([2, 2, 4, 4]), w([2, 2, 3, 3], -0.5, 0.5)], (e, v, a) => {
    const conv = (z: Value) => e.Conv(z, a, null, { pads: [1, 1, 1, 1] });
    return e.Add(v, conv(e.Tanh(conv(v))));
  }),
  chain(
    "MaxPool",
    "after a convolution",
    [x([2, 1, 6, 6]), w([2, 1, 3, 3])],
    (e, v, a) => e.node("MaxPool", [e.Conv(v, a, null, {})], { kernel_shape: [2, 2], strides: [2, 2] })[0]!,
  ),
];
