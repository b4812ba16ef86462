/** Linear bounds hold 1,000 samples of their box; an affine operator's bound is the operator itself. */
import { describe, expect, it } from "vitest";
import { CounterfoilError, fold, type Key, size, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { type Interval, input, type Type, type Value } from "../../src/graph/index.ts";
import { affine, isGap, ops } from "../../src/ops/index.ts";
import { builder, concretize, constant, expandForLines, intervals, linear, rebatch, relaxed } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";
import { type Bounds, box, samplesOf, WIDTHS } from "./box.ts";
import { bind, emit, forward, freeInput, keyOf, RUN } from "./graphs.ts";
import { isFree, type Row, type Source, title } from "./row.ts";
import { rows } from "./rows/index.ts";

const SAMPLES = { wide: 500, narrow: 100, point: 2 };
const TOLERANCE = 1e-5;

/** The same row for one sample: axis 0 of its data is 1. */
const atBatchOne = (row: Row): Row => ({
  ...row,
  inputs: row.inputs.map((s) => (s?.kind === "data" ? { ...s, shape: [1, ...s.shape.slice(1)] } : s)),
});
const isData = (s: Source | null) => s?.kind === "data";
const bounded = rows.map((row, i) => [title(row, i), row, i] as const).filter(([, row]) => row.inputs.some(isData) && !row.mixesBatch);

/** Specification rows come with their negatives, so that the output is bounded on both sides: two random, two unit rows. */
function specification(type: Type, key: Key): Tensor {
  const shape = type.shape.slice(1);
  const n = size(shape);
  const rows: number[][] = [];
  for (let r = 0; r < 2; r++) {
    rows.push(Array.from(uniform(fold(key, r), n, -1, 1)));
    const unit = Math.floor(uniform(fold(key, 10 + r), 1)[0]! * n);
    rows.push(Array.from({ length: n }, (_, i) => Number(i === unit)));
  }
  return tensor(
    rows.flatMap((r) => [...r, ...r.map((v) => -v)]),
    [8, ...shape],
    type.dtype,
  );
}

describe("lines enclose what their box maps to", () => {
  it.each(bounded)("%s", async (_, whole, i) => {
    const row = atBatchOne(whole);
    const key = keyOf(row, i, "lines");
    const { lines } = ops[row.op]!;
    const e = builder();
    const free = new Map<number, Value>();
    const weights = box(row, fold(key, "weights"), "point", new Set());
    const inputs = bind(e, row, "float32", (s, slot) => {
      if (!isData(s)) return constant(weights[slot]!.lo);
      const v = freeInput(s, "float32");
      free.set(slot, v);
      return v;
    });
    const graph = { inputs: [...free.values()], outputs: emit(e, row, inputs) };
    const f = await forward(row);
    const sets = new Set(free.keys());
    for (const [k, out] of graph.outputs.entries()) {
      // a specification is a row of numbers: whole numbers and truths have none
      if (out.type.dtype !== "float32" && out.type.dtype !== "float64") continue;
      const build = () => {
        const net = expandForLines({ ...graph, outputs: [out] });
        const y = net.outputs[0]!;
        const spec = specification(y.type, fold(key, k));
        const lo = new Map(graph.inputs.map((v) => [v, input("float32", v.type.shape)]));
        const hi = new Map(graph.inputs.map((v) => [v, input("float32", v.type.shape)]));
        const boxes = new Map<Value, Interval>(graph.inputs.map((v) => [v, { lo: lo.get(v)!, hi: hi.get(v)! }]));
        // every value that a line reads, enclosed by intervals
        intervals(e, relaxed(net), boxes);
        const wide = rebatch({ inputs: net.inputs, outputs: [y] }, spec.shape[0]!);
        const narrow = new Map([...wide.map].map(([one, many]) => [many, one]));
        for (const [n, v] of wide.graph.inputs.entries()) narrow.set(v, net.inputs[n]!);
        const at = (v: Value) => boxes.get(narrow.get(v) ?? v)!;
        const rows = input(spec.dtype, spec.shape);
        const bound = linear(e, wide.graph.outputs[0]!, rows, wide.graph.inputs, at);
        const outputs = [concretize(e, bound, at), bound.offset, ...wide.graph.inputs.map((v) => bound.coefficients.get(v)!)];
        return { inputs: [...lo.values(), ...hi.values(), rows], outputs, spec };
      };
      if (isGap(lines) && !row.build) {
        expect(lines.gap).toMatch(/\w+ \w+/);
        expect(build).toThrow(CounterfoilError);
        return;
      }
      const { spec, ...bound } = build();
      const program = await compile(bound, RUN);
      for (const width of WIDTHS) {
        const perturbed = box(row, fold(key, width), width, sets);
        const bounds = row.inputs.map((s, slot) => (isData(s) ? perturbed[slot]! : weights[slot]!));
        const data = [...free.keys()];
        const got = await program.run([...data.map((s) => bounds[s]!.lo), ...data.map((s) => bounds[s]!.hi), spec]);
        const count = SAMPLES[width];
        const samples = row.inputs.map((s, slot) => (isFree(s) ? samplesOf(bounds[slot]!, fold(fold(key, width), slot), count) : null));
        const values = (await f.run(samples, count))[k]!;
        check(
          got.map((t) => t.data as Float32Array),
          spec,
          data.map((s) => samples[s] as Float32Array),
          data.map((s) => bounds[s]!),
          values,
          {
            where: width,
            exact: lines === affine && !row.build,
            sharp: width === "point" && !row.loose,
            unbounded: Boolean(row.unbounded),
          },
        );
      }
      await program.release();
    }
    await f.release();
  });

  it("every operator with lines has met them", () => {
    const met = new Set(bounded.filter(([, row]) => !row.build).map(([, row]) => row.op));
    expect(Object.keys(ops).filter((name) => !isGap(ops[name]!.lines) && !met.has(name))).toEqual([]);
  });
});

interface Strictness {
  readonly where: string;
  /** The bound must equal the function. */
  readonly exact: boolean;
  /** The box is a point: the least value is the value. */
  readonly sharp: boolean;
  /** NaN will do. */
  readonly unbounded: boolean;
}

function check(
  [least, offset, ...coefficients]: readonly ArrayLike<number>[],
  spec: Tensor,
  samples: readonly Float32Array[],
  boxes: readonly Bounds[],
  values: Float64Array,
  { where, exact, sharp, unbounded }: Strictness,
) {
  const n = size(spec.shape.slice(1));
  const sizes = boxes.map(({ lo }) => lo.data.length);
  const r = spec.shape[0]!;
  for (const [k, c] of coefficients.entries()) expect(c.length).toBe(r * sizes[k]!);
  for (let s = 0; s < values.length / n; s++)
    for (let row = 0; row < r; row++) {
      let [value, line] = [0, offset![row]!];
      let scale = 1 + Math.abs(line);
      for (let j = 0; j < n; j++) {
        const term = (spec.data[row * n + j] as number) * values[s * n + j]!;
        value += term;
        scale += Math.abs(term);
      }
      coefficients.forEach((c, k) => {
        for (let j = 0; j < sizes[k]!; j++) {
          const term = c[row * sizes[k]! + j]! * samples[k]![s * sizes[k]! + j]!;
          line += term;
          scale += Math.abs(term);
        }
      });
      if (unbounded && Number.isNaN(line)) continue;
      // no allowance where a bound gave up: −∞ is below everything, ∞ and NaN are not
      const slack = Number.isFinite(scale) ? TOLERANCE * scale : 0;
      if (!(line <= value + slack)) expect.fail(`${where}: sample ${s}, row ${row}: line ${line} > value ${value}`);
      if (!(least![row]! <= line + slack)) expect.fail(`${where}: sample ${s}, row ${row}: least ${least![row]} > line ${line}`);
      if (exact && !(value <= line + slack)) expect.fail(`${where}: sample ${s}, row ${row}: line ${line} is not the value ${value}`);
      if (sharp && !(value - least![row]! <= 10 * slack))
        expect.fail(`${where}: row ${row}: the point ${value} is bounded by ${least![row]}`);
    }
}
