/** Old and new forms of operators: our reading must compute what onnxruntime computes on the file as it is. */
import { describe, expect, test } from "vitest";
import { numbers, seedKey, size, type Tensor, uniform } from "../../src/base/index.ts";
import { read } from "../../src/onnx/index.ts";
import { upgrades } from "../../src/onnx/upgrade.ts";
import { builder } from "../../src/pass/index.ts";
import { compile, openFile } from "../../src/run/index.ts";
import { integers, model, type Sketch, weight } from "./model.ts";

interface Row {
  readonly op: string;
  readonly opset: number;
  readonly shape: readonly number[];
  readonly attrs?: Sketch["nodes"][number]["attrs"];
  readonly weights?: NonNullable<Sketch["weights"]>;
  readonly outputs?: number;
  readonly outputTypes?: readonly number[];
}

const axes = [2, 3] as const;
const reductions = [
  "ReduceL1",
  "ReduceL2",
  "ReduceLogSum",
  "ReduceLogSumExp",
  "ReduceMax",
  "ReduceMean",
  "ReduceMin",
  "ReduceProd",
  "ReduceSum",
  "ReduceSumSquare",
];

const rows: readonly Row[] = [
  {
    op: "BatchNormalization",
    opset: 7,
    shape: [2, 3, 4, 4],
    attrs: { epsilon: 1e-3 },
    weights: ["s", "b", "m", "v"].map((n, i) => weight(n, [3], 0.5 + i, 1, 2)),
  },
  { op: "Clip", opset: 7, shape: [2, 5], attrs: { min: -0.3, max: 0.4 } },
  { op: "Clip", opset: 10, shape: [2, 5], attrs: { max: 0.4 } },
  { op: "Dropout", opset: 7, shape: [2, 5], attrs: { ratio: 0.5 } },
  { op: "Dropout", opset: 10, shape: [2, 5] },
  {
    op: "GroupNormalization",
    opset: 18,
    shape: [2, 6, 3, 3],
    attrs: { num_groups: 2 },
    weights: [weight("s", [2], 0.5, 2), weight("b", [2], -1, 1)],
  },
  {
    op: "GridSample",
    opset: 16,
    shape: [1, 2, 3, 4],
    attrs: { mode: "bilinear" },
    weights: [weight("g", [1, 2, 1, 2], 0.3, -0.4, 0.9, 0)],
  },
  { op: "GridSample", opset: 16, shape: [1, 2, 3, 4], weights: [weight("g", [1, 2, 1, 2], 0.3, -0.4, 0.9, 0)] },
  { op: "Hardmax", opset: 11, shape: [2, 3, 4] },
  { op: "LogSoftmax", opset: 11, shape: [2, 3, 4] },
  { op: "Pad", opset: 10, shape: [2, 3, 4, 4], attrs: { pads: [0, 0, 1, 2, 0, 0, 0, 1], value: 0.5 } },
  { op: "Pad", opset: 7, shape: [2, 3, 4, 4], attrs: { pads: [0, 0, 1, 1, 0, 0, 1, 1], mode: "reflect" } },
  ...reductions.flatMap((op): Row[] => [
    { op, opset: 11, shape: [2, 3, 4, 4], attrs: { axes, keepdims: 0 } },
    { op, opset: 12, shape: [2, 3, 4] },
  ]),
  { op: "ReduceMean", opset: 17, shape: [2, 3, 4], attrs: { axes: [-1] } },
  { op: "Resize", opset: 10, shape: [1, 2, 3, 3], attrs: { mode: "nearest" }, weights: [weight("scales", [4], 1, 1, 2, 2)] },
  { op: "Resize", opset: 10, shape: [1, 2, 4, 4], attrs: { mode: "linear" }, weights: [weight("scales", [4], 1, 1, 2, 2)] },
  ...[
    [1, 1, 0.5, 0.5],
    [1, 1, 0.5, 2],
    [1, 1, 1.5, 0.4],
  ].map((s): Row => ({ op: "Resize", opset: 10, shape: [1, 2, 5, 5], attrs: { mode: "nearest" }, weights: [weight("scales", [4], ...s)] })),
  {
    op: "Scatter",
    opset: 10,
    shape: [2, 3],
    attrs: { axis: 1 },
    weights: [{ name: "i", dims: [2n, 1n], dataType: 7, int64Data: [2n, 0n] }, weight("u", [2, 1], 7, 8)],
  },
  { op: "Slice", opset: 9, shape: [2, 5, 4], attrs: { starts: [1, -3], ends: [4, 100], axes: [1, 2] } },
  { op: "Slice", opset: 7, shape: [2, 5, 4], attrs: { starts: [0, 1], ends: [2, 3] } },
  { op: "Softmax", opset: 7, shape: [2, 3, 4] },
  { op: "Softmax", opset: 12, shape: [2, 3, 4], attrs: { axis: 2 } },
  { op: "Softmax", opset: 11, shape: [2, 3, 4], attrs: { axis: -1 } },
  { op: "Split", opset: 11, shape: [2, 5], attrs: { axis: 1, split: [2, 3] }, outputs: 2 },
  { op: "Split", opset: 7, shape: [2, 6], attrs: { axis: 1 }, outputs: 3 },
  { op: "Split", opset: 13, shape: [2, 5], attrs: { axis: 1 }, weights: [integers("split", 1, 4)], outputs: 2 },
  { op: "Split", opset: 13, shape: [2, 6], attrs: { axis: 1 }, outputs: 2 },
  { op: "Squeeze", opset: 11, shape: [2, 1, 3, 1], attrs: { axes: [1, 3] } },
  { op: "Squeeze", opset: 7, shape: [2, 1, 3] },
  { op: "TopK", opset: 9, shape: [2, 5], attrs: { k: 2 }, outputs: 2, outputTypes: [1, 7] },
  { op: "TopK", opset: 7, shape: [2, 5, 3], attrs: { k: 3, axis: 1 }, outputs: 2, outputTypes: [1, 7] },
  { op: "Unsqueeze", opset: 11, shape: [2, 3], attrs: { axes: [0, 3] } },
  { op: "Upsample", opset: 7, shape: [1, 2, 3, 3], attrs: { mode: "nearest", scales: [1, 1, 2, 3] } },
  { op: "Upsample", opset: 9, shape: [1, 2, 3, 3], attrs: { mode: "linear" }, weights: [weight("scales", [4], 1, 1, 2, 2)] },
];

