/** Numbers moved, relabelled, cut, joined, repeated, padded. */
import type { Attrs } from "../../../src/graph/index.ts";
import { draw, fed, floats, ints, type Row, w, x } from "../row.ts";

const d = draw("movement");
const s3 = d.shape(3);
const s4 = d.shape(4);

const mixesBatch = true;
const slice = (shape: number[], starts: number[], ends: number[], axes?: number[], steps?: number[], more: Partial<Row> = {}): Row => ({
  op: "Slice",
  about: `[${shape}] ${starts}:${ends}:${steps ?? 1} of ${axes ?? "all"}`,
  inputs: [x(shape), ints(starts), ints(ends), ...(axes ? [ints(axes)] : []), ...(steps ? [ints(steps)] : [])],
  ...more,
});

const pad = (shape: number[], pads: number[], mode: string, axes?: number[], value?: Row["inputs"][0], more: Partial<Row> = {}): Row => ({
  op: "Pad",
  about: `[${shape}] ${mode} ${pads}${axes ? ` of ${axes}` : ""}`,
  attrs: mode === "constant" ? {} : { mode },
  inputs: [x(shape), ints(pads), ...(value || axes ? [value ?? null] : []), ...(axes ? [ints(axes)] : [])],
  ...more,
});

const split = (shape: number[], axis: number, sizes: number[] | null, attrs: Attrs = {}, more: Partial<Row> = {}): Row => ({
  op: "Split",
  about: `[${shape}] axis ${axis} ${sizes ?? JSON.stringify(attrs)}`,
  attrs: { axis, ...attrs },
  inputs: [x(shape), ...(sizes ? [ints(sizes)] : [])],
  ...more,
});

