/** Boxes to draw samples from, and samples of a box. */
import { arrays, fold, type Key, size, type Tensor, uniform } from "../../src/base/index.ts";
import { type Floats, isFloats, type Row, type Source, sample } from "./row.ts";

export interface Bounds {
  readonly lo: Tensor;
  readonly hi: Tensor;
}

/** `wide` fills the input's whole range, `narrow` a part of it, `point` has no width. */
export type Width = "wide" | "narrow" | "point";
export const WIDTHS: readonly Width[] = ["wide", "narrow", "point"];

const floatBounds = (s: Floats, key: Key, width: Width): Bounds => {
  const n = size(s.shape);
  const [a, b, kind] = [
    uniform(fold(key, "a"), n, s.low, s.high),
    uniform(fold(key, "b"), n, s.low, s.high),
    uniform(fold(key, "kind"), n),
  ];
  const lo = new Float32Array(n);
  const hi = new Float32Array(n);
  const shrink = { wide: 1, narrow: 0.1, point: 0 }[width];
  for (let i = 0; i < n; i++) {
    // one in ten elements is a point: boxes in the wild have some
    const t = kind[i]! < 0.1 ? 0 : shrink;
    const other = a[i]! + t * (b[i]! - a[i]!);
    lo[i] = Math.min(a[i]!, other);
    hi[i] = Math.max(a[i]!, other);
  }
  return { lo: { dtype: "float32", shape: s.shape, data: lo }, hi: { dtype: "float32", shape: s.shape, data: hi } };
};

const truthBounds = (s: Extract<Source, { kind: "truth" }>, key: Key, width: Width): Bounds => {
  const lo = sample(s, fold(key, "a"), "float32", 0);
  const other = sample(s, fold(key, "b"), "float32", 0);
  const hi = { ...lo, data: Uint8Array.from(lo.data as Uint8Array, (v, i) => (width === "point" ? v : v | (other.data[i] as number))) };
  return { lo, hi };
};

/** Bounds of every perturbable input; a point where it is not in `perturbed`; the tensor itself where it has one. */
export function box(row: Row, key: Key, width: Width, perturbed: ReadonlySet<number>): (Bounds | null)[] {
  return row.inputs.map((s, i) => {
    if (s === null) return null;
    if ("tensor" in s) return { lo: s.tensor, hi: s.tensor };
    const w = perturbed.has(i) ? width : "point";
    return isFloats(s) ? floatBounds(s, fold(key, i), w) : truthBounds(s, fold(key, i), w);
  });
}

/** `count` samples of a box, [count, …shape] flat: the two extreme corners, random corners, mixtures, and the inside. */
export function samplesOf({ lo, hi }: Bounds, key: Key, count: number): InstanceType<(typeof arrays)[keyof typeof arrays]> {
  const n = lo.data.length;
  const data = new arrays[lo.dtype](n * count);
  const u = uniform(fold(key, "u"), n * count);
  const side = uniform(fold(key, "side"), n * count);
  const truth = lo.dtype === "bool";
  for (let s = 0; s < count; s++) {
    const corner = s % 4 === 0 ? 1 : s % 4 === 1 ? 0.5 : 0;
    for (let i = 0; i < n; i++) {
      const k = s * n + i;
      const [l, h] = [lo.data[i]!, hi.data[i]!];
      if (typeof l === "bigint") data[k] = l as never;
      else if (s < 2) data[k] = (s === 0 ? l : h) as never;
      else if (truth || side[k]! < corner) data[k] = (u[k]! < 0.5 ? l : h) as never;
      // rounding may step outside: the box is closed
      else data[k] = Math.min(Math.max(l + u[k]! * ((h as number) - l), l), h as number) as never;
    }
  }
  return data;
}
