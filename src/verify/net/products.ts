/** Products of rows with linear maps: by hand where maps are small or sparse, by onnxruntime where they are large. */
import { input } from "../../graph/index.ts";
import { builder } from "../../pass/index.ts";
import { compile, type Program } from "../../run/index.ts";
import type { Clock } from "../clock.ts";
import { type Dense, type Linear, pulled, pushed } from "./linear.ts";

/** Adds products to `out`. Whoever computes by himself returns nothing; whoever has to wait returns a promise. */
export interface Products {
  /** rows·M: rows [count, m.rows], out [count, m.columns]. */
  pull(rows: Float64Array, count: number, m: Linear, out: Float64Array): Promise<void> | undefined;
  /** rows·Mᵀ: rows [count, m.columns], out [count, m.rows]. */
  push(rows: Float64Array, count: number, m: Linear, out: Float64Array): Promise<void> | undefined;
  release(): Promise<void>;
}

/** By hand. */
export const plain: Products = {
  pull(rows, count, m, out) {
    pulled(rows, count, m, out);
    return undefined;
  },
  push(rows, count, m, out) {
    pushed(rows, count, m, out);
    return undefined;
  },
  release: async () => {},
};

/** Products of a row and an entry between two looks at the clock: at most about a second of them. */
export const PORTION = 2 ** 28;
/** Rows of the smallest portion. */
const LEAST = 4;

/** What takes long in portions of rows, with a look at the clock between them. */
export function paced(products: Products, clock: Clock, portion = PORTION): Products {
  const inPortions = async (way: "pull" | "push", rows: Float64Array, count: number, m: Linear, out: Float64Array, most: number) => {
    const [n, w] = way === "pull" ? [m.rows, m.columns] : [m.columns, m.rows];
    for (let at = 0; at < count; at += most) {
      const breath = clock.look();
      if (breath) await breath;
      const taken = Math.min(most, count - at);
      const wait = products[way](rows.subarray(at * n, (at + taken) * n), taken, m, out.subarray(at * w, (at + taken) * w));
      if (wait) await wait;
    }
  };
  const product =
    (way: "pull" | "push"): Products["pull"] =>
    (rows, count, m, out) => {
      const most = Math.max(LEAST, Math.floor(portion / m.data.length));
      return count <= most ? products[way](rows, count, m, out) : inPortions(way, rows, count, m, out, most);
    };
  return { pull: product("pull"), push: product("push"), release: () => products.release() };
}

/** Entries of a map from which onnxruntime is faster: a call costs some 15 µs, by hand there are 2–3 products a nanosecond, there 16. */
const LARGE = 8_000;
/** Rows of one call. */
const MOST = 256;

/** Large dense maps by onnxruntime's float64 products, one thread: the order of its sums is as good as any other for the bound of their error. */
export function native(threads = 1): Products {
  const programs = new Map<Linear, { pull?: Promise<Program>; push?: Promise<Program> }>();
  const programOf = (m: Dense, way: "pull" | "push"): Promise<Program> => {
    const own = programs.get(m) ?? {};
    programs.set(m, own);
    own[way] ??= compileProduct(m, way, threads);
    return own[way];
  };
  const product = async (rows: Float64Array, count: number, m: Dense, out: Float64Array, way: "pull" | "push"): Promise<void> => {
    const [n, w] = way === "push" ? [m.columns, m.rows] : [m.rows, m.columns];
    const program = await programOf(m, way);
    for (let at = 0; at < count; at += MOST) {
      const taken = Math.min(MOST, count - at);
      const [y] = await program.run([{ dtype: "float64", shape: [taken, n], data: rows.subarray(at * n, (at + taken) * n) }]);
      const found = y!.data as Float64Array;
      const to = at * w;
      for (let p = 0; p < taken * w; p++) out[to + p]! += found[p]!;
    }
  };
  const isLarge = (m: Linear, count: number): m is Dense => m.kind === "dense" && m.rows * m.columns >= LARGE && count >= 4;
  return {
    pull: (rows, count, m, out) => (isLarge(m, count) ? product(rows, count, m, out, "pull") : plain.pull(rows, count, m, out)),
    push: (rows, count, m, out) => (isLarge(m, count) ? product(rows, count, m, out, "push") : plain.push(rows, count, m, out)),
    async release() {
      for (const { pull, push } of programs.values()) for (const program of [pull, push]) await (await program)?.release();
    },
  };
}

/** For any number of rows. */
function compileProduct(m: Dense, way: "pull" | "push", threads: number): Promise<Program> {
  const e = builder();
  const [n, w] = way === "push" ? [m.columns, m.rows] : [m.rows, m.columns];
  const x = input("float64", [2, n], "x", ["N", n]);
  const data = way === "push" ? transposeOf(m) : m.data;
  const y = e.MatMul(x, e.constant({ dtype: "float64", shape: [n, w], data }));
  return compile({ inputs: [x], outputs: [y] }, { threads, anyBatch: true });
}

function transposeOf({ rows, columns, data }: Dense): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  return out;
}