const newer: readonly (Row & { readonly what: string; readonly inputs?: readonly string[] })[] = [
  {
    what: "to the end, as exporters write it",
    op: "Slice",
    opset: 9,
    shape: [2, 5],
    attrs: { starts: [2], ends: { int64s: [2n ** 63n - 1n] } as never, axes: [1] },
  },
  {
    what: "scales of chosen axes",
    op: "Resize",
    opset: 18,
    shape: [2, 3, 4, 4],
    attrs: { mode: "linear", axes: [2, -1] },
    inputs: ["x", "", "scales"],
    weights: [weight("scales", [2], 2, 1.5)],
  },
  {
    what: "sizes of chosen axes",
    op: "Resize",
    opset: 19,
    shape: [2, 3, 4, 4],
    attrs: { mode: "nearest", axes: [3] },
    inputs: ["x", "", "", "sizes"],
    weights: [integers("sizes", 7)],
  },
  { what: "opset 22", op: "HardSwish", opset: 22, shape: [2, 5] },
  { what: "opset 23", op: "Reshape", opset: 23, shape: [2, 6], inputs: ["x", "s"], weights: [integers("s", 0, 2, 3)] },
  { what: "opset 24", op: "Cast", opset: 24, shape: [2, 6], attrs: { to: 1, round_mode: "up" } },
  { what: "opset 25", op: "Pad", opset: 25, shape: [2, 3], inputs: ["x", "p"], weights: [integers("p", 0, 1, 0, 2)] },
  { what: "opset 26", op: "Softmax", opset: 26, shape: [2, 3, 4] },
];

// attributes that ONNX types as float although their names are not floats elsewhere
const floatAttributes = new Set(["min", "max", "value", "ratio", "scales"]);

describe("old forms compute what onnxruntime computes on the file", () => {
  test.each(rows)("$op of opset $opset, $attrs", agrees);
});

describe("so do the newer ways of saying it", () => {
  test.each(newer)("$op: $what", agrees);
});

async function agrees({
  op,
  opset,
  shape,
  attrs = {},
  weights = [],
  outputs = 1,
  outputTypes = [],
  inputs,
}: Row & { readonly inputs?: readonly string[] }) {
  const out = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const bytes = model({
    opset,
    inputs: { x: shape },
    nodes: [{ op, in: inputs ?? ["x", ...weights.map((w) => w.name!)], out, attrs: asFloats(attrs) }],
    outputs: out,
    outputTypes,
    weights,
  });
  const x: Tensor<"float32"> = { dtype: "float32", shape, data: uniform(seedKey(opset), size(shape), -1, 1) };
  const file = await openFile(bytes, { threads: 1 });
  const program = await compile(read(bytes, builder()), { threads: 1, optimize: "disabled" });
  const [theirs, ours] = [await file.run([x]), await program.run([x])];
  expect(ours.length).toBe(outputs);
  ours.forEach((t, i) => {
    expect(t.shape).toEqual(theirs[i]!.shape);
    const [a, b] = [numbers(t), numbers(theirs[i]!)];
    a.forEach((v, j) => {
      // the logarithm of a negative number
      if (Number.isNaN(v) && Number.isNaN(b[j])) return;
      expect(Math.abs(v - b[j]!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(b[j]!)));
    });
  });
  await Promise.all([file.release(), program.release()]);
}

/** Whole numbers would be written as integers: nudge them so that they are written as floats, and stay what they are in float32. */
const asFloats = (attrs: NonNullable<Row["attrs"]>) =>
  Object.fromEntries(
    Object.entries(attrs).map(([k, v]) => {
      if (!floatAttributes.has(k)) return [k, v];
      if (typeof v === "number") return [k, Number.isInteger(v) ? v + 1e-9 : v];
      return [k, { floats: v } as never];
    }),
  );

test("every upgrade has a row", () => {
  const covered = new Set(rows.map((r) => r.op));
  expect(Object.keys(upgrades).filter((op) => !covered.has(op))).toEqual([]);
});
