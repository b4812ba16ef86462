/** Reductions over axes. */
import { draw, type Floats, fed, ints, type Row, x } from "../row.ts";

const d = draw("reduction");
const s3 = d.shape(3);
const s4 = d.shape(4);

const distinct = { distinct: true } as const;
/** Numbers that this reduction can be differentiated at. */
const at: Record<string, (shape: readonly number[]) => Floats> = {
  ReduceMax: (s) => x(s, -2, 2, distinct),
  ReduceMin: (s) => x(s, -2, 2, distinct),
  ReduceLogSum: (s) => x(s, 0.3, 2),
  ReduceL1: (s) => x(s, -2, 2, { kinks: [0] }),
};

const reducing = (op: string): Row[] => {
  const data = at[op] ?? ((s: readonly number[]) => x(s));
  return [
    { op, about: "last axis", inputs: [data(s3), ints([-1])] },
    { op, about: "inner axes, none kept", attrs: { keepdims: 0 }, inputs: [data(s4), ints([1, -1])] },
    { op, about: "inner axes, kept, out of order", attrs: { keepdims: 1 }, inputs: [data(s4), ints([3, 1])] },
    { op, about: "out of order, none kept", attrs: { keepdims: 0 }, inputs: [data(s4), ints([-1, 1])] },
    { op, about: "the batch", attrs: { keepdims: 0 }, inputs: [data(s3), ints([0])], mixesBatch: true },
    { op, about: "the batch and another, kept", inputs: [data(s3), ints([0, 2])], mixesBatch: true },
    { op, about: "all", attrs: { keepdims: 0 }, inputs: [data(s3)], mixesBatch: true },
    { op, about: "all, kept", inputs: [data(s3)], mixesBatch: true },
    { op, about: "no axes is nothing", attrs: { noop_with_empty_axes: 1 }, inputs: [data(s3)] },
    { op, about: "axes given as none", attrs: { noop_with_empty_axes: 1 }, inputs: [data(s3), ints([])] },
    { op, about: "one element an axis", inputs: [data([2, 1, 3]), ints([1])] },
  ];
};

const choosing = (op: string): Row[] => [
  { op, inputs: [x(s3, -2, 2, distinct)], attrs: { axis: 1 } },
  { op, about: "none kept", inputs: [x(s3, -2, 2, distinct)], attrs: { axis: -1, keepdims: 0 } },
  { op, about: "the batch", inputs: [x(s3, -2, 2, distinct)], mixesBatch: true },
];

export const reduction: Row[] = [
  ...[
    "ReduceSum",
    "ReduceMean",
    "ReduceMax",
    "ReduceMin",
    "ReduceL1",
    "ReduceL2",
    "ReduceSumSquare",
    "ReduceLogSumExp",
    "ReduceLogSum",
    "ReduceProd",
  ].flatMap(reducing),
  ...["ReduceSum", "ReduceProd"].map((op): Row => ({ op, about: "int64", attrs: { keepdims: 0 }, inputs: [fed([3, -4, 5])] })),
  { op: "ReduceL2", about: "far from the origin", inputs: [x(s3, 1, 4), ints([1, 2])] },
  { op: "ReduceLogSumExp", about: "large numbers", inputs: [x([2, 4], 60, 120), ints([1])] },
  ...choosing("ArgMax"),
  ...choosing("ArgMin"),
];
