/** A network as bounds and searches see it: flat vectors, affine maps with exact entries, and what bends. One sample, no batch. */
import type { Curve } from "./curve/index.ts";
import type { Linear, Sparse } from "./linear.ts";
import { selects, times } from "./linear.ts";

/** What every vertex but the input says of the machine that computes it. */
interface Computed {
  /** Relative error of each of its roundings: 2⁻²⁴ where a float32 machine computes it; default 0, exact arithmetic. */
  readonly unit?: number;
}

/** y = M·x + bias. */
export interface Affine extends Computed {
  readonly kind: "affine";
  readonly size: number;
  readonly from: number;
  readonly map: Linear;
  readonly bias: Float64Array | null;
  /** Relative error of the entries of map and bias as they stand here, 0 where they are exact: of a normalisation's quotients, say. */
  readonly inexact: number;
  /** At least |bias|, and all that it is the sum of: what errors of the bias are a share of. Default |bias|. */
  readonly biasReach?: Float64Array;
}

/** Where branches meet: y = Σ x. */
export interface Sum extends Computed {
  readonly kind: "sum";
  readonly size: number;
  readonly from: readonly number[];
}

/** y = max(x, slope·x), 0 ≤ slope ≤ 1: the rectifier, or a leaky one. */
export interface Rectifier extends Computed {
  readonly kind: "rectifier";
  readonly size: number;
  readonly from: number;
  readonly slope: number;
}

/** y = f(x), element by element. */
export interface Curved {
  readonly kind: "curve";
  readonly size: number;
  readonly from: number;
  readonly curve: Curve;
}

/** y = a·b, element by element. */
export interface Product {
  readonly kind: "product";
  readonly size: number;
  readonly from: readonly [number, number];
}

export interface Entry {
  readonly kind: "input";
  readonly size: number;
}

export type Vertex = Entry | Affine | Sum | Rectifier | Curved | Product;

/** Vertices after those that they come from; the first is the input, the last the output. */
export interface Network {
  readonly vertices: readonly Vertex[];
}

export const sourcesOf = (v: Vertex): readonly number[] => (v.kind === "input" ? [] : typeof v.from === "number" ? [v.from] : v.from);

/** The same vertex with other sources, one for one. */
export const moved = <V extends Vertex>(v: V, to: (source: number) => number): V =>
  v.kind === "input" ? v : { ...v, from: typeof v.from === "number" ? to(v.from) : v.from.map(to) };

/** Whether the elements of `v` are some of its source's, unchanged. */
export const choosing = (v: Vertex): v is Affine & { readonly map: Sparse } =>
  v.kind === "affine" && !v.bias && v.inexact === 0 && selects(v.map);

/** All values at x, in float64: near what the network gives, and no proof of it. */
export function evaluate({ vertices }: Network, x: Float64Array): Float64Array[] {
  const values: Float64Array[] = [];
  for (const v of vertices) {
    if (v.kind === "input") {
      values.push(x);
      continue;
    }
    const y = new Float64Array(v.size);
    if (v.kind === "affine") {
      times(v.map, values[v.from]!, y);
      if (v.bias) for (let i = 0; i < y.length; i++) y[i]! += v.bias[i]!;
    } else if (v.kind === "sum") {
      for (const s of v.from) for (let i = 0; i < y.length; i++) y[i]! += values[s]![i]!;
    } else if (v.kind === "curve") {
      const from = values[v.from]!;
      for (let i = 0; i < y.length; i++) y[i] = v.curve.at(from[i]!);
    } else if (v.kind === "product") {
      const [a, b] = [values[v.from[0]]!, values[v.from[1]]!];
      for (let i = 0; i < y.length; i++) y[i] = a[i]! * b[i]!;
    } else {
      const from = values[v.from]!;
      for (let i = 0; i < y.length; i++) y[i] = from[i]! > 0 ? from[i]! : v.slope * from[i]!;
    }
    values.push(y);
  }
  return values;
}
