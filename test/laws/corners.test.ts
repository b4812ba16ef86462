/** Boxes that are hair-thin, reach out of a domain or overflow: bounds still hold, or claim nothing. */
import { describe, expect, test } from "vitest";
import { fold, full, seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { type Emit, input, type Value } from "../../src/graph/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";
import { crown } from "./crown.ts";
import { RUN } from "./graphs.ts";
import { ibp } from "./ibp.ts";

type Case = readonly [what: string, f: (e: Emit, x: Value) => Value, lo: readonly number[], hi: readonly number[]];

const plus = (e: Emit, y: Value, x: Value, slope: number) => e.Add(y, e.Mul(x, e.scalar(slope, x)));
const pool = (e: Emit, y: Value, width: number) =>
  e.Reshape(e.node("MaxPool", [e.Unsqueeze(y, e.ints([1]))], { kernel_shape: [width], strides: [width] })[0]!, e.ints([0, -1]));
const squares = (e: Emit, x: Value) => e.Sub(e.Pow(x, e.constant(tensor([2, 2], [2]))), e.scalar(10, x));

const cases: readonly Case[] = [
  ["√x − 2000x, thin", (e, x) => plus(e, e.Sqrt(x), x, -2000), [0], [9e-7]],
  ["√x, from below 0 by a bound's looseness", (e, x) => e.Add(e.Sqrt(e.Sub(e.Relu(x), e.Relu(e.Sub(x, e.scalar(0.5, x))))), x), [-1], [1]],
  ["√x, of a box that leaves its domain", (e, x) => e.Sqrt(x), [-1], [2]],
  ["ln x, likewise", (e, x) => e.Log(x), [-1], [2]],
  ["ln x of x alone, likewise, where a line above would do", (e, x) => e.Neg(e.Log(x)), [-0.1], [2]],
  ["x^1.5, likewise", (e, x) => e.Pow(x, e.scalar(1.5, x)), [-1], [2]],
  ["x^−1.5, likewise", (e, x) => e.Pow(x, e.scalar(-1.5, x)), [-1], [2]],
  ["xˣ, likewise", (e, x) => e.Pow(x, x), [-1], [2]],
  ["σ(√x), likewise", (e, x) => e.Sigmoid(e.Sqrt(x)), [-1], [2]],
  ["(√x − 9)⁺, likewise", (e, x) => e.Relu(e.Sub(e.Sqrt(x), e.scalar(9, x))), [-1], [2]],
  ["asin x, likewise", (e, x) => e.Sigmoid(e.node("Asin", [x])[0]!), [-1], [2]],
  ["acos x, likewise", (e, x) => e.Sigmoid(e.node("Acos", [x])[0]!), [-1], [2]],
  ["acosh x, likewise", (e, x) => e.Sigmoid(e.node("Acosh", [x])[0]!), [-1], [2]],
  ["atanh x, likewise", (e, x) => e.Sigmoid(e.node("Atanh", [x])[0]!), [-1], [2]],
  ["the largest of roots, likewise", (e, x) => pool(e, e.Sqrt(x), 2), [-1, 2], [1, 3]],
  ["a quotient of 0 by 0", (e, x) => e.Sigmoid(e.Div(x, x)), [-1], [1]],
  ["a difference of poles", (e, x) => e.Sigmoid(e.Sub(e.Reciprocal(x), e.Reciprocal(x))), [-1], [1]],
  ["a difference of logarithms of 0", (e, x) => e.Sigmoid(e.Sub(e.Log(x), e.Log(x))), [0], [1]],
  ["an overflow over an overflow", (e, x) => e.Sigmoid(e.Div(e.Exp(x), e.Exp(x))), [80], [100]],
  ["a difference of tangents across a pole", (e, x) => e.Sigmoid(e.node("Tan", [x])[0]!), [0], [2]],
  ["ln x − 4·10⁶x, thin", (e, x) => plus(e, e.Log(x), x, -4e6), [1e-7], [1e-6]],
  ["1/x + 1.2·10¹³x, thin", (e, x) => plus(e, e.Reciprocal(x), x, 1.2e13), [1e-7], [1e-6]],
  ["|x|, thin", (e, x) => e.Mul(e.Abs(x), e.scalar(1e6, x)), [-4.9e-7], [4.9e-7]],
  ["eˣ near the largest float", (e, x) => e.Mul(e.Exp(x), e.scalar(1e-38, x)), [0], [88.7]],
  ["eˣ beyond it", (e, x) => e.Mul(e.Exp(x), e.scalar(1e-38, x)), [0], [120]],
  ["x², thin", (e, x) => plus(e, e.Pow(x, e.scalar(2, x)), x, -2), [1], [1 + 5e-7]],
  ["1/x across its pole", (e, x) => e.Reciprocal(x), [-1], [2]],
  ["ln x from 0", (e, x) => e.Log(x), [0], [1]],
  ["a truth of a number", (e, x) => e.Cast(e.Cast(x, { to: 9 }), { to: 1 }), [-1], [1]],
  ["the largest of powers of negative numbers", (e, x) => pool(e, squares(e, x), 2), [-3, 2], [-2, 2.5]],
  ["their largest, reduced", (e, x) => e.ReduceMax(squares(e, x), e.ints([1]), { keepdims: 1 }), [-3, 2], [-2, 2.5]],
  ["the largest of quotients", (e, x) => pool(e, e.Div(e.constant(tensor([0, -1, -1], [3])), x), 3), [-1, 1, 1], [1, 2, 2]],
  ["the sign of an overflow", (e, x) => e.Sign(e.Sub(e.Exp(x), e.Exp(e.Mul(x, e.scalar(2, x))))), [80], [100]],
];

describe.each(cases)("%s", (_, f, lo, hi) => {
  const n = lo.length;
  const e = builder();
  const x = input("float32", [1, n], "x", ["N", n]);
  const graph = { inputs: [x], outputs: [f(e, x)] };
  const classes = graph.outputs[0]!.type.shape[1]!;
  const at = (v: readonly number[]) => tensor([...v], [1, n]) as Tensor<"float32">;

  /** Values at corners, at the middle, and at random. */
  async function values(): Promise<number[][]> {
    const points = Array.from({ length: 300 }, (__, k) =>
      lo.map((l, i) => {
        const t = k < 2 ** n ? (k >> i) & 1 : k === 2 ** n ? 0.5 : uniform(fold(seedKey(k), i), 1)[0]!;
        return l + t * (hi[i]! - l);
      }),
    );
    points.push(lo.map((l, i) => Math.min(Math.max(0, l), hi[i]!)));
    const program = await compile(graph, RUN);
    const found: number[][] = [];
    for (const p of points) found.push(Array.from((await program.run([at(p)]))[0]!.data as Float32Array));
    await program.release();
    return found;
  }

  function holds(below: ArrayLike<number>, above: ArrayLike<number>, found: readonly number[][]) {
    for (const v of found)
      for (let k = 0; k < classes; k++) {
        const slack = 1e-5 * Math.max(1e-3, Math.abs(v[k]!));
        // what is undefined somewhere in the box proves nothing
        if (Number.isNaN(v[k]) && Number.isFinite(below[k]!) && Number.isFinite(above[k]!))
          expect.fail(`NaN, though [${below[k]}, ${above[k]}] is claimed`);
        // written so that a bound of NaN passes: it claims nothing
        if (v[k]! < below[k]! - slack || v[k]! > above[k]! + slack) expect.fail(`${v[k]} is not in [${below[k]}, ${above[k]}]`);
      }
  }

  test("intervals", async () => {
    const net = await ibp(graph, RUN);
    const [below, above] = await net.enclose(at(lo), at(hi));
    holds(below.data, above.data, await values());
    await net.release();
  });

  test("lines", async () => {
    let net: Awaited<ReturnType<typeof crown>>;
    try {
      net = await crown(graph, 2 * classes, RUN);
    } catch (error) {
      // operators without lines are refused by name
      expect((error as Error).message).toMatch(/operator-no-lines/);
      return;
    }
    const spec = full([2 * classes, classes], 0) as Tensor<"float32">;
    for (let k = 0; k < classes; k++) {
      spec.data[2 * k * classes + k] = 1;
      spec.data[(2 * k + 1) * classes + k] = -1;
    }
    const least = await net.lowerBounds(at(lo), at(hi), spec);
    const pick = (from: number, sign: number) => Array.from({ length: classes }, (__, k) => sign * least[2 * k + from]!);
    holds(pick(0, 1), pick(1, -1), await values());
    await net.release();
  });
});

test("a dilated window over trailing padding has no lines", async () => {
  const e = builder();
  const x = input("float32", [1, 1, 5], "x");
  const y = e.Reshape(e.node("MaxPool", [x], { kernel_shape: [2], dilations: [2], pads: [0, 1] })[0]!, e.ints([0, -1]));
  await expect(crown({ inputs: [x], outputs: [y] }, 2, RUN)).rejects.toThrow(/MaxPool without both padding and dilation/);
});

test.each(["mul", "max", "min"])("scattering by %s is refused", (reduction) => {
  const e = builder();
  const [x, u] = [input("float32", [1, 3]), input("float32", [1, 1])];
  const at = e.constant(tensor([1], [1, 1], "int64"));
  expect(() => e.node("ScatterElements", [x, at, u], { axis: 1, reduction })).toThrow(/places or adds.*operator-attribute/);
});
