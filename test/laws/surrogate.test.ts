/** Straight through: what is pulled back where the true gradient is zero, in closed form; and never unless it is asked for. */
import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../../src/base/index.ts";
import { type Emit, input, type Value } from "../../src/graph/index.ts";
import { ops } from "../../src/ops/index.ts";
import { builder, gradientFlow, gradOf } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";
import { RUN } from "./graphs.ts";

const at = (...xs: number[]): Tensor => tensor(xs, [1, xs.length]);
const FLOAT = 1;
const sigmoidSlope = (x: number) => 1 / (1 + Math.exp(-x)) / (1 + Math.exp(x));
const one = (op: string) => (e: Emit, x: Value) => e.node(op, [x])[0]!;
const float = (e: Emit, v: Value) => e.Cast(v, { to: FLOAT });
const integer = (e: Emit, values: number[], dtype: "uint8" | "int8") =>
  e.constant(tensor(values, values.length === 1 ? [] : [values.length], dtype));

const quantized = (e: Emit, x: Value, between: (q: Value) => Value = (q) => q): Value => {
  const [scale, zero] = [e.scalar(0.5, x), integer(e, [10], "uint8")];
  return e.node("DequantizeLinear", [between(e.node("QuantizeLinear", [x, scale, zero])[0]!), scale, zero])[0]!;
};

/** h·1[h > 0] */
const masked = (e: Emit, h: Value): Value => e.Mul(h, float(e, e.Greater(h, e.scalar(0, h))));

/** The surrogate gradient of the sum of f. */
const table: [what: string, f: (e: Emit, x: Value) => Value, at: Tensor, want: readonly number[]][] = [
  ["Round", one("Round"), at(0.4, 1.6, -2.5), [1, 1, 1]],
  ["Floor", one("Floor"), at(0.4, 1.6), [1, 1]],
  ["Ceil", one("Ceil"), at(0.4, 1.6), [1, 1]],
  ["Sign within [−1, 1]", one("Sign"), at(0.4, -0.9, 1.5, -2), [1, 1, 0, 0]],
  ["a comparison, as a number", (e, x) => float(e, e.Greater(x, e.scalar(0.5, x))), at(0.5, 2), [0.25, sigmoidSlope(1.5)]],
  ["the other way", (e, x) => float(e, e.Less(x, e.scalar(0.5, x))), at(0.5, 2), [-0.25, -sigmoidSlope(1.5)]],
  ["at most", (e, x) => float(e, e.LessOrEqual(x, e.scalar(0.5, x))), at(0.5), [-0.25]],
  ["at least, the threshold moving", (e, x) => float(e, e.GreaterOrEqual(e.scalar(0.5, x), x)), at(0.5), [-0.25]],
  ["not", (e, x) => float(e, e.Not(e.Greater(x, e.scalar(0, x)))), at(0), [-0.25]],
  [
    "within two thresholds",
    (e, x) => float(e, e.And(e.Greater(x, e.scalar(-1, x)), e.Less(x, e.scalar(1, x)))),
    at(0, 3),
    // beyond the second, the first has no say; inside, both pull
    [sigmoidSlope(1) - sigmoidSlope(-1), -sigmoidSlope(2)],
  ],
  [
    "outside two thresholds",
    (e, x) => float(e, e.Or(e.Less(x, e.scalar(-1, x)), e.Greater(x, e.scalar(1, x)))),
    at(0, 3),
    [sigmoidSlope(-1) - sigmoidSlope(1), sigmoidSlope(2)],
  ],
  ["a choice of two constants", (e, x) => e.Where(e.Greater(x, e.scalar(0, x)), e.scalar(3, x), e.scalar(1, x)), at(0), [2 * 0.25]],
  // the choices carry the true gradient: a rectifier stays one
  ["a choice of data", (e, x) => e.Where(e.Greater(x, e.scalar(0, x)), x, e.scalar(0, x)), at(-1, 2), [0, 1]],
  [
    "a choice of what no constant says but no input moves",
    (e, x) => e.Where(e.Greater(x, e.scalar(0, x)), e.Expand(e.scalar(3, x), e.Shape(x)), e.scalar(1, x)),
    at(0),
    [2 * 0.25],
  ],
  // the true gradient tells of the numbers a truth was made of, and nothing is added to it
  ["a rectifier written as a mask", (e, x) => masked(e, e.Mul(x, e.scalar(2, x))), at(-1, 0.3, 2), [0, 2, 2]],
  [
    "a leaky one, of a mask and its complement",
    (e, x) => {
      const m = float(e, e.Greater(x, e.scalar(0, x)));
      return e.Add(e.Mul(x, m), e.Mul(e.Mul(x, e.scalar(0.1, x)), e.Sub(e.scalar(1, x), m)));
    },
    at(-1, 0.3),
    [0.1, 1],
  ],
  ["a mask in front of a quantiser", (e, x) => quantized(e, masked(e, x)), at(-1, 0.3), [0, 1]],
  [
    // Xiao et al. 2020, arXiv:1905.10510: steps of the height of the least, which the attack has to see
    "winners take all: both gradients",
    (e, x) => {
      const least = e.Slice(x, e.ints([1]), e.ints([2]), e.ints([1]), e.ints([1]));
      return e.Mul(x, float(e, e.GreaterOrEqual(x, least)));
    },
    at(2, 0.5, 0.2),
    [1 + 2 * sigmoidSlope(1.5), 1 - 2 * sigmoidSlope(1.5) - 0.2 * sigmoidSlope(-0.3), 0.2 * sigmoidSlope(-0.3)],
  ],
  [
    "a mask over a binarised input",
    (e, x) => masked(e, e.Sub(float(e, e.Greater(x, e.scalar(0.5, x))), e.scalar(0.2, x))),
    at(0.5, 0.7),
    [0, sigmoidSlope(0.2)],
  ],
  ["cut to whole numbers and back", (e, x) => float(e, e.Cast(x, { to: 7 })), at(1.7, -3.2), [1, 1]],
  ["quantised and back", (e, x) => quantized(e, x), at(0.3, -5.4, 122.4, 123), [1, 0, 1, 0]],
  ["quantised, reshaped and back", (e, x) => quantized(e, x, (q) => e.Reshape(q, e.ints([0, 1, -1]))), at(0.3, -9), [1, 0]],
  ["quantised, chosen and back", (e, x) => quantized(e, x, (q) => e.Gather(q, e.ints([1, 1]), { axis: 1 })), at(0.3, 1), [0, 2]],
  [
    "a channel at a time",
    (e, x) => {
      const [scale, zero] = [e.constant(tensor([0.5, 0.25], [2])), integer(e, [0, 100], "int8")];
      const q = e.node("QuantizeLinear", [x, scale, zero], { axis: 1 })[0]!;
      return e.node("DequantizeLinear", [q, scale, zero], { axis: 1 })[0]!;
    },
    at(60, 10),
    [1, 0],
  ],
  ["Clip is exact", (e, x) => e.node("Clip", [x, e.scalar(0, x), e.scalar(1, x)])[0]!, at(-1, 0.5, 2), [0, 1, 0]],
  [
    // Buckman et al. 2018: x > k/4 for k = 0…3
    "a thermometer",
    (e, x) => float(e, e.Greater(e.Unsqueeze(x, e.ints([-1])), e.constant(tensor([0, 0.25, 0.5, 0.75], [4])))),
    at(0.5),
    [sigmoidSlope(0.5) + 2 * sigmoidSlope(0.25) + sigmoidSlope(0)],
  ],
];

