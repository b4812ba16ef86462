/** What JPEG does to one plane: cosine transforms of 8×8 blocks, rounded to multiples of a table. */

/** ITU-T T.81, tables K.1 and K.2. */
export const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22,
  37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
export const CHROMINANCE = [
  17,
  18,
  24,
  47,
  99,
  99,
  99,
  99,
  18,
  21,
  26,
  66,
  99,
  99,
  99,
  99,
  24,
  26,
  56,
  99,
  99,
  99,
  99,
  99,
  47,
  66,
  99,
  99,
  ...new Array<number>(36).fill(99),
];

/** The tables at a quality of 1 … 100, as the Independent JPEG Group scales them. */
export const tableAt = (table: readonly number[], quality: number): number[] => {
  const percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  return table.map((q) => Math.min(Math.max(Math.floor((q * percent + 50) / 100), 1), 255));
};

/** cos((2x + 1)uπ/16), orthonormal: row u, column x. */
const DCT = Float64Array.from({ length: 64 }, (_, i) => {
  const [u, x] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** D·B·Dᵀ, or with `back` Dᵀ·B·D. */
function transform(block: Float64Array, back: boolean): Float64Array {
  const at = (u: number, x: number) => DCT[back ? 8 * x + u : 8 * u + x]!;
  const half = new Float64Array(64);
  const out = new Float64Array(64);
  for (let u = 0; u < 8; u++) for (let c = 0; c < 8; c++) for (let x = 0; x < 8; x++) half[8 * u + c]! += at(u, x) * block[8 * x + c]!;
  for (let u = 0; u < 8; u++) for (let v = 0; v < 8; v++) for (let c = 0; c < 8; c++) out[8 * u + v]! += half[8 * u + c]! * at(v, c);
  return out;
}

export const byte = (v: number): number => Math.min(Math.max(Math.round(v), 0), 255);

/** One plane of 0 … 255 through the codec, in place: blocks of 8×8, the edge repeated into those that hang over it. */
export function code(plane: Float64Array, height: number, width: number, table: readonly number[]): void {
  const block = new Float64Array(64);
  for (let r = 0; r < height; r += 8)
    for (let c = 0; c < width; c += 8) {
      for (let k = 0; k < 64; k++) block[k] = plane[Math.min(r + (k >> 3), height - 1) * width + Math.min(c + (k & 7), width - 1)]! - 128;
      const decoded = transform(
        transform(block, false).map((f, k) => Math.round(f / table[k]!) * table[k]!),
        true,
      );
      for (let k = 0; k < 64; k++)
        if (r + (k >> 3) < height && c + (k & 7) < width) plane[(r + (k >> 3)) * width + c + (k & 7)] = byte(decoded[k]! + 128);
    }
}
