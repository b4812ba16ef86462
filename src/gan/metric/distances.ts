/** Distances between two sets of vectors, on the runtime: what neighbour and density metrics are made of. */
import { rows, size, type Tensor } from "../../base/index.ts";
import { type Emit, input, type Value } from "../../graph/index.ts";
import { builder } from "../../pass/index.ts";
import { compile, type RunOptions } from "../../run/index.ts";

type Numbers = Tensor<"float32">;

/** Rows at a time. */
const ROWS = 250;

/** Samples [n, …] as vectors [n, d]. */
export const flat = (x: Numbers): Numbers => ({ ...x, shape: [x.shape[0]!, size(x.shape.slice(1))] });

/** Give `visit` f(a, b) [r, m] for some rows of a [n, d] at a time, from row `at` on. */
async function pairwise(
  a: Numbers,
  b: Numbers,
  f: (e: Emit, a: Value, b: Value) => Value,
  visit: (block: Float32Array, at: number, count: number) => void,
  run: RunOptions,
): Promise<void> {
  const [n, m] = [a.shape[0]!, b.shape[0]!];
  const e = builder();
  const x = input("float32", [ROWS, a.shape[1]!], "a");
  const y = input("float32", b.shape, "b");
  const program = await compile({ inputs: [x, y], outputs: [f(e, x, y)] }, run);
  try {
    for (let at = 0; at < n; at += ROWS) {
      const count = Math.min(ROWS, n - at);
      const part = new Float32Array(ROWS * a.shape[1]!);
      part.set(rows(a, at, at + count).data);
      const [block] = await program.run([{ dtype: "float32", shape: [ROWS, a.shape[1]!], data: part }, b]);
      visit((block!.data as Float32Array).subarray(0, count * m), at, count);
    }
  } finally {
    await program.release();
  }
}

/** Dimensions that are still taken one by one. */
const FEW = 16;

/** Σ (aᵢₖ − bⱼₖ)²; of many dimensions ‖aᵢ‖² − 2aᵢ·bⱼ + ‖bⱼ‖², not below 0, which rounding makes coarse where points lie close together. */
function squaredDistances(e: Emit, a: Value, b: Value): Value {
  const d = a.type.shape[1]!;
  if (d <= FEW) {
    const column = (v: Value, k: number) => e.Slice(v, e.ints([k]), e.ints([k + 1]), e.ints([1]), e.ints([1]));
    const parts = Array.from({ length: d }, (_, k) => {
      const off = e.Sub(column(a, k), e.Transpose(column(b, k), { perm: [1, 0] }));
      return e.Mul(off, off);
    });
    return parts.reduce((s, p) => e.Add(s, p));
  }
  const norms = (v: Value) => e.ReduceSum(e.Mul(v, v), e.ints([1]), { keepdims: 1 });
  const cross = e.MatMul(a, e.Transpose(b, { perm: [1, 0] }));
  const sum = e.Add(norms(a), e.Transpose(norms(b), { perm: [1, 0] }));
  return e.Relu(e.Sub(sum, e.Mul(cross, e.scalar(2, cross))));
}

/** Squared Euclidean distances of rows of a [n, d] to all of b [m, d]: `visit(block [count, m], at, count)`. */
export const distances = (
  a: Numbers,
  b: Numbers,
  visit: (block: Float32Array, at: number, count: number) => void,
  run: RunOptions = {},
): Promise<void> => pairwise(a, b, squaredDistances, visit, run);

/** Inner products, likewise. */
export const products = (
  a: Numbers,
  b: Numbers,
  visit: (block: Float32Array, at: number, count: number) => void,
  run: RunOptions = {},
): Promise<void> => pairwise(a, b, (e, x, y) => e.MatMul(x, e.Transpose(y, { perm: [1, 0] })), visit, run);

/** Squared distance of each row of `x` to its k-th nearest other row. */
export async function kthNearest(x: Numbers, k: number, run: RunOptions = {}): Promise<Float32Array> {
  const n = x.shape[0]!;
  const out = new Float32Array(n);
  await distances(
    x,
    x,
    (block, at, count) => {
      for (let i = 0; i < count; i++) {
        const row = block.subarray(i * n, (i + 1) * n);
        row[at + i] = Number.POSITIVE_INFINITY;
        out[at + i] = smallest(row, k);
      }
    },
    run,
  );
  return out;
}

/** The k-th smallest of `values`. */
function smallest(values: Float32Array, k: number): number {
  const least = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (const v of values) {
    if (v >= least[k - 1]!) continue;
    let at = k - 1;
    for (; at > 0 && least[at - 1]! > v; at--) least[at] = least[at - 1]!;
    least[at] = v;
  }
  return least[k - 1]!;
}

/** Squared distance of each row of `a` to the nearest of `b`, and which it is. */
export async function nearest(a: Numbers, b: Numbers, run: RunOptions = {}): Promise<{ squared: Float32Array; index: Int32Array }> {
  const [n, m] = [a.shape[0]!, b.shape[0]!];
  const squared = new Float32Array(n).fill(Number.POSITIVE_INFINITY);
  const index = new Int32Array(n).fill(-1);
  await distances(
    a,
    b,
    (block, at, count) => {
      for (let i = 0; i < count; i++)
        for (let j = 0; j < m; j++) {
          const d = block[i * m + j]!;
          if (d < squared[at + i]!) [squared[at + i], index[at + i]] = [d, j];
        }
    },
    run,
  );
  return { squared, index };
}
