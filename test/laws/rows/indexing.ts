/** Elements chosen or placed by index; constants and conversions. */
import { tensor } from "../../../src/base/index.ts";
import type { Attrs } from "../../../src/graph/index.ts";
import { draw, fed, floats, ints, type Row, tiled, truth, w, x } from "../row.ts";

const d = draw("indexing");
const mixesBatch = true;

const gather = (shape: number[], axis: number, indices: number[], of: number[], more: Partial<Row> = {}): Row => ({
  op: "Gather",
  about: `[${shape}] axis ${axis} by [${of}]`,
  attrs: { axis },
  inputs: [x(shape), ints(indices, of)],
  ...more,
});

const cast = (to: number, about: string, source: Row["inputs"][0], more: Partial<Row> = {}): Row => ({
  op: "Cast",
  about,
  attrs: { to },
  inputs: [source],
  ...more,
});
const whole = [-2, -1, 0, 1, 2];

const sums: readonly Attrs[] = [{}, { exclusive: 1 }, { reverse: 1 }, { exclusive: 1, reverse: 1 }];

export const indexing: Row[] = [
  gather([2, 5, 3], 1, d.indices(4, 5), [4]),
  gather([2, 5, 3], -1, [0, -1, 2, 0], [2, 2]),
  gather([2, 5], 1, [3], []),
  gather([4, 3], 0, [2, 0, 2], [3], { mixesBatch }),
  gather([2, 3, 2, 4], 2, [1, 1, 0], [3]),
  { op: "Gather", about: "indices fed", attrs: { axis: 1 }, inputs: [x([2, 5, 3]), fed([4, 0, 0])] },
  { op: "Gather", about: "a table by indices", inputs: [w([5, 3]), fed([4, 0, 0, 1], [2, 2])] },
  { op: "Gather", about: "int64", inputs: [fed([7, 8, 9]), ints([-1], [])] },
  { op: "GatherElements", attrs: { axis: 1 }, inputs: [x([2, 4]), fed([3, 0, 0, 1, 2, -1], [2, 3])], mixesBatch },
  { op: "GatherElements", about: "over the batch", attrs: { axis: 0 }, inputs: [x([3, 2]), ints([2, 0, 1, 1], [2, 2])], mixesBatch },
  {
    op: "GatherElements",
    about: "the same for each sample",
    attrs: { axis: -1 },
    inputs: [x([2, 2, 4]), tiled([3, 0, 1, 2, 2, 1], [1, 2, 3])],
  },
  {
    op: "ScatterElements",
    about: "placed",
    attrs: { axis: 1 },
    inputs: [x([2, 4]), fed([3, 0, 1, 2], [2, 2]), x([2, 2])],
    mixesBatch,
  },
  {
    op: "ScatterElements",
    about: "added",
    attrs: { axis: 1, reduction: "add" },
    inputs: [x([2, 4]), fed([3, 0, 3, 2, 2, -2], [2, 3]), x([2, 3])],
    mixesBatch,
  },
  {
    op: "ScatterElements",
    about: "over the batch",
    attrs: { axis: 0, reduction: "add" },
    inputs: [x([3, 2]), ints([2, 0], [1, 2]), w([1, 2])],
    mixesBatch,
  },
  {
    op: "ScatterElements",
    about: "added, the same for each sample",
    attrs: { axis: 2, reduction: "add" },
    inputs: [x([2, 2, 4]), tiled([3, 0, 1, 2, 2, 1], [1, 2, 3]), x([2, 2, 3])],
  },
  {
    op: "ScatterElements",
    about: "placed, the same for each sample",
    attrs: { axis: -1 },
    inputs: [x([2, 2, 4]), tiled([3, 0, 1, 0, 2, 1], [1, 2, 3]), x([2, 2, 3])],
  },
  { op: "GatherND", inputs: [x([2, 3, 2]), fed([0, 1, 1, 2, 0, 1], [3, 2])], mixesBatch },
  { op: "GatherND", about: "to single elements", inputs: [x([2, 3]), ints([0, 1, 1, -1, 0, 1], [3, 2])], mixesBatch },
  {
    op: "GatherND",
    about: "of each sample",
    attrs: { batch_dims: 1 },
    inputs: [x([2, 3, 2]), tiled([0, 2, 2], [1, 3, 1])],
  },
  {
    op: "GatherND",
    about: "two batch axes",
    attrs: { batch_dims: 2 },
    inputs: [x([2, 2, 3]), tiled([0, 2], [1, 2, 1])],
  },
  { op: "ScatterND", about: "placed", inputs: [x([3, 2]), fed([2, 0], [2, 1]), x([2, 2])], mixesBatch },
  { op: "ScatterND", about: "added", attrs: { reduction: "add" }, inputs: [x([3, 2]), fed([2, 0, 2], [3, 1]), x([3, 2])], mixesBatch },
  {
    op: "ScatterND",
    about: "every sample",
    inputs: [w([2, 3]), ints([0, 0, 1, 2], [2, 2]), x([2], -2, 2)],
    mixesBatch,
  },
  {
    op: "ScatterND",
    about: "a row of each sample",
    build: (e, [v, u]) => {
      const turned = e.Transpose(v!, { perm: [1, 0, 2] });
      const at = e.constant(tensor([2, 0], [2, 1], "int64"));
      return [e.Transpose(e.node("ScatterND", [turned, at, e.Transpose(u!, { perm: [1, 0, 2] })])[0]!, { perm: [1, 0, 2] })];
    },
    inputs: [x([2, 3, 2]), x([2, 2, 2])],
    mixesBatch,
  },
  ...sums.map((attrs): Row => ({ op: "CumSum", about: JSON.stringify(attrs), attrs, inputs: [x([2, 4]), ints([1], [])] })),
  { op: "CumSum", about: "axis -2", inputs: [x([2, 3, 2]), ints([-2], [])] },
  { op: "Trilu", inputs: [x([2, 3, 4])] },
  { op: "Trilu", about: "lower, above the diagonal", attrs: { upper: 0 }, inputs: [x([2, 3, 3]), ints([1], [])] },
  { op: "Trilu", about: "upper, below the diagonal", inputs: [x([2, 4, 3]), ints([-1], [])] },
  { op: "Trilu", about: "bool", attrs: { upper: 0 }, inputs: [fed([1, 1, 1, 1], [2, 2], "bool")] },
  { op: "NonZero", inputs: [ints([0, 2, 3, 0, 0, -1], [2, 3])] },
  { op: "NonZero", about: "nothing", inputs: [ints([0, 0])] },
  { op: "EyeLike", inputs: [fed([5, 5, 5, 5, 5, 5], [2, 3])] },
  { op: "EyeLike", about: "another type, off the diagonal", attrs: { k: 1, dtype: 1 }, inputs: [fed([5, 5, 5, 5, 5, 5], [2, 3])] },
  { op: "Size", inputs: [x([2, 3])], mixesBatch },
  { op: "Constant", about: "tensor", attrs: { value: tensor([1, 2, 3, 4], [2, 2]) }, inputs: [] },
  { op: "Constant", about: "float", attrs: { value_float: 2 }, inputs: [] },
  { op: "Constant", about: "floats", attrs: { value_floats: [1, 2.5] }, inputs: [] },
  { op: "Constant", about: "int", attrs: { value_int: -3 }, inputs: [] },
  { op: "Constant", about: "ints", attrs: { value_ints: [3, 4] }, inputs: [] },
  { op: "ConstantOfShape", inputs: [ints([2, 3])] },
  { op: "ConstantOfShape", about: "int64", attrs: { value: tensor([7], [1], "int64") }, inputs: [ints([2])] },
  { op: "ConstantOfShape", about: "scalar", attrs: { value: tensor([0.5], [1]) }, inputs: [ints([])] },
  { op: "Range", inputs: [ints([1], []), ints([8], []), ints([3], [])] },
  { op: "Range", about: "down", inputs: [ints([5], []), ints([-2], []), ints([-2], [])] },
  { op: "Range", about: "empty", inputs: [ints([5], []), ints([2], []), ints([1], [])] },
  { op: "Range", about: "floats", inputs: [floats([0], []), floats([1], []), floats([0.25], [])] },
  cast(1, "to float32", x([2, 3]), { steep: "rounds to float32" }),
  cast(11, "to float64", x([2, 3])),
  cast(7, "to int64, towards zero", x([2, 3], -2.5, 2.5, { kinks: whole })),
  cast(6, "to int32", x([2, 3], -2.5, 2.5, { kinks: whole })),
  cast(9, "to bool", x([2, 3], -2, 2, { kinks: [0] }), { loose: "any width reaches both" }),
  cast(1, "from bool", truth([2, 3])),
  cast(1, "from int64", fed([3, -4])),
  cast(7, "from bool", fed([1, 0], [2], "bool")),
  cast(9, "int64 to bool", fed([3, 0, -4])),
];