export const movement: Row[] = [
  { op: "Transpose", about: "reversed", inputs: [x(s3)], mixesBatch },
  { op: "Transpose", about: "the batch stays", attrs: { perm: [0, 2, 3, 1] }, inputs: [x(s4)] },
  { op: "Transpose", about: "at random", attrs: { perm: d.permutation(4) }, inputs: [x(s4)], mixesBatch },
  { op: "Transpose", about: "int64", inputs: [fed([1, 2, 3, 4, 5, 6], [2, 3])] },
  { op: "Reshape", about: "flat", inputs: [x([2, 3, 4]), ints([0, -1])] },
  { op: "Reshape", about: "free batch", inputs: [x([2, 3, 4]), ints([-1, 4, 3])] },
  { op: "Reshape", about: "keeps two", inputs: [x([2, 3, 4]), ints([0, 0, 2, -1])] },
  { op: "Reshape", about: "across the batch", inputs: [x([2, 3, 4]), ints([6, 4])], mixesBatch },
  { op: "Reshape", about: "int64", inputs: [fed([1, 2, 3, 4]), ints([2, 2])] },
  ...[0, 1, 2, 3, -1, -2].map(
    (axis): Row => ({
      op: "Flatten",
      about: `axis ${axis}`,
      attrs: { axis },
      inputs: [x([2, 3, 4])],
      ...(axis === 1 || axis === -2 ? {} : { mixesBatch }),
    }),
  ),
  { op: "Squeeze", about: "axis 1", inputs: [x([2, 1, 3]), ints([1])] },
  { op: "Squeeze", about: "negative axes", inputs: [x([2, 1, 3, 1]), ints([-1, -3])] },
  { op: "Squeeze", about: "all ones", inputs: [x([2, 1, 3, 1])], mixesBatch },
  { op: "Unsqueeze", about: "axis 1", inputs: [x([2, 3]), ints([1])] },
  { op: "Unsqueeze", about: "several, negative, out of order", inputs: [x([2, 3]), ints([-1, 2])] },
  { op: "Unsqueeze", about: "before the batch", inputs: [x([2, 3]), ints([0])], mixesBatch },
  { op: "Identity", inputs: [x(s3)] },
  { op: "Expand", about: "inner axes", inputs: [x([2, 1, 3, 1]), ints([1, 4, 1, 2])] },
  { op: "Expand", about: "axes added", inputs: [x([3, 1]), ints([2, 1, 4])], mixesBatch },
  { op: "Expand", about: "shorter shape", inputs: [x([2, 3, 1]), ints([4])] },
  { op: "Expand", about: "scalar", inputs: [w([]), ints([2, 3])] },
  { op: "Shape", inputs: [x(s4)] },
  { op: "Shape", about: "part", attrs: { start: 1, end: -1 }, inputs: [x(s4)] },
  { op: "Shape", about: "beyond the rank", attrs: { start: -9, end: 9 }, inputs: [x(s4)] },
  { op: "Concat", attrs: { axis: 1 }, inputs: [x([2, 3, 2]), x([2, 1, 2]), x([2, 2, 2])] },
  { op: "Concat", about: "negative axis, a weight of the batch's size", attrs: { axis: -1 }, inputs: [x([2, 3]), w([2, 2])], mixesBatch },
  { op: "Concat", about: "the batch", attrs: { axis: 0 }, inputs: [x([2, 3]), x([1, 3])], mixesBatch },
  { op: "Concat", about: "int64", attrs: { axis: 0 }, inputs: [fed([1, 2]), fed([3])] },
  { op: "Concat", about: "int64, inner axis", attrs: { axis: 1 }, inputs: [fed([1, 2, 3, 4], [2, 2]), fed([5, 6], [2, 1])] },
  slice([2, 5, 4], [1, 0], [4, 3], [1, 2]),
  slice([2, 5, 4], [-3], [-1], [-2]),
  slice([2, 7, 4], [1], [99], [1], [2]),
  slice([2, 7, 5], [-1, 3], [-99, 0], [1, 2], [-2, -1]),
  slice([2, 7, 5], [5, -1], [0, -2147483648], [1, 2], [-3, -1]),
  slice([2, 6], [0, 1], [2, 5], undefined, undefined, { mixesBatch }),
  slice([4, 3], [-1], [-99], [0], [-1], { mixesBatch }),
  slice([2, 5], [0], [9], [1], [3]),
  { op: "Slice", about: "int64", inputs: [fed([1, 2, 3, 4, 5]), ints([-1]), ints([-9]), ints([0]), ints([-2])] },
  split([2, 6, 3], 1, [1, 2, 3]),
  split([2, 6, 3], -2, [4, 2]),
  split([2, 3, 4], 2, null, { num_outputs: 2 }),
  split([2, 7], 1, null, { num_outputs: 3 }),
  split([4, 3], 0, null, { num_outputs: 2 }, { mixesBatch }),
  { op: "Tile", inputs: [x([2, 3, 2]), ints([1, 2, 3])] },
  { op: "Tile", about: "the batch", inputs: [x([2, 3]), ints([2, 1])], mixesBatch },
  { op: "Tile", about: "every axis", inputs: [x([2, 3, 2, 2]), ints([2, 2, 1, 3])], mixesBatch },
  pad([2, 3, 4], [0, 1, 2, 0, 0, 3], "constant"),
  pad([2, 3, 4], [1, 2], "constant", [-1]),
  pad([2, 3, 4], [1, 0, 2, 1], "constant", [2, 1], w([])),
  pad([2, 3], [0, 1, 0, 1], "constant", undefined, floats([-1.5], [])),
  pad([2, 4, 5], [0, -1, 1, 0, 2, -2], "constant", undefined, w([])),
  pad([2, 3, 4], [1, 0, 0, 0, 0, 1], "constant", undefined, undefined, { mixesBatch }),
  pad([2, 3, 4], [0, 1, 2, 0, 2, 3], "edge"),
  pad([2, 3, 4], [2, 1], "edge", [1]),
  pad([2, 3, 4], [0, 1, 2, 0, 2, 3], "reflect"),
  pad([2, 3, 4], [1, 3], "reflect", [-1]),
  pad([2, 5], [-2, 1], "edge", [1]),
  pad([2, 6], [2, -3], "reflect", [1]),
  pad([2, 6], [-1, -2], "edge", [1]),
  pad([2, 3, 4], [0, 1, 2, 0, 2, 3], "wrap"),
  { op: "Pad", about: "int64", inputs: [fed([1, 2]), ints([1, 2]), fed([7], [])] },
];
