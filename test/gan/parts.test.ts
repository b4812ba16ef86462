/** Parts of a batch: the gradient of the mean, each part after the one before. */
import { expect, test } from "vitest";
import { numbers, tensor } from "../../src/base/index.ts";
import { inTurn, throughParts } from "../../src/gan/parts.ts";
import { input, order, type Value } from "../../src/graph/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";

test("a part does not begin before the gradients of the one before are known, and adds up to the mean", async () => {
  const e = builder();
  const w = input("float32", [3], "w");
  const gates: (Value | null)[] = [];
  const sum = (v: Value) => e.ReduceSum(v, null, { keepdims: 0 });
  // the cosine is of the gradient alone
  const lossOf = (k: number, gate: Value | null) => {
    gates.push(gate);
    const loss = sum(e.Mul(e.node("Sin", [w])[0]!, e.scalar(k + 1, w)));
    return gate ? e.Add(loss, gate) : loss;
  };
  const [gradient] = inTurn(e, 3, [w], lossOf, undefined);
  expect(gates.map((gate) => gate !== null && order([gate]).filter((n) => n.op === "Cos").length)).toEqual([false, 1, 2]);
  const program = await compile({ inputs: [w], outputs: [gradient!, gates[2]!] }, { threads: 1 });
  const at = [0.1, -2, 3];
  const [found, gate] = await program.run([tensor(at, [3])]);
  await program.release();
  for (const [i, v] of at.entries()) expect(numbers(found!)[i]).toBeCloseTo(2 * Math.cos(v), 5);
  expect(numbers(gate!)).toEqual([0]);
});

test("what was made at once is differentiated once", () => {
  const e = builder();
  const w = input("float32", [4, 1], "w");
  const made = e.node("Sin", [w])[0]!;
  const rows = [0, 2].map((at) => e.Slice(made, e.ints([at]), e.ints([at + 2]), e.ints([0]), e.ints([1])));
  const lossOf = (k: number) => e.ReduceSum(e.Mul(rows[k]!, rows[k]!), null, { keepdims: 0 });
  const [gradient] = throughParts(e, made, rows, [w], lossOf, undefined);
  expect(order([gradient!]).filter((n) => n.op === "Cos")).toHaveLength(1);
});
