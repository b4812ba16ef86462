/** A composition is its operator: in float64 it says what onnxruntime's float32 kernel says. */
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/index.ts";
import type { Value } from "../../src/graph/index.ts";
import { ops } from "../../src/ops/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";
import { bind, emit, forward, freeInput, keyOf, point, RUN } from "./graphs.ts";
import { isFloats, isFree, title } from "./row.ts";
import { rows } from "./rows/index.ts";

const composing = rows.map((row, i) => [title(row, i), row, i] as const).filter(([, row]) => row.inputs.some(isFloats));

describe("in float64, lowered and composed, an operator is its float32 kernel", () => {
  it.each(composing)("%s", async (_, row, i) => {
    const e = builder();
    const free = new Map<number, Value>();
    const inputs = bind(e, row, "float64", (s, slot) => {
      const v = freeInput(s, "float64");
      free.set(slot, v);
      return v;
    });
    const ys = emit(e, row, inputs);
    const composed = row.build ? [] : (ops[row.op]!.compose?.(e, ys[0]!.node!) ?? []);
    for (const [k, c] of composed.entries()) expect(c.type).toEqual(ys[k]!.type);
    const program = await compile({ inputs: [...free.values()], outputs: [...ys, ...composed] }, RUN);
    const f = await forward(row);
    // numbers that float32 holds exactly, so that both see the same input
    const at = point(row, keyOf(row, i, "compose"), "float32", true);
    const want = await f.run(
      row.inputs.map((s, k) => (isFree(s) ? at[k]!.data : null)),
      1,
    );
    const got = await program.run([...free.keys()].map((k) => (isFloats(row.inputs[k]!) ? wide(at[k]!) : at[k]!)));
    got.forEach((t, k) => {
      const expected = want[k % ys.length]!;
      expect(t.data.length).toBe(expected.length);
      expected.forEach((v, j) => {
        const g = Number(t.data[j]);
        if (!(g === v || Math.abs(g - v) <= 1e-5 * Math.max(1, Math.abs(v)) || (Number.isNaN(g) && Number.isNaN(v))))
          expect.fail(`${k < ys.length ? "lowered" : "composed"}, element ${j}: ${g}, the kernel says ${v}`);
      });
    });
    await Promise.all([program.release(), f.release()]);
  });
});

const wide = (t: Tensor): Tensor => ({ dtype: "float64", shape: t.shape, data: Float64Array.from(t.data as Float32Array) });
