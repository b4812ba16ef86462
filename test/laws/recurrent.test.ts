/** Recurrent layers keep the batch free on axis 1, gradients and all; and their composed gradient is taken once a path. */
import { describe, expect, it } from "vitest";
import { fold, seedKey, size, type Tensor, uniform } from "../../src/base/index.ts";
import { type Emit, input, type Value } from "../../src/graph/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder, gradOf } from "../../src/pass/index.ts";
import { compile, openFile } from "../../src/run/index.ts";
import { RUN } from "./graphs.ts";

const [steps, features, hidden] = [3, 2, 2];
const GATES: Record<string, number> = { RNN: 1, GRU: 3, LSTM: 4 };

const random = (key: number, shape: readonly number[]): Tensor => ({
  dtype: "float32",
  shape,
  data: uniform(fold(seedKey(5), key), size(shape), -1, 1),
});

/** Batch first, as models have it: [N, steps, features] → transpose, recur both ways, transpose back. */
function layer(e: Emit, op: string, x: Value): Value {
  const gates = GATES[op]! * hidden;
  const weights = [
    [2, gates, features],
    [2, gates, hidden],
    [2, 2 * gates],
  ].map((shape, k) => e.constant(random(k, shape)));
  const y = e.node(op, [e.Transpose(x, { perm: [1, 0, 2] }), ...weights], { hidden_size: hidden, direction: "bidirectional" })[0]!;
  return e.Reshape(e.Transpose(y, { perm: [2, 0, 1, 3] }), e.ints([0, 0, 2 * hidden]));
}

describe("built for one batch, run at another", () => {
  it.each(Object.keys(GATES))("%s", async (op) => {
    const answers = [];
    const feeds = [random(9, [4, steps, features])];
    for (const batch of [1, 4]) {
      const e = builder();
      const x = input("float32", [batch, steps, features], "x", ["N", steps, features]);
      const y = layer(e, op, x);
      const [g] = gradOf(e, e.ReduceSum(e.Mul(y, y), null, { keepdims: 0 }), [x]);
      const file = await openFile(write({ inputs: [x], outputs: [y, g!] }), RUN);
      answers.push(await file.run(feeds));
      await file.release();
    }
    const [got, want] = answers as [Tensor[], Tensor[]];
    expect(got.map((t) => t.shape)).toEqual(want.map((t) => t.shape));
    for (const [k, t] of want.entries()) for (const [i, v] of (t.data as Float32Array).entries()) expect(got[k]!.data[i]).toBeCloseTo(v, 6);
  });
});

it("an input that is computed from another counts once", async () => {
  const e = builder();
  const x = input("float32", [steps, 1, features]);
  const [w, r] = [random(1, [1, 8, features]), random(2, [1, 8, hidden])].map((t) => e.constant(t));
  const first = e.Slice(x, e.ints([0]), e.ints([1]), e.ints([0]), e.ints([1]));
  const loss = (h0: Value) => e.ReduceSum(e.node("LSTM", [x, w!, r!, null, null, h0], { hidden_size: hidden })[0]!, null, { keepdims: 0 });
  // the whole gradient is that of the sequence with the state fixed, and that of the state
  const [whole] = gradOf(e, loss(e.Tanh(first)), [x]);
  const state = input("float32", [1, 1, features]);
  const [direct, ofState] = gradOf(e, loss(state), [x, state]);
  const program = await compile({ inputs: [x, state], outputs: [whole!, direct!, ofState!] }, RUN);
  const at = random(3, [steps, 1, features]);
  const tanh = Float32Array.from((at.data as Float32Array).slice(0, features), Math.tanh);
  const [a, b, s] = await program.run([at, { dtype: "float32", shape: [1, 1, features], data: tanh }]);
  await program.release();
  for (let i = 0; i < a!.data.length; i++) {
    const through = i < features ? Number(s!.data[i]) * (1 - tanh[i]! ** 2) : 0;
    expect(Number(a!.data[i])).toBeCloseTo(Number(b!.data[i]) + through, 5);
  }
});
