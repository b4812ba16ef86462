/** Where the pixels of a sample lie: [H, W], [C, H, W], or channels last with 1, 3 or 4 of them. */
import { fail } from "../../base/index.ts";

export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Steps in the sample's numbers from one channel, row and column to the next. */
  readonly strides: readonly [channel: number, row: number, column: number];
}

/** @throws transform-shape where a sample is no picture */
export function planesOf(shape: readonly number[]): Planes {
  const [a, b, c] = shape;
  if (shape.length === 2) return planes(1, a!, b!);
  if (shape.length !== 3)
    return fail({
      code: "transform-shape",
      expected: "pictures [H, W] or [C, H, W]",
      got: `samples of [${shape}]`,
      mend: "choose a transformation of single values (brightness, contrast, noise), or give the model its picture's shape",
    });
  // exported by TensorFlow and Keras
  if ([1, 3, 4].includes(c!) && a! > 4) return { channels: c!, height: a!, width: b!, strides: [1, b! * c!, c!] };
  return planes(a!, b!, c!);
}

/** A picture of its own, [C, height, width]. */
export const planes = (channels: number, height: number, width: number): Planes => ({
  channels,
  height,
  width,
  strides: [height * width, width, 1],
});