async function gradient(f: (e: Emit, x: Value) => Value, point: Tensor, surrogate: boolean): Promise<number[]> {
  const e = builder();
  const x = input("float32", point.shape);
  const y = f(e, x);
  const loss = e.ReduceSum(y, null, { keepdims: 0 });
  const [g] = gradOf(e, loss, [x], undefined, { surrogate });
  const program = await compile({ inputs: [x], outputs: [g!] }, RUN);
  const [found] = await program.run([point]);
  await program.release();
  return Array.from(found!.data as Float32Array);
}

describe("the surrogate gradient", () => {
  test.each(table)("%s", async (_, f, point, want) => {
    const got = await gradient(f, point, true);
    expect(got.length).toBe(want.length);
    for (const [i, v] of want.entries()) expect(got[i]).toBeCloseTo(v, 5);
  });
});

test.each(table.filter(([what]) => !/of data|Clip|mask|winners/.test(what)))(
  "without asking, the gradient of %s is zero",
  async (_, f, point) => {
    expect((await gradient(f, point, false)).every((v) => v === 0)).toBe(true);
  },
);

test("every record with a surrogate is met here", () => {
  const e = builder();
  const x = input("float32", [1, 2]);
  const met = new Set(table.flatMap(([, f]) => gradientFlow({ inputs: [x], outputs: [f(e, x)] }).map(({ op }) => op)));
  expect(Object.keys(ops).filter((name) => ops[name]!.surrogate && !met.has(name))).toEqual([]);
});

