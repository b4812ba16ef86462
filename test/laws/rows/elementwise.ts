/** Arithmetic, rounding and waves. */
import { draw, fed, floats, ints, type Row, w, x } from "../row.ts";

const d = draw("elementwise");
const s2 = d.shape(2);
const s3 = d.shape(3);
const s4 = d.shape(4);
/** The trailing part of a shape, some axes 1: broadcasts against the whole. */
const part = (shape: readonly number[]): number[] => shape.slice(1).map((n) => d.pick([1, n]));
/** The same rank, inner axes 1 at random. */
const thin = (shape: readonly number[]): number[] => [shape[0]!, ...part(shape)];

/** Both data, data and a broadcast weight, both broadcast, a scalar, and a weight of higher rank. */
const binary = (op: string, low = -2, high = 2, otherLow = low, otherHigh = high, more: Partial<Row> = {}): Row[] => [
  { op, inputs: [x(s3, low, high), x(s3, otherLow, otherHigh)], ...more },
  { op, about: "broadcast weight", inputs: [x(s4, low, high), w(part(s4), otherLow, otherHigh)], ...more },
  { op, about: "weight first", inputs: [w(part(s3), low, high), x(s3, otherLow, otherHigh)], ...more },
  { op, about: "both spread", inputs: [x([s3[0]!, 1, 3], low, high), x([s3[0]!, 4, 1], otherLow, otherHigh)], ...more },
  { op, about: "thin data", inputs: [x(thin(s4), low, high), x(s4, otherLow, otherHigh)], ...more },
  { op, about: "scalar", inputs: [x(s2, low, high), w([], otherLow, otherHigh)], ...more },
  { op, about: "axis of the batch added", inputs: [x([3], low, high), w([2, 3], otherLow, otherHigh)], mixesBatch: true, ...more },
];

/** Shape arithmetic. */
const integers = (op: string): Row => ({ op, about: "int64", inputs: [fed([7, -7, 5, 0]), fed([2, 2, -3, 4])] });

const unary = (op: string, low = -2, high = 2, kinks: number[] = [], more: Partial<Row> = {}): Row[] => [
  { op, inputs: [x(d.shape(d.int(1, 4)), low, high, { kinks })], ...more },
  { op, about: "scalar", inputs: [w([], low, high, { kinks })], ...more },
];

const power = (p: number, low: number, high: number, more: Partial<Row> = {}): Row => ({
  op: "Pow",
  about: `^${p}`,
  inputs: [x(s3, low, high, { kinks: [0] }), floats([p], [])],
  ...more,
});
const distinct = { distinct: true } as const;

export const elementwise: Row[] = [
  ...["Add", "Sub", "Mul"].flatMap((op) => [...binary(op), integers(op)]),
  ...binary("Div", -2, 2, 0.5, 3),
  { op: "Div", about: "negative denominator", inputs: [x(s3), x(s3, -3, -0.4)] },
  { op: "Div", about: "constant denominators of both signs", inputs: [x(s3), floats([2, -0.5, 3, -1].slice(0, s3[2]))] },
  integers("Div"),
  ...unary("Neg"),
  { op: "Neg", about: "int64", inputs: [fed([3, -4])] },
  ...unary("Abs", -2, 2, [0]),
  ...unary("Sign", -2, 2, [0]),
  ...unary("Exp"),
  ...unary("Log", 0.2, 4),
  ...unary("Sqrt", 0.2, 4),
  ...unary("Reciprocal", 0.3, 3),
  { op: "Reciprocal", about: "negative", inputs: [x(s3, -3, -0.3)] },
  { op: "Reciprocal", about: "both sides of the pole", inputs: [x(s3, -3, 3, { kinks: [0] })], steep: "a pole", unbounded: "a pole" },
  power(2, -2, 2),
  power(1, -2, 2),
  power(3, -2, 2),
  power(4, -1.5, 1.5),
  power(5, -1.5, 1.5),
  power(0, -2, 2),
  power(6, -1.2, 1.2),
  power(-3, -2, -0.4),
  power(0.5, 0.2, 4),
  power(1.5, 0.2, 4),
  power(-1, 0.3, 3),
  power(-2, 0.3, 3),
  power(-0.5, 0.3, 3),
  { op: "Pow", about: "exponents of data", inputs: [x(s3, 0.3, 2), x(s3, -2, 2)] },
  { op: "Pow", about: "weights as exponents", inputs: [x(s3, 0.3, 2), w(part(s3), 0.5, 2)] },
  { op: "Pow", about: "int64 exponent", inputs: [x(s3, 0.3, 2), ints([3], [])] },
  ...["Max", "Min"].flatMap((op): Row[] => [
    { op, inputs: [x(s3, -2, 2, distinct), x(s3, -2, 2, distinct)] },
    { op, about: "broadcast weight", inputs: [x(s3, -2, 2, distinct), w(part(s3), -2, 2, distinct)] },
    { op, about: "of three", inputs: [x(s3, -2, 2, distinct), x(s3, -2, 2, distinct), w([1, s3[2]!], -2, 2, distinct)] },
    { op, about: "of one", inputs: [x(s3)] },
    { op, about: "int64", inputs: [fed([1, -2, 3]), fed([0, 5, 3])] },
  ]),
  ...["Sum", "Mean"].flatMap((op): Row[] => [
    { op, inputs: [x(s3), x(s3), x(s3)] },
    { op, about: "broadcast weight", inputs: [x(s4), w(part(s4)), w([])] },
    { op, about: "of one", inputs: [x(s3)] },
  ]),
  { op: "Mod", attrs: { fmod: 1 }, inputs: [x([2, 4], 0.6, 0.9), w([4], 0.35, 0.5)] },
  { op: "Mod", about: "negative dividend", attrs: { fmod: 1 }, inputs: [x([2, 4], -0.9, -0.6), w([4], 0.35, 0.5)] },
  { op: "Mod", about: "int64, the divisor's sign", inputs: [fed([7, -7, 5, -5, 6]), fed([3, 3, -3, -3, 3])] },
  { op: "Mod", about: "int64, the dividend's sign", attrs: { fmod: 1 }, inputs: [fed([7, -7, 5, -5, 6]), fed([3, 3, -3, -3, 3])] },
  { op: "Round", about: "ties", inputs: [floats([0.5, 1.5, -0.5, -1.5, 2.5, 0.3, -0.7])] },
  ...unary("Round", -2.5, 2.5, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]),
  ...["Floor", "Ceil"].flatMap((op) => unary(op, -2.5, 2.5, [-2, -1, 0, 1, 2])),
  ...["Sin", "Cos"].flatMap((op) => [...unary(op, -2, 2), { op, about: "several turns", inputs: [x(s3, -9, 9)] }]),
];
