/** Half-precision numbers as bit patterns, for engines without Float16Array. IEEE 754-2019 §3.6 (binary16); bfloat16 is the upper half of binary32. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The number of a binary16 pattern: exact, every half is a float32. */
export function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** `q` without its last `shift` bits, to the nearest, ties to even. */
function rounded(q: number, shift: number): number {
  const kept = q >>> shift;
  const [rest, half] = [q & ((1 << shift) - 1), 1 << (shift - 1)];
  return rest > half || (rest === half && kept & 1) ? kept + 1 : kept;
}

/** The binary16 pattern nearest to a float32, ties to even; beyond 65504 infinity. */
export function toFloat16(x: number): number {
  float[0] = x;
  const b = bits[0]!;
  const sign = (b >>> 16) & 0x8000;
  const exponent = (b >>> 23) & 255;
  const fraction = b & 0x7fffff;
  if (exponent === 255) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  const e = exponent - 112;
  if (e >= 31) return sign | 0x7c00;
  if (e < -10) return sign;
  // a carry out of the fraction raises the exponent, as it should
  return sign | (e <= 0 ? rounded(fraction | 0x800000, 14 - e) : rounded((e << 23) | fraction, 13));
}

export const floatsOfHalves = (halves: ArrayLike<number>): Float32Array<ArrayBuffer> => Float32Array.from(halves, fromFloat16);

export const halvesOfFloats = (floats: ArrayLike<number>): Uint16Array<ArrayBuffer> => Uint16Array.from(floats, toFloat16);

/** Exact: a bfloat16 is a float32 cut in half. */
export function floatsOfBrains(brains: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Uint32Array(brains.length);
  for (let i = 0; i < out.length; i++) out[i] = brains[i]! << 16;
  return new Float32Array(out.buffer);
}
