/** CROWN on one network: enclosures layer by layer, each from backward linear bounds. Zhang et al. 2018, arXiv:1811.00866. */
import { isFloat, rows, size, type Tensor } from "../../src/base/index.ts";
import { dependents, type Graph, type Interval, input, order, type Value } from "../../src/graph/index.ts";
import { ops } from "../../src/ops/index.ts";
import { builder, concretize, expandForLines, intervals, linear, magnitude, rebatch, relaxed } from "../../src/pass/index.ts";
import { compile, type Program, type RunOptions } from "../../src/run/index.ts";

type Numbers = Tensor<"float32">;

export interface Crown {
  /** Lower bounds of each row of `spec` [R, classes] times the output, over the box [lo, hi] (each [1, …]). */
  lowerBounds(lo: Numbers, hi: Numbers, spec: Numbers): Promise<Float32Array>;
  release(): Promise<void>;
}

/**
 * Room for rounding, as for the bounds. Past the first nonlinear operator a bound of exactly 0 is that of squares, rectifiers and
 * their sums, which no rounding takes below 0: a root of them stays defined.
 */
function widen(lo: Float32Array, hi: Float32Array, affine: boolean): void {
  for (let i = 0; i < lo.length; i++) {
    const room = ROUNDING * Math.max(Math.abs(lo[i]!), Math.abs(hi[i]!));
    if (affine || lo[i] !== 0) lo[i]! -= room;
    hi[i]! += room;
  }
}

/** One value to be enclosed: lower bounds of `rows`·value, given the box of the input and of every earlier value. */
interface Stage {
  readonly shape: readonly number[];
  readonly batch: number;
  /** Nothing upstream is relaxed, so that intervals are as tight. */
  readonly affine: boolean;
  /** Where no kink lies inside an element's enclosure, its line is exact and nothing is gained by a tighter one. null: always. */
  readonly kinks: readonly number[] | null;
  /** The value's enclosure by intervals, from those of all before it. */
  readonly enclose: Program;
  /** Lower bounds of `batch` rows of specification; null for truths and whole numbers, which have intervals only. */
  readonly backward: Program | null;
}

/** Rows of one backward pass: enough to fill matrix products, few enough that little is wasted on the last pass. */
const ROWS = 64;

/**
 * Bounds are computed in float32. Each gives up this share of the numbers that it is the sum of, some hundred roundings (2⁻²⁴
 * each): an allowance, not a proof, for what cancelled inside a product of matrices is not in that sum. What is bounded is the
 * network in exact arithmetic.
 */
export const ROUNDING = 1e-5;

/** Compile CROWN for `graph` (logits, batch 1) and specifications of `specRows` rows. */
export async function crown(graph: Graph, specRows: number, run: RunOptions = {}): Promise<Crown> {
  const net = expandForLines(rebatch(graph, 1).graph);
  const values = [...relaxed(net), net.outputs[0]!];
  const stages: Stage[] = [];
  for (const [k, v] of values.entries())
    stages.push(await stage(net, values.slice(0, k), v, k === values.length - 1 ? specRows : undefined, run));

  /** Lower bounds of each row of `spec`. */
  async function bounds(backward: Program, batch: number, known: readonly Tensor[], spec: Numbers): Promise<Float32Array> {
    const n = spec.shape[0]!;
    const out = new Float32Array(n);
    for (let at = 0; at < n; at += batch) {
      const part = rows(spec, at, Math.min(at + batch, n));
      const fed = new Float32Array(batch * size(spec.shape.slice(1)));
      fed.set(part.data);
      const [low, scale] = await backward.run([...known, { dtype: "float32", shape: [batch, ...spec.shape.slice(1)], data: fed }]);
      for (let i = 0; i < part.shape[0]!; i++) out[at + i] = Number(low!.data[i]) - ROUNDING * Number(scale!.data[i]);
    }
    return out;
  }

  return {
    async lowerBounds(lo, hi, spec) {
      const known: Tensor[] = [lo, hi];
      for (const s of stages.slice(0, -1)) {
        const enclosed = await s.enclose.run(known);
        if (!s.backward) {
          known.push(...enclosed);
          continue;
        }
        const [ibpLo, ibpHi] = enclosed as Numbers[];
        widen(ibpLo!.data, ibpHi!.data, s.affine);
        if (!s.affine) {
          const { kinks } = s;
          const loose = Array.from(ibpLo!.data.keys()).filter(
            (i) => kinks?.some((k) => ibpLo!.data[i]! < k && k < ibpHi!.data[i]!) ?? true,
          );
          const found = await bounds(s.backward, s.batch, known, signedUnits(s.shape, loose));
          loose.forEach((i, k) => {
            // neither bound dominates on every neuron: keep the better of each
            const [a, b] = [Math.max(ibpLo!.data[i]!, found[2 * k]!), Math.min(ibpHi!.data[i]!, -found[2 * k + 1]!)];
            // the two may cross by rounding where the neuron hardly moves
            ibpLo!.data[i] = Math.min(a, b);
            ibpHi!.data[i] = Math.max(a, b);
          });
        }
        // what overflowed proves nothing, and lines could not be told from it
        if (![...ibpLo!.data, ...ibpHi!.data].every(Number.isFinite))
          return new Float32Array(spec.shape[0]!).fill(Number.NEGATIVE_INFINITY);
        known.push(ibpLo!, ibpHi!);
      }
      const last = stages.at(-1)!;
      return bounds(last.backward!, last.batch, known, spec);
    },
    async release() {
      for (const s of stages) await Promise.all([s.enclose.release(), s.backward?.release()]);
    },
  };
}

