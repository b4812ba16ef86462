/** What each operator says of its outputs is what onnxruntime returns; constants fold to onnxruntime's answer. */
import { describe, expect, it } from "vitest";
import { size, type Tensor } from "../../src/base/index.ts";
import { ops } from "../../src/ops/index.ts";
import { builder, constant } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";
import { bind, freeInput, keyOf, numbersOf, point, RUN, rawNode } from "./graphs.ts";
import { isFree, title } from "./row.ts";
import { rows } from "./rows/index.ts";

const folded = new Set<string>();

const expectSame = (got: Tensor, want: Tensor) => {
  expect({ dtype: got.dtype, shape: [...got.shape] }).toEqual({ dtype: want.dtype, shape: [...want.shape] });
  const [a, b] = [numbersOf(got.data), numbersOf(want.data)];
  for (let i = 0; i < b.length; i++)
    if (!(a[i] === b[i] || Math.abs(a[i]! - b[i]!) <= 2e-6 * Math.max(1, Math.abs(b[i]!)) || (Number.isNaN(a[i]) && Number.isNaN(b[i]))))
      expect.fail(`element ${i}: got ${a[i]}, onnxruntime says ${b[i]}`);
};

describe("infer, fold and known say what onnxruntime says", () => {
  it.each(rows.map((row, i) => [title(row, i), row, i] as const).filter(([, row]) => !row.build))("%s", async (_, row, i) => {
    const free = new Map<number, ReturnType<typeof freeInput>>();
    const inputs = bind(builder(), row, "float32", (s, slot) => {
      const v = freeInput(s, "float32");
      free.set(slot, v);
      return v;
    });
    const node = rawNode(row.op, inputs, row.attrs);
    const program = await compile({ inputs: [...free.values()], outputs: node.outputs }, RUN);
    const at = point(row, keyOf(row, i, "infer"), "float32");
    const want = await program.run([...free.keys()].map((slot) => at[slot]!));
    await program.release();

    expect(node.outputs.map((y) => ({ dtype: y.type.dtype, shape: [...y.type.shape] }))).toEqual(
      want.map((t) => ({ dtype: t.dtype, shape: [...t.shape] })),
    );
    for (const t of want) expect(t.data.length).toBe(size(t.shape));
    const { fold, known } = ops[row.op]!;
    for (const [k, t] of (known?.(node) ?? []).entries()) expectSame(t, want[k]!);
    if (!fold || row.inputs.some((s) => s?.kind === "tiled")) return;
    const tensors = row.inputs.map((s, k) => (isFree(s) ? at[k]! : s && "tensor" in s ? s.tensor : null));
    const call = { op: row.op, inputs: tensors.map((t) => t && constant(t)), attrs: row.attrs ?? {} };
    const answer = fold(tensors, call);
    if (!answer) return;
    folded.add(row.op);
    expect(answer.length).toBe(want.length);
    for (const [k, t] of answer.entries()) expectSame(t, want[k]!);
  });

  it("every operator that folds has folded", () => {
    expect(Object.keys(ops).filter((name) => ops[name]!.fold && !folded.has(name))).toEqual([]);
  });
});
