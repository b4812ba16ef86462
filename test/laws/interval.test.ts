/** Enclosures hold 1,000 samples of their box, with each input perturbed alone and with all; a point encloses itself. */
import { describe, expect, it } from "vitest";
import { CounterfoilError, fold, size, type Tensor, uniform } from "../../src/base/index.ts";
import { type Interval, input, type Value } from "../../src/graph/index.ts";
import { isGap, ops } from "../../src/ops/index.ts";
import { builder, intervals } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";
import { box, samplesOf, WIDTHS } from "./box.ts";
import { bind, emit, forward, freeInput, keyOf, numbersOf, RUN } from "./graphs.ts";
import { isFloats, isFree, type Row, title } from "./row.ts";
import { rows } from "./rows/index.ts";

const SAMPLES = { wide: 500, narrow: 100, point: 2 };
const TOLERANCE = 1e-5;

/** Which inputs move: each alone, then all. */
function perturbations(row: Row): ReadonlySet<number>[] {
  const able = row.inputs.flatMap((s, i) => (isFloats(s) || s?.kind === "truth" ? [i] : []));
  const sets = able.map((i) => new Set([i]));
  return able.length > 1 ? [...sets, new Set(able)] : sets;
}

describe("an interval encloses what its box maps to", () => {
  it.each(rows.map((row, i) => [title(row, i), row, i] as const))("%s", async (_, row, i) => {
    const e = builder();
    const free = new Map<number, Value>();
    const inputs = bind(e, row, "float32", (s, slot) => {
      const v = freeInput(s, "float32");
      free.set(slot, v);
      return v;
    });
    const sets = perturbations(row);
    if (sets.length === 0) return;
    const y = emit(e, row, inputs);
    const lows = new Map([...free].map(([slot, v]) => [slot, input(v.type.dtype, v.type.shape)]));
    const highs = new Map([...free].map(([slot, v]) => [slot, input(v.type.dtype, v.type.shape)]));
    const enclose = (set: ReadonlySet<number>): Interval[] => {
      const known = new Map([...free].map(([slot, v]) => [v, { lo: lows.get(slot)!, hi: (set.has(slot) ? highs : lows).get(slot)! }]));
      intervals(e, y, known);
      return y.map((v) => known.get(v)!);
    };
    const { interval } = ops[row.op]!;
    if (isGap(interval) && !row.build) {
      expect(interval.gap).toMatch(/\w+ \w+/);
      expect(() => enclose(sets[0]!)).toThrow(CounterfoilError);
      return;
    }
    const enclosures = sets.map(enclose);
    for (const each of enclosures)
      for (const [k, { lo, hi }] of each.entries()) expect([lo.type, hi.type]).toEqual([y[k]!.type, y[k]!.type]);
    const graphInputs = [...lows.values(), ...highs.values()];
    const program = await compile({ inputs: graphInputs, outputs: enclosures.flat().flatMap(({ lo, hi }) => [lo, hi]) }, RUN);
    const f = await forward(row);
    for (const [s, set] of sets.entries())
      for (const width of WIDTHS) {
        const key = fold(fold(keyOf(row, i, "interval"), s), width);
        const bounds = box(row, key, width, set);
        const got = await program.run(
          [...lows.keys()].map((slot) => bounds[slot]!.lo).concat([...highs.keys()].map((slot) => bounds[slot]!.hi)),
        );
        const count = SAMPLES[width];
        const values = await f.run(
          row.inputs.map((source, k) => (isFree(source) ? samplesOf(bounds[k]!, fold(key, k), count) : null)),
          count,
        );
        y.forEach((out, k) => {
          const at = 2 * (s * y.length + k);
          check(numbersOf(got[at]!.data), numbersOf(got[at + 1]!.data), values[k]!, size(out.type.shape), {
            where: `inputs {${[...set]}} ${width}`,
            sharp: width === "point" && !row.loose,
            unbounded: Boolean(row.unbounded),
          });
        });
      }
    // an enclosure that overflowed is NaN: what is made of it must hold every value there is
    const key = fold(keyOf(row, i, "interval"), "unknown");
    const all = sets.at(-1)!;
    const wide = box(row, key, "wide", all);
    const blank = (slot: number, t: Tensor): Tensor => {
      if (!all.has(slot) || t.dtype !== "float32") return t;
      const lost = uniform(fold(fold(key, "lost"), slot), t.data.length);
      return { ...t, data: (t.data as Float32Array).map((v, k) => (lost[k]! < 0.4 ? Number.NaN : v)) };
    };
    const got = await program.run([
      ...[...lows.keys()].map((slot) => blank(slot, wide[slot]!.lo)),
      ...[...highs.keys()].map((slot) => blank(slot, wide[slot]!.hi)),
    ]);
    const values = await f.run(
      row.inputs.map((source, k) => (isFree(source) ? samplesOf(wide[k]!, fold(key, k), 100) : null)),
      100,
    );
    y.forEach((out, k) => {
      const at = 2 * ((sets.length - 1) * y.length + k);
      checkUnknown(numbersOf(got[at]!.data), numbersOf(got[at + 1]!.data), values[k]!, size(out.type.shape));
    });
    await Promise.all([program.release(), f.release()]);
  });
});

function checkUnknown(lo: ArrayLike<number>, hi: ArrayLike<number>, values: Float64Array, n: number) {
  for (let k = 0; k < values.length; k++) {
    const [v, l, h] = [values[k]!, lo[k % n]!, hi[k % n]!];
    const slack = TOLERANCE * Math.max(1, Math.abs(v));
    // written so that NaN passes: it claims nothing
    if (v < l - slack || v > h + slack) expect.fail(`unknown: element ${k % n}: ${v} is not in [${l}, ${h}]`);
  }
}

function check(
  lo: ArrayLike<number>,
  hi: ArrayLike<number>,
  values: Float64Array,
  n: number,
  { where, sharp, unbounded }: { where: string; sharp: boolean; unbounded: boolean },
) {
  expect(hi.length).toBe(lo.length);
  expect(n % lo.length).toBe(0);
  expect(lo.length).toBe(n);
  for (let k = 0; k < values.length; k++) {
    const [v, l, h] = [values[k]!, lo[k % n]!, hi[k % n]!];
    const slack = TOLERANCE * Math.max(1, Math.abs(v));
    if (unbounded && Number.isNaN(l) && Number.isNaN(h)) continue;
    // written so that NaN fails
    if (!(l <= v + slack && v - slack <= h))
      expect.fail(`${where}: sample ${Math.floor(k / n)}, element ${k % n}: ${v} is not in [${l}, ${h}]`);
    if (sharp && !(h === l || h - l <= 10 * slack)) expect.fail(`${where}: the point ${v} is enclosed by [${l}, ${h}]`);
  }
}
