/** Pixels as a decoder gives them, red, green and blue of one after those of another. */

/** Whether red, green and blue are the same in every pixel. */
export function isGrey(data: Uint8Array): boolean {
  for (let i = 0; i < data.length; i += 3) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  return true;
}

/** Planes in [0, 1] of the first `planes` of the channels that lie beside each other in `data`. */
export function writePlanes(data: Uint8Array, channels: number, planes: number, out: Float32Array): void {
  const area = data.length / channels;
  for (let c = 0; c < planes; c++) for (let i = 0; i < area; i++) out[c * area + i] = data[channels * i + c]! / 255;
}
