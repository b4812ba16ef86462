/** Pooling, resizing, and pixels to channels. */

import { tensor } from "../../../src/base/index.ts";
import type { Attrs } from "../../../src/graph/index.ts";
import { draw, fixed, ints, type Row, tiled, x } from "../row.ts";

const d = draw("pooling");

const pool = (op: string, shape: readonly number[], attrs: Attrs): Row => ({
  op,
  about: `[${shape}] ${JSON.stringify(attrs)}`,
  attrs,
  inputs: [x(shape, -2, 2, { distinct: true })],
});

/** Anything that fits; padding stays below the kernel, as ONNX asks. */
const any = (op: string, more: Attrs): Row => {
  const kernel_shape = [d.int(2, 3), d.int(2, 3)];
  const pads = [...kernel_shape, ...kernel_shape].map((k) => d.int(0, k - 1));
  return pool(op, [2, 2, d.int(5, 7), d.int(5, 7)], { kernel_shape, strides: [d.int(1, 3), d.int(1, 3)], pads, ...more });
};

const windows = (op: string): Row[] => [
  pool(op, [2, 2, 4, 6], { kernel_shape: [2, 3], strides: [2, 3] }),
  pool(op, [2, 2, 5, 5], { kernel_shape: [2, 2], strides: [2, 2] }),
  pool(op, [1, 2, 5, 4], { kernel_shape: [3, 2] }),
  pool(op, [2, 1, 5, 5], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  pool(op, [2, 1, 5, 4], { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 0, 1] }),
  pool(op, [2, 2, 7], { kernel_shape: [3], strides: [2], pads: [1, 0] }),
  pool(op, [2, 2, 6], { kernel_shape: [3], strides: [3] }),
  pool(op, [1, 2, 3, 4, 3], { kernel_shape: [2, 2, 2], strides: [1, 2, 1] }),
  pool(op, [1, 2, 4, 4, 2], { kernel_shape: [2, 2, 2], strides: [2, 2, 2] }),
  pool(op, [2, 1, 6, 5], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  pool(op, [2, 1, 6, 7], { kernel_shape: [2, 3], strides: [3, 3], ceil_mode: 1, pads: [1, 1, 1, 1] }),
  pool(op, [2, 1, 7, 7], { kernel_shape: [2, 2], dilations: [2, 3] }),
  // strides that leave some of the input unseen
  pool(op, [2, 1, 7, 7], { kernel_shape: [2, 2], strides: [3, 3] }),
  pool(op, [2, 1, 5, 6], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_UPPER" }),
  pool(op, [2, 1, 5, 6], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_LOWER" }),
  pool(op, [2, 1, 5, 6], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "VALID" }),
  any(op, {}),
  any(op, {}),
  any(op, { ceil_mode: 1 }),
  any(op, { ceil_mode: 1 }),
];

const constantScales = (...scales: number[]) => fixed(tensor([1, 1, ...scales], [scales.length + 2]));
const resize = (size: number[], scales: number[], attrs: Attrs): Row => ({
  op: "Resize",
  about: `[${size}] by [${scales}] ${JSON.stringify(attrs)}`,
  attrs,
  inputs: [x([2, 2, ...size]), null, constantScales(...scales)],
});
const resizeTo = (size: number[], to: number[], attrs: Attrs): Row => ({
  op: "Resize",
  about: `[${size}] to [${to}] ${JSON.stringify(attrs)}`,
  attrs,
  inputs: [x([2, 2, ...size]), null, null, ints([2, 2, ...to])],
  // the sizes write the batch down
  mixesBatch: true,
});

const blocks = (op: string, shape: number[], blocksize: number, mode?: string): Row => ({
  op,
  about: `[${shape}] ${mode ?? ""}`,
  attrs: { blocksize, ...(mode ? { mode } : {}) },
  inputs: [x(shape)],
});

/** A root has no derivative at 0. */
const offZero = (row: Row): Row => ({ ...row, inputs: row.inputs.map((s) => (s?.kind === "data" ? x(s.shape, 0.2, 2) : s)) });

/** Some of these places lie outside. */
const places = [-0.7, 0.4, 0.13, -0.31, 1.2, 0.9, 0.55, -0.85, -1.1, -0.2, 0.05, 0.62];
const grid = (attrs: Attrs, more: Partial<Row> = {}): Row => ({
  op: "GridSample",
  about: JSON.stringify(attrs),
  attrs,
  inputs: [x([2, 2, 3, 4]), tiled(places, [1, 3, 2, 2], "float32")],
  ...more,
});

export const pooling: Row[] = [
  grid(
    { align_corners: 1 },
    { about: "a grid of data", inputs: [x([2, 2, 3, 4]), x([2, 3, 2, 2], -0.95, 0.95, { kinks: [-1 / 3, 0, 1 / 3] })] },
  ),
  ...["linear", "nearest"].flatMap((mode) =>
    ["zeros", "border"].flatMap((padding_mode) => [0, 1].map((align_corners) => grid({ mode, padding_mode, align_corners }))),
  ),
  ...windows("MaxPool"),
  ...windows("AveragePool"),
  pool("AveragePool", [2, 1, 5, 5], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 }),
  pool("AveragePool", [2, 1, 6, 5], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1], count_include_pad: 1, ceil_mode: 1 }),
  pool("AveragePool", [2, 1, 5, 6], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_UPPER", count_include_pad: 1 }),
  any("AveragePool", { count_include_pad: 1 }),
  ...[1, 2, 3].map((p) => pool("LpPool", [2, 2, 5, 4], { kernel_shape: [3, 2], strides: [2, 1], p })).map(offZero),
  offZero(pool("LpPool", [2, 1, 5, 5], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })),
  offZero(pool("LpPool", [2, 2, 7], { kernel_shape: [3], strides: [2], pads: [1, 0] })),
  ...["GlobalAveragePool", "GlobalMaxPool"].flatMap((op) => [
    pool(op, [2, 3, 4], {}),
    pool(op, [2, 2, 3, 4], {}),
    pool(op, [1, 2, 2, 3, 2], {}),
  ]),
  ...["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"].flatMap((coordinate_transformation_mode) => [
    resize([3, 4], [2, 2], { mode: "linear", coordinate_transformation_mode }),
    resize([4, 3], [1.5, 0.7], { mode: "linear", coordinate_transformation_mode }),
    resize([3, 4], [2, 3], { mode: "nearest", coordinate_transformation_mode, nearest_mode: "floor" }),
  ]),
  ...["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].flatMap((nearest_mode) => [
    resize([3, 4], [2, 2], { mode: "nearest", nearest_mode, coordinate_transformation_mode: "asymmetric" }),
    resize([5, 4], [0.6, 1.5], { mode: "nearest", nearest_mode, coordinate_transformation_mode: "half_pixel" }),
  ]),
  resize([4], [2], { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" }),
  resize([4], [2], { mode: "linear" }),
  // where rounding decides the nearest pixel (where it decides the size, onnxruntime's inference and kernel disagree)
  resize([7, 3], [0.7, 1.3], { mode: "nearest", nearest_mode: "floor" }),
  resize([7, 3], [0.7, 1.3], { mode: "linear" }),
  resize([3, 3], [1.3, 1.2], { mode: "linear" }),
  resize([10, 7], [0.3, 0.6], { mode: "nearest" }),
  resize([2, 3, 2], [2, 2, 2], { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" }),
  resizeTo([3, 4], [5, 2], { mode: "linear" }),
  resizeTo([3, 4], [7, 9], { mode: "nearest" }),
  resizeTo([3, 4], [1, 1], { mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" }),
  resizeTo([3, 4], [5, 6], { mode: "linear", coordinate_transformation_mode: "align_corners" }),
  ...["DCR", "CRD"].flatMap((mode) => [blocks("DepthToSpace", [2, 8, 2, 3], 2, mode), blocks("DepthToSpace", [1, 9, 2, 1], 3, mode)]),
  blocks("DepthToSpace", [2, 4, 2, 2], 2),
  blocks("SpaceToDepth", [2, 2, 4, 6], 2),
  blocks("SpaceToDepth", [1, 1, 3, 6], 3),
];