describe("where a gradient flows", () => {
  const flowOf = (f: (e: Emit, x: Value) => Value) => {
    const x = input("float32", [2, 4], "x", ["N", 4]);
    return gradientFlow({ inputs: [x], outputs: [f(builder(), x)] }).map(({ op, flow, reason }) => [op, flow, reason ?? ""]);
  };
  const nowhere = "its gradient is zero almost everywhere";

  test("through smooth operators, and through those that are composed", () => {
    expect(flowOf((e, x) => e.node("LpNormalization", [e.Relu(x)])[0]!)).toEqual([
      ["Relu", "differentiable", ""],
      ["LpNormalization", "differentiable", ""],
    ]);
  });

  test("straight through a quantiser", () => {
    expect(flowOf((e, x) => quantized(e, x))).toEqual([
      ["QuantizeLinear", "straight-through", nowhere],
      ["DequantizeLinear", "differentiable", ""],
    ]);
  });

  test("no further than an index, or an operator without a gradient", () => {
    const flow = flowOf((e, x) => e.Mul(float(e, e.node("ArgMax", [x], { axis: 1 })[0]!), e.node("ReduceProd", [x, e.ints([1])])[0]!));
    expect(flow).toEqual([
      ["ArgMax", "stops", nowhere],
      ["ReduceProd", "stops", "products of many numbers have no stable gradient by division"],
      ["Mul", "differentiable", ""],
    ]);
  });

  test("straight through only where a surrogate is used", () => {
    const whole = (f: (e: Emit, x: Value) => Value) => flowOf(f).filter(([, flow]) => flow !== "differentiable");
    expect(whole((e, x) => e.Where(e.Greater(x, e.scalar(0, x)), x, e.Mul(x, e.scalar(0.1, x))))).toEqual([]);
    expect(whole(masked)).toEqual([]);
    expect(whole((e, x) => e.node("Round", [e.Where(e.Less(x, e.scalar(0, x)), x, x)])[0]!).map(([op]) => op)).toEqual(["Round"]);
    expect(whole((e, x) => float(e, e.Greater(x, e.scalar(0, x)))).map(([op]) => op)).toEqual(["Greater", "Cast"]);
    // all that stops, one behind the other
    const best = (e: Emit, x: Value) =>
      e.Equal(e.node("ArgMax", [e.node("Round", [x])[0]!], { axis: 1, keepdims: 1 })[0]!, e.ints([0, 1, 2, 3]));
    expect(whole((e, x) => e.Where(best(e, x), e.scalar(1, x), e.scalar(0, x)))).toEqual([
      ["ArgMax", "stops", nowhere],
      ["Equal", "stops", nowhere],
    ]);
  });

  test("an input cut to whole numbers is told from a number format", () => {
    const told = (f: (e: Emit, x: Value) => Value) => {
      const x = input("float32", [2, 4], "x", ["N", 4]);
      const nodes = gradientFlow({ inputs: [x], outputs: [f(builder(), x)] });
      return nodes.filter(({ flow }) => flow === "straight-through").map(({ op, quantises }) => [op, quantises ?? false]);
    };
    const cut = (e: Emit, x: Value) => float(e, e.Cast(e.Mul(x, e.scalar(3, x)), { to: 6 }));
    expect(told((e, x) => e.Mul(cut(e, x), e.scalar(1 / 3, x)))).toEqual([
      ["Cast", false],
      ["Cast", false],
    ]);
    expect(told((e, x) => quantized(e, x))).toEqual([["QuantizeLinear", true]]);
    // as `MatMulInteger` is read, behind `DynamicQuantizeLinear`
    const product = (scaled: (e: Emit, v: Value, scale: Value) => Value) => (e: Emit, x: Value) => {
      const [q, scale, zero] = e.node("DynamicQuantizeLinear", [x]);
      const w = e.constant(tensor([1, -2, 3, 4], [4, 1], "int8"));
      const y = e.Cast(e.MatMul(e.Sub(float(e, q!), float(e, zero!)), float(e, w)), { to: 6 });
      return scaled(e, float(e, y), scale!);
    };
    const dynamic = told(product((e, v, scale) => e.Mul(v, scale)));
    expect(new Set(dynamic.map(([op]) => op))).toEqual(new Set(["DynamicQuantizeLinear", "Cast"]));
    expect(dynamic.every(([, quantises]) => quantises)).toBe(true);
    // and what is cut once the whole numbers are left is no format
    expect(told(product((e, v) => cut(e, e.Mul(v, e.scalar(0.3, v))))).filter(([, quantises]) => !quantises).length).toBe(2);
  });

  test("not through what follows from shapes alone", () => {
    expect(flowOf((e, x) => e.Reshape(x, e.Shape(x))).map(([op]) => op)).toEqual(["Reshape"]);
  });

  test("from float inputs only", () => {
    const [i, w] = [input("int64", [2]), input("float32", [3, 4], "w")];
    const e = builder();
    const y = e.Gather(e.constant(tensor([1, 2, 3], [3])), i, { axis: 0 });
    expect(gradientFlow({ inputs: [i, w], outputs: [y] })).toEqual([]);
  });
});
