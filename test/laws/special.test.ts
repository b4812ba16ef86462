/** Where a function bends, jumps or ties, its gradient is still a number: training and attacks meet such points. */
import { expect, it } from "vitest";
import { full, type Tensor, tensor } from "../../src/base/index.ts";
import { type Emit, input, type Value } from "../../src/graph/index.ts";
import { builder, gradOf } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";
import { RUN } from "./graphs.ts";

const one =
  (op: string, attrs = {}) =>
  (e: Emit, x: Value) =>
    e.node(op, [x], attrs)[0]!;
const along = (op: string) => (e: Emit, x: Value) => e.node(op, [x, e.ints([1])])[0]!;
const same = (value: number): Tensor => full([1, 4], value);

/** The gradient of the sum of f at a point, and what it must be. */
const table: [string, (e: Emit, x: Value) => Value, Tensor, readonly number[]][] = [
  ["Relu at 0", one("Relu"), same(0), [0, 0, 0, 0]],
  ["LeakyRelu at 0", one("LeakyRelu", { alpha: 0.1 }), same(0), [0.1, 0.1, 0.1, 0.1]],
  ["Abs at 0", one("Abs"), same(0), [0, 0, 0, 0]],
  ["Softsign at 0", one("Softsign"), same(0), [1, 1, 1, 1]],
  ["x² at 0", (e, x) => e.Pow(x, e.scalar(2, x)), same(0), [0, 0, 0, 0]],
  ["x⁰ at 0", (e, x) => e.Pow(x, e.scalar(0, x)), same(0), [0, 0, 0, 0]],
  ["‖x‖ at the origin", along("ReduceL2"), same(0), [0, 0, 0, 0]],
  ["Σ|x| at the origin", along("ReduceL1"), same(0), [0, 0, 0, 0]],
  ["the largest of equals", along("ReduceMax"), same(3), [0.25, 0.25, 0.25, 0.25]],
  ["the least of equals", along("ReduceMin"), same(3), [0.25, 0.25, 0.25, 0.25]],
  ["Max with itself", (e, x) => e.Max(x, x), same(2), [1, 1, 1, 1]],
  ["Min of three alike", (e, x) => e.node("Min", [x, e.Mul(x, e.scalar(1, x)), x])[0]!, same(2), [1, 1, 1, 1]],
  [
    "a window of equals",
    (e, x) => one("MaxPool", { kernel_shape: [2], strides: [2] })(e, e.Unsqueeze(x, e.ints([1]))),
    same(1),
    [0.5, 0.5, 0.5, 0.5],
  ],
  [
    "overlapping windows of equals",
    (e, x) => one("MaxPool", { kernel_shape: [2] })(e, e.Unsqueeze(x, e.ints([1]))),
    same(1),
    [0.5, 1, 1, 0.5],
  ],
  ["Clip at its ends", (e, x) => e.node("Clip", [x, e.scalar(-1, x), e.scalar(1, x)])[0]!, tensor([-1, 1, 0, 2], [1, 4]), [1, 1, 1, 0]],
  ["Sigmoid far out", one("Sigmoid"), tensor([-200, 200, -90, 90], [1, 4]), [0, 0, 0, 0]],
  ["Softplus far out", one("Softplus"), tensor([-200, 200, -100, 100], [1, 4]), [0, 1, 0, 1]],
  ["Mish far out", one("Mish"), tensor([-200, 200, -150, 100], [1, 4]), [0, 1, 0, 1]],
  ["Gelu far out", one("Gelu"), tensor([-50, 50, -30, 30], [1, 4]), [0, 1, 0, 1]],
  ["Elu far out", one("Elu"), tensor([-200, 200, -150, 100], [1, 4]), [0, 1, 0, 1]],
  [
    "ln Softmax far out",
    (e, x) => e.Slice(one("LogSoftmax")(e, x), e.ints([0]), e.ints([1]), e.ints([1]), e.ints([1])),
    tensor([-500, 500, -500, -500], [1, 4]),
    [1, -1, 0, 0],
  ],
  ["ln Σ eˣ far out", along("ReduceLogSumExp"), tensor([500, -500, -500, -500], [1, 4]), [1, 0, 0, 0]],
  ["an unused infinity", (e, x) => e.Gather(x, e.ints([0, 2]), { axis: 1 }), tensor([1, Infinity, 2, -Infinity], [1, 4]), [1, 0, 1, 0]],
];

it.each(table)("%s", async (_, f, at, want) => {
  const e = builder();
  const x = input("float32", at.shape);
  const [g] = gradOf(e, e.ReduceSum(f(e, x), null, { keepdims: 0 }), [x]);
  const program = await compile({ inputs: [x], outputs: [g!] }, RUN);
  const [got] = await program.run([at]);
  await program.release();
  const values = Array.from(got!.data as Float32Array);
  expect(values.map((v, i) => (Math.abs(v - want[i]!) < 1e-6 ? want[i] : v))).toEqual(want);
});
