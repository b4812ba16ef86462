/** Comparisons, logic and choice. */
import { draw, fed, floats, type Row, truth, w, x } from "../row.ts";

const d = draw("comparison");
const s3 = d.shape(3);
const part = (shape: readonly number[]): number[] => shape.slice(1).map((n) => d.pick([1, n]));
const distinct = { distinct: true } as const;

const comparing = (op: string): Row[] => [
  { op, inputs: [x(s3, -2, 2, distinct), x(s3, -2, 2, distinct)] },
  { op, about: "broadcast weight", inputs: [x(s3, -2, 2, distinct), w(part(s3), -2, 2, distinct)] },
  { op, about: "scalar", inputs: [x(s3, -2, 2, { kinks: [0.5] }), floats([0.5], [])] },
  { op, about: "int64", inputs: [fed([1, 2, 3, -4]), fed([2], [])] },
];

const logic = (op: string): Row[] => [
  { op, inputs: [truth([3, 4]), truth([3, 4])] },
  { op, about: "broadcast", inputs: [truth([2, 3, 4]), truth([3, 1])] },
];

const chosen = fed([1, 0, 0, 1, 1, 0], [2, 3], "bool");

export const comparison: Row[] = [
  ...["Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal"].flatMap(comparing),
  { op: "Equal", about: "of equals", inputs: [x([2, 3], 1, 1), floats([1, 2, 1])], steep: "a jump" },
  { op: "Equal", about: "bool", inputs: [truth([4]), truth([4])], loose: "no gap: a truth value is a point" },
  { op: "Not", inputs: [truth(s3)] },
  ...["And", "Or", "Xor"].flatMap(logic),
  { op: "IsNaN", inputs: [x([2, 3])] },
  { op: "IsNaN", about: "of some", inputs: [floats([1, Number.NaN, Number.POSITIVE_INFINITY])] },
  { op: "IsInf", inputs: [x([2, 3])] },
  { op: "IsInf", about: "of some", inputs: [floats([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])] },
  { op: "IsInf", about: "below", attrs: { detect_positive: 0 }, inputs: [floats([1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])] },
  { op: "Where", inputs: [chosen, x([2, 3]), x([2, 3])], mixesBatch: true },
  { op: "Where", about: "known condition over the batch", inputs: [fed([1, 0, 1], [1, 3], "bool"), x([4, 3]), x([4, 3])] },
  { op: "Where", about: "broadcast condition and weight", inputs: [fed([0, 1, 1], [3], "bool"), x([4, 3]), w([1, 3])] },
  { op: "Where", about: "weights only where chosen", inputs: [fed([1, 0], [2, 1], "bool"), w([3]), x([2, 2, 3])] },
  { op: "Where", about: "perturbed condition", inputs: [truth([2, 3]), x([2, 3]), w([3])], mixesBatch: true },
  { op: "Where", about: "int64", inputs: [fed([1, 0], [2], "bool"), fed([4, 5]), fed([-1], [])] },
];
