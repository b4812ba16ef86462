import { bits, fold, type Key, normal, size, type Tensor, uniform } from "../base/index.ts";
import type { Noise } from "../nn/index.ts";

function fill(key: Key, { draw, value }: Noise): Float32Array {
  const n = size(value.type.shape);
  if (draw.kind === "uniform") return uniform(key, n, draw.low, draw.high);
  if (draw.kind === "normal") return normal(key, n);
  // 16 bits decide a unit: two units a word, p to 2^-16
  const limit = Math.round(draw.keep * 65536);
  const words = bits(key, (n + 1) >> 1);
  const out = new Float32Array(2 * words.length);
  // a < limit is the sign bit of a − limit: no branch, as none could be predicted
  for (let k = 0; k < words.length; k++) {
    out[2 * k] = ((words[k]! & 0xffff) - limit) >>> 31;
    out[2 * k + 1] = ((words[k]! >>> 16) - limit) >>> 31;
  }
  return out.subarray(0, n);
}

/** The tensors that noise inputs are fed at one step: a function of the step's key and the input's position. */
export const drawNoise = (key: Key, noise: readonly Noise[]): Tensor[] =>
  noise.map((n, i) => ({ dtype: "float32", shape: n.value.type.shape, data: fill(fold(key, i), n) }));
