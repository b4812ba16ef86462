/** Trigonometric and hyperbolic functions other than sine and cosine. */
import { type Row, w, x } from "../row.ts";

const over = (op: string, low: number, high: number, about?: string): Row[] => [
  { op, ...(about && { about }), inputs: [x([2, 3], low, high)] },
  { op, about: `${about ?? ""} scalar`, inputs: [w([], low, high)] },
];

export const trigonometry: Row[] = [
  ...over("Tan", -1.2, 1.2),
  { op: "Tan", about: "the next branch", inputs: [x([2, 3], 2, 4.2)] },
  { op: "Tan", about: "across a pole", inputs: [x([2, 3], 1, 2)], steep: "a pole", unbounded: "a pole" },
  ...over("Asin", -0.9, 0.9),
  ...over("Acos", -0.9, 0.9),
  ...over("Atan", -4, 4),
  { op: "Atan", about: "far out", inputs: [x([2, 3], -300, 300)] },
  { op: "Atan", about: "on one side", inputs: [x([2, 3], 0.5, 3)] },
  ...over("Sinh", -2, 2),
  ...over("Cosh", -2, 2),
  ...over("Asinh", -4, 4),
  ...over("Acosh", 1.2, 4),
  ...over("Atanh", -0.9, 0.9),
];
