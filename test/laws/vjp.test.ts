/** Gradients against central differences in float64, to first and second order. */
import { describe, expect, it } from "vitest";
import { CounterfoilError, fold, size, type Tensor, uniform } from "../../src/base/index.ts";
import { type Emit, input, type Value } from "../../src/graph/index.ts";
import { isGap, ops } from "../../src/ops/index.ts";
import { builder, grad, gradOf } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";
import { bind, emit, freeInput, keyOf, point, RUN } from "./graphs.ts";
import { isFloats, title } from "./row.ts";
import { rows } from "./rows/index.ts";

const inner = (e: Emit, a: Value, b: Value): Value => e.ReduceSum(e.Mul(a, b), null, { keepdims: 0 });
const sum = (e: Emit, parts: readonly Value[]): Value => parts.reduce((a, b) => e.Add(a, b));

const random = (v: Value, key: Parameters<typeof uniform>[0]): Tensor<"float64"> => ({
  dtype: "float64",
  shape: v.type.shape,
  data: Float64Array.from(uniform(key, size(v.type.shape), -1, 1)),
});

const STEP = 1e-3;
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((s, v, i) => s + v * b[i]!, 0);
const along = (t: Tensor, direction: Tensor, h: number): Tensor => ({
  ...t,
  data: Float64Array.from(t.data as Float64Array, (v, i) => v + h * (direction.data[i] as number)),
});

describe("<vjp, v> is the central difference along v", () => {
  it.each(rows.map((row, i) => [title(row, i), row, i] as const))("%s", async (_, row, i) => {
    const e = builder();
    const free = new Map<number, Value>();
    const inputs = bind(e, row, "float64", (s, slot) => {
      const v = freeInput(s, "float64");
      free.set(slot, v);
      return v;
    });
    const wrt = [...free].filter(([slot]) => isFloats(row.inputs[slot]!)).map(([, v]) => v);
    if (wrt.length === 0) return;
    const ys = emit(e, row, inputs);
    const floats = ys.map((y) => (y.type.dtype === "float64" ? y : e.Cast(y, { to: 11 })));
    const cotangents = floats.map((y) => input("float64", y.type.shape));
    const loss = sum(
      e,
      floats.map((y, k) => inner(e, y, cotangents[k]!)),
    );
    const { vjp } = ops[row.op]!;
    if (isGap(vjp) && !row.build) {
      expect(vjp.gap).toMatch(/\w+ \w+/);
      expect(() => gradOf(e, loss, wrt)).toThrow(CounterfoilError);
      return;
    }
    if (row.steep) return;
    const all = [...wrt, ...cotangents];
    const first = gradOf(e, loss, all);
    for (const [k, g] of first.entries()) expect(g.type).toEqual(all[k]!.type);
    const directions = first.map((g) => input("float64", g.type.shape));
    const slope = sum(
      e,
      first.map((g, k) => inner(e, g, directions[k]!)),
    );
    const second = gradOf(e, slope, all);
    // one cotangent alone: the others arrive as null
    const single = grad(e, [floats[0]!], [cotangents[0]!], wrt);

    const graphInputs = [...free.values(), ...cotangents, ...directions];
    const program = await compile({ inputs: graphInputs, outputs: [loss, slope, ...first, ...second, ...single] }, RUN);
    const key = keyOf(row, i, "vjp");
    const at = point(row, key, "float64", true);
    const feeds = new Map<Value, Tensor>([...free].map(([slot, v]) => [v, at[slot]!]));
    for (const [k, v] of [...cotangents, ...directions].entries()) feeds.set(v, random(v, fold(fold(key, "cotangent"), k)));
    const run = (changed?: Value, t?: Tensor) => program.run(graphInputs.map((v) => (v === changed ? t! : feeds.get(v)!)));
    const base = await run();
    const scalars = (r: readonly Tensor[]) => [r[0]!.data[0] as number, r[1]!.data[0] as number];

    for (const [k, v] of all.entries()) {
      const direction = random(v, fold(fold(key, "direction"), k));
      const slopes = async (h: number) => {
        const above = scalars(await run(v, along(feeds.get(v)!, direction, h)));
        const below = scalars(await run(v, along(feeds.get(v)!, direction, -h)));
        return above.map((a, j) => (a - below[j]!) / (2 * h));
      };
      const [coarse, fine] = [await slopes(STEP), await slopes(STEP / 2)];
      for (const [order, values] of [first, second].entries()) {
        const offset = 2 + order * first.length + k;
        expect(values[k]!.type.shape).toEqual(v.type.shape);
        const got = dot(base[offset]!.data as Float64Array, direction.data);
        // Richardson: the error falls from h² to h⁴
        const want = (4 * fine[order]! - coarse[order]!) / 3;
        const scale = Math.max(Math.abs(got), Math.abs(want), 1e-3 * Math.abs(scalars(base)[order]!), 1e-4);
        if (!(Math.abs(got - want) <= 1e-6 * scale))
          expect.fail(`order ${order + 1}, input ${k} of ${all.length}: gradient ${got}, difference ${want}`);
      }
    }
    // the first output's share: as if the other cotangents were zero
    for (const c of cotangents.slice(1))
      feeds.set(c, { dtype: "float64", shape: c.type.shape, data: new Float64Array(size(c.type.shape)) });
    const alone = await run();
    for (const k of wrt.keys()) {
      const [got, want] = [alone[2 + 2 * first.length + k]!.data as Float64Array, alone[2 + k]!.data as Float64Array];
      for (const [j, v] of got.entries()) expect(v).toBeCloseTo(want[j]!, 12);
    }
    await program.release();
  });
});
