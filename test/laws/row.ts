/** A row of the law tables: one operator, its attributes, and where each of its inputs comes from. */
import {
  arrays,
  type DType,
  fold,
  type Key,
  permutation,
  type Shape,
  seedKey,
  size,
  type Tensor,
  tensor,
  uniform,
} from "../../src/base/index.ts";
import type { Attrs, Emit, Value } from "../../src/graph/index.ts";

/** Floats drawn from [low, high). */
export interface Floats {
  /** `data` has the batch as axis 0; a `weight` has none, and is constant while linear bounds are taken. */
  readonly kind: "data" | "weight";
  readonly shape: Shape;
  readonly low: number;
  readonly high: number;
  /** Points without a derivative, to keep off when differentiating. */
  readonly kinks?: readonly number[];
  /** No two numbers alike, in all such inputs of the row together: order decides the derivative. */
  readonly distinct?: true;
}

export type Source =
  | Floats
  /** A bool, perturbed like any number: false < true. */
  | { readonly kind: "truth"; readonly shape: Shape }
  /** Known while building: axes, shapes. */
  | { readonly kind: "fixed"; readonly tensor: Tensor /** Of the run's float type. */; readonly float?: true }
  /** A graph input that is never perturbed: indices, integers. */
  | { readonly kind: "fed"; readonly tensor: Tensor }
  /** [1, …], repeated over the batch at run time, as a model with a free batch writes it. */
  | { readonly kind: "tiled"; readonly tensor: Tensor };

export interface Row {
  readonly op: string;
  readonly inputs: readonly (Source | null)[];
  readonly attrs?: Attrs;
  /** The operator among others, instead of alone. */
  readonly build?: (e: Emit, inputs: readonly (Value | null)[]) => readonly Value[];
  /** What this row is about, where the operator's name does not say it. */
  readonly about?: string;
  /** Axis 0 is not a batch, so linear bounds (one specification row a sample) do not apply. */
  readonly mixesBatch?: true;
  /** Why the enclosure of a single point may be wider than the point. */
  readonly loose?: string;
  /** Why bounds may claim nothing and be NaN: a pole, an overflow. */
  readonly unbounded?: string;
  /** Why the derivative is not compared with differences here (a domain where it is infinite, say). */
  readonly steep?: string;
}

export const title = (row: Row, i: number): string => `${i} ${row.op}${row.about ? `: ${row.about}` : ""}`;

type Options = Partial<Pick<Floats, "kinks" | "distinct">>;
export const x = (shape: Shape, low = -2, high = 2, options: Options = {}): Floats => ({ kind: "data", shape, low, high, ...options });
export const w = (shape: Shape, low = -2, high = 2, options: Options = {}): Floats => ({ kind: "weight", shape, low, high, ...options });
export const truth = (shape: Shape): Source => ({ kind: "truth", shape });
export const ints = (values: readonly number[], shape: Shape = [values.length], dtype: DType = "int64"): Source => ({
  kind: "fixed",
  tensor: tensor(values, shape, dtype),
});
export const fixed = (t: Tensor): Source => ({ kind: "fixed", tensor: t });
/** Known numbers of the run's float type. */
export const floats = (values: readonly number[], shape: Shape = [values.length]): Source => ({
  kind: "fixed",
  tensor: tensor(values, shape),
  float: true,
});
export const fed = (values: readonly number[], shape: Shape = [values.length], dtype: DType = "int64"): Source => ({
  kind: "fed",
  tensor: tensor(values, shape, dtype),
});
export const tiled = (values: readonly number[], shape: Shape, dtype: DType = "int64"): Source => ({
  kind: "tiled",
  tensor: tensor(values, shape, dtype),
});

export const isFloats = (s: Source | null): s is Floats => s?.kind === "data" || s?.kind === "weight";
/** Changes from run to run: a graph input. */
export const isFree = (s: Source | null): s is Exclude<Source, { kind: "fixed" | "tiled" }> =>
  s !== null && s.kind !== "fixed" && s.kind !== "tiled";
export const shapeOf = (s: Source): Shape => ("tensor" in s ? s.tensor.shape : s.shape);
export const dtypeOf = (s: Source, float: DType): DType => ("tensor" in s ? s.tensor.dtype : s.kind === "truth" ? "bool" : float);

/** Distance kept from a kink; differences reach a twentieth of it. */
const MARGIN = 0.02;
/** Distinct numbers lie on a grid of this pitch, each input of the row on its own quarter of it. */
const PITCH = 0.1;

/** Numbers of one input; with `smooth`, off its kinks. */
export function sample(s: Source, key: Key, float: DType, slot: number, smooth = false): Tensor {
  if ("tensor" in s) return s.tensor;
  const n = size(s.shape);
  if (s.kind === "truth")
    return tensor(
      Array.from(uniform(key, n), (u) => (u < 0.5 ? 0 : 1)),
      s.shape,
      "bool",
    );
  const out = new arrays[float](n) as Float64Array;
  if (smooth && s.distinct)
    for (const [i, p] of permutation(key, n).entries()) out[i] = PITCH * (p - Math.floor(n / 2)) + (PITCH / 4) * slot;
  else out.set(uniform(key, n, s.low, s.high));
  if (smooth)
    for (const k of s.kinks ?? [])
      for (let i = 0; i < n; i++) if (Math.abs(out[i]! - k) < MARGIN) out[i] = out[i]! < k ? k - MARGIN : k + MARGIN;
  return { dtype: float, shape: s.shape, data: out as never };
}

/** Shapes and attributes for a family's rows: the same ones on every run, on every machine. */
export function draw(family: string) {
  const key = fold(seedKey(2014), family);
  let drawn = 0;
  const int = (low: number, high: number): number => low + Math.floor(uniform(fold(key, drawn++), 1)[0]! * (high - low + 1));
  return {
    int,
    float: (low: number, high: number): number => uniform(fold(key, drawn++), 1, low, high)[0]!,
    pick: <T>(list: readonly T[]): T => list[int(0, list.length - 1)]!,
    /** A shape of `rank` sizes between 2 and 4. */
    shape: (rank: number): number[] => Array.from({ length: rank }, () => int(2, 4)),
    indices: (n: number, below: number): number[] => Array.from({ length: n }, () => int(0, below - 1)),
    permutation: (n: number): number[] => Array.from(permutation(fold(key, drawn++), n)),
  };
}
