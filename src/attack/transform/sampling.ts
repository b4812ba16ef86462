/** Reading a picture between its pixels: what every change of geometry is made of. */
import type { Planes } from "./planes.ts";
import type { Draw } from "./transformation.ts";

/** For each pixel of the result, row by row, where it is read from: rows and columns of the source, from 0. */
export interface Places {
  readonly rows: Float64Array;
  readonly columns: Float64Array;
}

export interface Sampling extends Draw {
  /** The cotangent of the places: Σ over channels of dy·∂y/∂(row, column), a pixel each. */
  toPlaces(x: Float32Array, dy: Float32Array): Places;
}

/** Where the numbers of channel 0 lie, pixel by pixel. */
function offsets({ height, width, strides }: Planes): Int32Array {
  const out = new Int32Array(height * width);
  for (let y = 0, p = 0; y < height; y++) for (let x = 0; x < width; x++) out[p++] = y * strides[1] + x * strides[2];
  return out;
}

/**
 * Bilinear sampling: of the four pixels around a place, each counts by how near it is. Linear in the picture; pixels outside have the value `fill`.
 * Jaderberg et al. 2015, arXiv:1506.02025, eq. (5)–(7).
 * @param to the result's shape; of as many channels as `from`
 * @param where 1 for the pixels of the result that are wanted; the others are 0. Default all
 */
export function sampled(from: Planes, to: Planes, { rows, columns }: Places, fill: number, where?: Uint8Array): Sampling {
  const { channels } = to;
  const pixels = to.height * to.width;
  const target = offsets(to);
  // corner 2i + j of a pixel: i below, j to the right of where the place lies; −1 outside
  const corner = new Int32Array(4 * pixels);
  const weight = new Float64Array(4 * pixels);
  const wanted = (p: number) => where === undefined || where[p] === 1;
  for (let p = 0; p < pixels; p++) {
    if (!wanted(p)) continue;
    const r = Math.floor(rows[p]!);
    const c = Math.floor(columns[p]!);
    for (let k = 0; k < 4; k++) {
      const y = r + (k >> 1);
      const x = c + (k & 1);
      const inside = y >= 0 && y < from.height && x >= 0 && x < from.width;
      corner[4 * p + k] = inside ? y * from.strides[1] + x * from.strides[2] : -1;
      weight[4 * p + k] = (1 - Math.abs(rows[p]! - y)) * (1 - Math.abs(columns[p]! - x));
    }
  }
  const value = (x: Float32Array, corner: number, channel: number) => (corner < 0 ? fill : x[corner + channel * from.strides[0]]!);
  return {
    apply(x) {
      const out = new Float32Array(channels * pixels);
      for (let c = 0; c < channels; c++)
        for (let p = 0; p < pixels; p++) {
          if (!wanted(p)) continue;
          let sum = 0;
          for (let k = 4 * p; k < 4 * p + 4; k++) sum += weight[k]! * value(x, corner[k]!, c);
          out[target[p]! + c * to.strides[0]] = sum;
        }
      return out;
    },
    pullBack(_, dy) {
      const out = new Float32Array(channels * from.height * from.width);
      for (let c = 0; c < channels; c++)
        for (let p = 0; p < pixels; p++) {
          if (!wanted(p)) continue;
          const d = dy[target[p]! + c * to.strides[0]]!;
          for (let k = 4 * p; k < 4 * p + 4; k++) {
            const at = corner[k]! + c * from.strides[0];
            if (corner[k]! >= 0) out[at] = out[at]! + weight[k]! * d;
          }
        }
      return out;
    },
    toPlaces(x, dy) {
      const out = { rows: new Float64Array(pixels), columns: new Float64Array(pixels) };
      for (let p = 0; p < pixels; p++) {
        if (!wanted(p)) continue;
        const right = columns[p]! - Math.floor(columns[p]!);
        const below = rows[p]! - Math.floor(rows[p]!);
        for (let c = 0; c < channels; c++) {
          const [a, b, e, f] = [0, 1, 2, 3].map((k) => value(x, corner[4 * p + k]!, c));
          const d = dy[target[p]! + c * to.strides[0]]!;
          out.rows[p] = out.rows[p]! + d * ((1 - right) * (e! - a!) + right * (f! - b!));
          out.columns[p] = out.columns[p]! + d * ((1 - below) * (b! - a!) + below * (f! - e!));
        }
      }
      return out;
    },
  };
}
