/** The largest elements, where they are, and indices as unit vectors. */
import { fed, ints, type Row, w, x } from "../row.ts";

const distinct = { distinct: true } as const;
const loose = "where an element lies may be anywhere";

export const ranking: Row[] = [
  { op: "TopK", loose, inputs: [x([2, 5], -2, 2, distinct), ints([2])] },
  { op: "TopK", about: "smallest", attrs: { largest: 0 }, loose, inputs: [x([2, 5], -2, 2, distinct), ints([3])] },
  { op: "TopK", about: "axis 1 of 3", attrs: { axis: 1 }, loose, inputs: [x([2, 4, 3], -2, 2, distinct), ints([2])] },
  { op: "TopK", about: "all", loose, inputs: [x([2, 4], -2, 2, distinct), ints([4])] },
  { op: "Hardmax", inputs: [x([2, 4], -2, 2, distinct)] },
  { op: "Hardmax", about: "axis 1 of 3", attrs: { axis: 1 }, inputs: [x([2, 3, 2], -2, 2, distinct)] },
  { op: "OneHot", inputs: [fed([0, 2, 1]), ints([3], []), w([2])] },
  { op: "OneHot", about: "out of range, from the end", attrs: { axis: 0 }, inputs: [fed([0, 5, -1]), ints([4], []), w([2])] },
  { op: "OneHot", about: "int64", attrs: { axis: 1 }, inputs: [fed([0, 2, 1, 0], [2, 2]), ints([3]), fed([0, 1])] },
];