async function stage(net: Graph, earlier: readonly Value[], v: Value, specRows: number | undefined, run: RunOptions): Promise<Stage> {
  const e = builder();
  const shape = v.type.shape.slice(1);
  const batch = specRows ?? Math.min(2 * size(shape), ROWS);
  const box = new Map<Value, Interval>();
  const feeds: Value[] = [];
  for (const x of [net.inputs[0]!, ...earlier]) {
    const [lo, hi] = [input(x.type.dtype, x.type.shape), input(x.type.dtype, x.type.shape)];
    feeds.push(lo, hi);
    box.set(x, { lo, hi });
  }
  intervals(e, [v], box);
  const own = box.get(v)!;
  const known = {
    shape,
    batch,
    affine: !earlier.some((x) => dependents([v], [x]).has(v)),
    kinks: kinksOf(net, v),
    enclose: await compile({ inputs: feeds, outputs: [own.lo, own.hi] }, run),
  };
  if (!isFloat(v.type.dtype)) return { ...known, backward: null };
  const wide = rebatch({ inputs: net.inputs, outputs: [v] }, batch);
  const narrow = new Map([...wide.map].map(([one, many]) => [many, one]));
  narrow.set(wide.graph.inputs[0]!, net.inputs[0]!);
  const spec = input("float32", [batch, ...shape]);
  const at = (w: Value) => box.get(narrow.get(w) ?? w)!;
  const bound = linear(e, wide.graph.outputs[0]!, spec, [wide.graph.inputs[0]!], at);
  const least = concretize(e, bound, at);
  return { ...known, backward: await compile({ inputs: [...feeds, spec], outputs: [least, magnitude(e, bound, at)] }, run) };
}

/** All kinks of the operators that read `v`'s enclosure; null where one of them is curved. */
function kinksOf(net: Graph, v: Value): readonly number[] | null {
  const readers = order(net.outputs).filter((node) => node.inputs.includes(v) && typeof ops[node.op]!.lines === "function");
  const all = readers.map((node) => ops[node.op]!.kinks);
  return all.every((k) => k !== undefined) ? all.flat() : null;
}

/** Rows +eᵢ, −eᵢ for each of the elements `at` of a value of `shape`. */
function signedUnits(shape: readonly number[], at: readonly number[]): Numbers {
  const n = size(shape);
  const data = new Float32Array(2 * at.length * n);
  at.forEach((i, k) => {
    data[2 * k * n + i] = 1;
    data[(2 * k + 1) * n + i] = -1;
  });
  return { dtype: "float32", shape: [2 * at.length, ...shape], data };
}
