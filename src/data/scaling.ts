import { full, type Tensor, tensor } from "../base/index.ts";
import type { Dataset } from "./dataset.ts";

/**
 * How inputs should be scaled for training, (x − shift)/scale: images from their range to [0, 1], features of a table each to
 * mean 0 and deviation 1 over `train`. A feature that never changes is only shifted.
 */
export function scalingOf({ x, range: [low, high], inputShape }: Dataset): { shift: Tensor<"float32">; scale: Tensor<"float32"> } {
  if (inputShape.length !== 1) return { shift: full([], low), scale: full([], high > low ? high - low : 1) };
  const [n, width] = x.shape as [number, number];
  const [shift, scale] = [new Float32Array(width), new Float32Array(width)];
  for (let k = 0; k < width; k++) {
    let [mean, square] = [0, 0];
    for (let i = 0; i < n; i++) mean += x.data[i * width + k]! / n;
    for (let i = 0; i < n; i++) square += (x.data[i * width + k]! - mean) ** 2 / n;
    shift[k] = mean;
    scale[k] = square > 0 ? Math.sqrt(square) : 1;
  }
  return { shift: tensor(shift, inputShape), scale: tensor(scale, inputShape) };
}
