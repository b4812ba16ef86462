/** Graphs of a row: the operator alone, and many samples of it side by side. */
import { arrays, type DType, fold, type Key, seedKey, size, type Tensor, type TypedArray, tensor } from "../../src/base/index.ts";
import { type Attrs, type Emit, input, type Node, type Value } from "../../src/graph/index.ts";
import { ops } from "../../src/ops/index.ts";
import { builder, constant } from "../../src/pass/index.ts";
import { compile, type Program, type RunOptions } from "../../src/run/index.ts";
import { dtypeOf, isFree, type Row, type Source, sample, shapeOf } from "./row.ts";

/** One thread: the suite's files already run side by side. `disabled` checks the graph as it was written. */
export const RUN: RunOptions = { threads: 1, optimize: "disabled" };

/** An independent key for each row of the table and each use of it. */
export const keyOf = (row: Row, index: number, use: string): Key => fold(fold(fold(seedKey(1), row.op), index), use);

/** A tensor for every input of the row, null where it is left out. */
export const point = (row: Row, key: Key, dtype: DType, smooth = false): (Tensor | null)[] =>
  row.inputs.map((s, i) => s && sample(s, fold(key, i), dtype, i, smooth));

/** Values for the row's inputs. `free` makes those that change from run to run. */
export function bind(e: Emit, row: Row, dtype: DType, free: (s: Source, slot: number) => Value): (Value | null)[] {
  const values = row.inputs.map((s, i) => {
    if (s?.kind === "fixed") return constant(s.float ? tensor(s.tensor.data, s.tensor.shape, dtype) : s.tensor);
    return isFree(s) ? free(s, i) : null;
  });
  const first = values[row.inputs.findIndex((s) => s?.kind === "data")];
  return values.map((v, i) => {
    const s = row.inputs[i]!;
    if (s?.kind !== "tiled") return v;
    const batch = e.Slice(e.Shape(first!), e.ints([0]), e.ints([1]), e.ints([0]), e.ints([1]));
    return e.Expand(constant(s.tensor), e.Concat(batch, e.ints(s.tensor.shape.slice(1)), { axis: 0 }));
  });
}

/** The row's outputs. */
export const emit = (e: Emit, row: Row, inputs: readonly (Value | null)[]): readonly Value[] =>
  row.build ? row.build(e, inputs) : e.node(row.op, inputs, row.attrs);

export const freeInput = (s: Source, dtype: DType): Value => input(dtypeOf(s, dtype), shapeOf(s));

/** The row's node as a model file has it: nothing folded away. */
export function rawNode(op: string, inputs: readonly (Value | null)[], attrs: Attrs = {}): Node {
  const outputs: Value[] = [];
  const node: Node = { op, inputs, attrs, outputs };
  for (const [index, type] of ops[op]!.infer(node).entries()) outputs.push({ type, node, index, data: null });
  return node;
}

/** As numbers, whatever the dtype. */
export const numbersOf = (data: TypedArray): ArrayLike<number> =>
  data instanceof BigInt64Array || data instanceof BigUint64Array ? Array.from(data, Number) : data;

/** Samples: for each input of the row, [count, …shape] flat; null where the input is not free. */
export type Samples = readonly (TypedArray | null)[];

/** Runs the row's operator on many samples, several side by side in one graph. */
export interface Forward {
  /** For each output, [count, …shape] flat. */
  run(samples: Samples, count: number): Promise<Float64Array[]>;
  release(): Promise<void>;
}

const COPIES = 50;

export async function forward(row: Row, dtype: DType = "float32"): Promise<Forward> {
  const e = builder();
  const stacks: Value[] = [];
  const stackOf = new Map<number, Value>();
  row.inputs.forEach((s, i) => {
    if (!isFree(s)) return;
    const v = input(dtypeOf(s, dtype), [COPIES, ...shapeOf(s)]);
    stacks.push(v);
    stackOf.set(i, v);
  });
  const copies = Array.from({ length: COPIES }, (_, c) => {
    const inputs = bind(e, row, dtype, (_s, i) => e.Gather(stackOf.get(i)!, e.scalar(c, "int64"), { axis: 0 }));
    return emit(e, row, inputs).map((y) => e.Unsqueeze(y, e.ints([0])));
  });
  const outputs = copies[0]!.map((_, k) => e.Concat(...copies.map((y) => y[k]!), { axis: 0 }));
  const program: Program = await compile({ inputs: stacks, outputs }, RUN);
  return {
    async run(samples, count) {
      const results = outputs.map((y) => new Float64Array((size(y.type.shape) / COPIES) * count));
      for (let at = 0; at < count; at += COPIES) {
        const feeds = [...stackOf].map(([i, v]): Tensor => {
          const each = size(v.type.shape) / COPIES;
          const data = new arrays[v.type.dtype](COPIES * each);
          // the last run may be partly filled: what is left keeps the first sample's numbers, so that it stays in the domain
          const given = samples[i]!;
          for (let c = 0; c < COPIES; c++) {
            const from = (at + c < count ? at + c : at) * each;
            (data as Float32Array).set(given.subarray(from, from + each) as Float32Array, c * each);
          }
          return { dtype: v.type.dtype, shape: v.type.shape, data };
        });
        const got = await program.run(feeds);
        got.forEach((t, k) => {
          const each = t.data.length / COPIES;
          const keep = Math.min(COPIES, count - at) * each;
          results[k]!.set(Array.from(numbersOf(t.data)).slice(0, keep), at * each);
        });
      }
      return results;
    },
    release: () => program.release(),
  };
}
