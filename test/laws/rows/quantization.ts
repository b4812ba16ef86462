/** Floats as whole numbers and back. The kinks of a quantiser are its steps: samples keep off them. */

import { tensor } from "../../../src/base/index.ts";
import { fed, fixed, floats, type Row, w, x } from "../row.ts";

/** Where x/scale is a whole number and a half. */
const halves = (scale: number, low: number, high: number): number[] =>
  Array.from({ length: Math.ceil((high - low) / scale) + 2 }, (_, k) => (Math.floor(low / scale) + k + 0.5) * scale);
const kinks = halves(0.25, -2, 2);

const zeroPoint = (values: number[], dtype: "int8" | "uint8" | "int16" | "uint16", shape: number[] = []) =>
  fixed(tensor(values, shape, dtype));

export const quantization: Row[] = [
  { op: "QuantizeLinear", inputs: [x([2, 3], -2, 2, { kinks }), floats([0.25], []), zeroPoint([128], "uint8")] },
  { op: "QuantizeLinear", about: "int8", inputs: [x([2, 3], -2, 2, { kinks }), floats([0.25], []), zeroPoint([-3], "int8")] },
  { op: "QuantizeLinear", about: "saturated", inputs: [x([2, 8], -90, 90), floats([0.25], []), zeroPoint([0], "int8")], steep: "steps" },
  { op: "QuantizeLinear", about: "no zero point", inputs: [x([2, 3], -2, 2, { kinks }), floats([0.25], [])] },
  {
    op: "QuantizeLinear",
    about: "a scale a channel",
    attrs: { axis: 1 },
    inputs: [x([2, 3, 2], -2, 2, { kinks: halves(0.125, -2, 2) }), floats([0.25, 0.5, 0.125]), zeroPoint([0, 3, 128], "uint8", [3])],
    steep: "steps",
  },
  { op: "QuantizeLinear", about: "int16", inputs: [x([2, 3], -2, 2, { kinks }), floats([0.25], []), zeroPoint([7], "int16")] },
  { op: "DequantizeLinear", inputs: [fed([3, 250, 0, 128], [2, 2], "uint8"), w([], 0.1, 1), zeroPoint([128], "uint8")] },
  { op: "DequantizeLinear", about: "no zero point", inputs: [fed([3, -128, 0, 127], [2, 2], "int8"), w([], 0.1, 1)] },
  { op: "DequantizeLinear", about: "int32", inputs: [fed([30000, -7], [2], "int32"), w([], 0.1, 1)] },
  {
    op: "DequantizeLinear",
    about: "a scale a channel",
    attrs: { axis: 0 },
    inputs: [fed([3, -128, 0, 127, 5, 9], [2, 3], "int8"), w([2], 0.1, 1), zeroPoint([1, -4], "int8", [2])],
  },
  {
    op: "DequantizeLinear",
    about: "axis -1",
    attrs: { axis: -1 },
    inputs: [fed([3, 128, 0, 127, 5, 9], [2, 3], "uint8"), w([3], 0.1, 1), zeroPoint([1, 4, 0], "uint8", [3])],
  },
  { op: "DynamicQuantizeLinear", inputs: [x([2, 3])], mixesBatch: true, steep: "steps" },
  { op: "DynamicQuantizeLinear", about: "of one sign", inputs: [x([2, 3], 1, 2)], mixesBatch: true, steep: "steps" },
];
