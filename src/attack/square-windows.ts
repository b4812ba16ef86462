/** Where Square Attack strikes: a sample's features in channels, and windows of them. */
import { type Key, permutation, size, uniform } from "../base/index.ts";
import { type Planes, planesOf } from "./transform/planes.ts";

/** The same places in each channel: `channels[c][k]` is a feature. */
export interface Window {
  readonly channels: readonly Int32Array[];
  readonly rows: number;
  readonly columns: number;
}

export interface Field {
  readonly channels: number;
  /** Whether windows are squares; else any set. */
  readonly neighbours: boolean;
  /** A window at a random place, of `share` of the features, at least `least` wide. */
  window(key: Key, share: number, least: number): Window;
  /** Windows that start the search in L∞: each moves by one sign a channel. */
  readonly stripes: readonly Window[];
  /** Windows that start it in L2 and L1: each gets a bump. */
  readonly tiles: readonly Window[];
  /** What a perturbation of such a window looks like, of L_q norm 1 in each channel, up to its sign. */
  bump(key: Key, window: Window, q: number): Float64Array;
}

/** One random sign for each of `n`. */
export const signs = (key: Key, n: number): Float32Array => uniform(key, n).map((u) => (u < 0.5 ? -1 : 1));

/** Pictures have neighbours; samples that are none, and those a pixel wide or high, have features without. */
export function fieldOf(shape: readonly number[]): Field {
  if (shape.length !== 2 && shape.length !== 3) return features(size(shape));
  const picture = planesOf(shape);
  return Math.min(picture.height, picture.width) === 1 ? features(size(shape)) : image(picture);
}

/** Any set of features is a window. */
function features(n: number): Field {
  const set = (places: Int32Array): Window => ({ channels: [places], rows: 1, columns: places.length });
  const each = Array.from({ length: n }, (_, i) => set(Int32Array.of(i)));
  return {
    channels: 1,
    neighbours: false,
    window: (key, share) => set(Int32Array.from(permutation(key, n).subarray(0, Math.max(1, Math.round(share * n))))),
    stripes: each,
    tiles: each,
    bump: (key, { columns }, q) => Float64Array.from(signs(key, columns), (v) => v / columns ** (1 / q)),
  };
}

/** Windows are squares, as far as the image is high and wide enough for them. */
function image({ channels, height, width, strides }: Planes): Field {
  const cut = (top: number, left: number, rows: number, columns: number): Window => {
    const place = (c: number, k: number) =>
      c * strides[0] + (top + Math.floor(k / columns)) * strides[1] + (left + (k % columns)) * strides[2];
    return {
      channels: Array.from({ length: channels }, (_, c) => Int32Array.from({ length: rows * columns }, (_, k) => place(c, k))),
      rows,
      columns,
    };
  };
  const side = Math.max(Math.floor(height / 5), 1);
  const [down, across] = [Math.floor(height / side), Math.floor(width / side)];
  const [top, left] = [(height - down * side) >> 1, (width - across * side) >> 1];
  const known = new Map<string, Float64Array>();
  const shaped = (rows: number, columns: number, q: number): Float64Array => {
    const name = `${rows} ${columns} ${q}`;
    const made = known.get(name) ?? hills(rows, columns, q);
    known.set(name, made);
    return made;
  };
  return {
    channels,
    neighbours: true,
    window(key, share, least) {
      let s = Math.max(Math.round(Math.sqrt(share * height * width)), least);
      // a bump has a middle
      if (least > 1 && s % 2 === 0) s++;
      const rows = Math.min(s, height);
      const columns = Math.min(rows < s ? Math.max(1, Math.round(share * width)) : s, width);
      const [u, v] = uniform(key, 2);
      return cut(Math.floor(u! * (height - rows + 1)), Math.floor(v! * (width - columns + 1)), rows, columns);
    },
    stripes: Array.from({ length: width }, (_, j) => cut(0, j, height, 1)),
    tiles: Array.from({ length: down * across }, (_, k) =>
      cut(top + Math.floor(k / across) * side, left + (k % across) * side, side, side),
    ),
    bump: (key, { rows, columns }, q) =>
      uniform(key, 1)[0]! < 0.5 ? shaped(rows, columns, q) : transposed(shaped(columns, rows, q), columns, rows),
  };
}

const transposed = (m: Float64Array, rows: number, columns: number): Float64Array =>
  Float64Array.from(m, (_, k) => m[(k % rows) * columns + Math.floor(k / rows)]!);

/** η of the paper's L2 proposal: the upper half a hill of concentric rectangles, Σ 1/(k+1)² (in L1 1/(k+1)⁴), the lower half its negative. */
function hills(rows: number, columns: number, q: number): Float64Array {
  const out = new Float64Array(rows * columns);
  const half = rows >> 1;
  hill(out, 0, half, columns, q, 1);
  hill(out, half, rows - half, columns, q, -1);
  let sum = 0;
  for (const v of out) sum += Math.abs(v) ** q;
  return out.map((v) => v / sum ** (1 / q));
}

function hill(out: Float64Array, first: number, rows: number, columns: number, q: number, sign: number): void {
  const [middle, centre] = [rows >> 1, columns >> 1];
  const part = new Float64Array(rows * columns);
  for (let k = 0; k <= Math.max(middle, centre); k++)
    for (let i = Math.max(middle - k, 0); i < Math.min(middle + k + 1, rows); i++)
      for (let j = Math.max(centre - k, 0); j < Math.min(centre + k + 1, columns); j++)
        part[i * columns + j]! += 1 / (k + 1) ** (q === 2 ? 2 : 4);
  const length = part.reduce((s, v) => s + v ** q, 0) ** (1 / q);
  for (let k = 0; k < part.length; k++) out[first * columns + k] = (sign * part[k]!) / length;
}
