/** A file keeps its batch free: what was built for one batch, gradients included, runs at another. */
import { describe, expect, it } from "vitest";
import { fold, size, type Tensor, uniform } from "../../src/base/index.ts";
import { input, type Value } from "../../src/graph/index.ts";
import { write } from "../../src/onnx/index.ts";
import { isGap, ops } from "../../src/ops/index.ts";
import { builder, gradOf } from "../../src/pass/index.ts";
import { open } from "../../src/run/compile.ts";
import { bind, emit, keyOf, point, RUN } from "./graphs.ts";
import { dtypeOf, isFloats, type Row, type Source, shapeOf, title } from "./row.ts";
import { rows } from "./rows/index.ts";

const isData = (s: Source | null) => s?.kind === "data";
const batched = rows.map((row, i) => [title(row, i), row, i] as const).filter(([, row]) => row.inputs.some(isData) && !row.mixesBatch);

const atBatch = (row: Row, batch: number): Row => ({
  ...row,
  inputs: row.inputs.map((s) => (s?.kind === "data" ? { ...s, shape: [batch, ...s.shape.slice(1)] } : s)),
});

/** Outputs, and the gradient of their inner product with cotangents, as a graph with a free batch. */
function graphOf(row: Row) {
  const e = builder();
  const free: Value[] = [];
  const wrt: Value[] = [];
  const inputs = bind(e, row, "float32", (s) => {
    const shape = shapeOf(s);
    const v = input(dtypeOf(s, "float32"), shape, undefined, isData(s) ? ["N", ...shape.slice(1)] : shape);
    free.push(v);
    if (isFloats(s)) wrt.push(v);
    return v;
  });
  const ys = emit(e, row, inputs);
  const floats = ys.map((y) => (y.type.dtype === "float32" ? y : e.Cast(y, { to: 1 })));
  const cotangents = floats.map((y) => input("float32", y.type.shape, undefined, ["N", ...y.type.shape.slice(1)]));
  const loss = floats.map((y, k) => e.ReduceSum(e.Mul(y, cotangents[k]!), null, { keepdims: 0 })).reduce((a, b) => e.Add(a, b));
  const gradients = isGap(ops[row.op]!.vjp) && !row.build ? [] : gradOf(e, loss, wrt);
  return { graph: { inputs: [...free, ...cotangents], outputs: [...ys, ...gradients] }, cotangents };
}

describe("built for one batch, run at another", () => {
  it.each(batched)("%s", async (_, row, i) => {
    const batch = row.inputs.find((s) => s?.kind === "data")!;
    const n = shapeOf(batch!)[0]!;
    const [small, large] = [graphOf(row), graphOf(atBatch(row, n + 3))];
    const key = keyOf(row, i, "batch");
    const at = point(atBatch(row, n + 3), key, "float32", true).filter(
      (t, k): t is Tensor => t !== null && row.inputs[k]!.kind !== "fixed" && row.inputs[k]!.kind !== "tiled",
    );
    const cotangents = large.cotangents.map(
      (v, k): Tensor => ({ dtype: "float32", shape: v.type.shape, data: uniform(fold(key, k), size(v.type.shape), -1, 1) }),
    );
    const feeds = [...at, ...cotangents];
    const answers = [];
    for (const { graph } of [small, large]) {
      const { session, wrap } = await open(write(graph), RUN);
      const result = await session.run(Object.fromEntries(session.inputNames.map((name, k) => [name, wrap(feeds[k]!)])));
      answers.push(session.outputNames.map((name) => result[name]!));
      await session.release();
    }
    const [got, want] = answers as [(typeof answers)[0], (typeof answers)[0]];
    want.forEach((t, k) => {
      expect(got[k]!.dims).toEqual(t.dims);
      expect(Array.from(got[k]!.data as Float32Array)).toEqual(Array.from(t.data as Float32Array));
    });
  });
});
