import { fail } from "../../base/index.ts";
import { type Amount, drawn, spelled } from "./amount.ts";
import { byte, CHROMINANCE, code, LUMINANCE, tableAt } from "./jpeg-blocks.ts";
import { doubled, half, halved } from "./jpeg-colours.ts";
import { type Planes, planesOf } from "./planes.ts";
import type { Draw, Transformation } from "./transformation.ts";

type Three = readonly [number, number, number];

/** JFIF: red, green, blue → luminance and two colour differences (without their offset of 128), and back. */
const TO_YCC: readonly Three[] = [
  [0.299, 0.587, 0.114],
  [-0.168735892, -0.331264108, 0.5],
  [0.5, -0.418687589, -0.081312411],
];
const TO_RGB: readonly Three[] = [
  [1, 0, 1.402],
  [1, -0.344136286, -0.714136286],
  [1, 1.772, 0],
];
const transposed = (m: readonly Three[]): readonly Three[] => [0, 1, 2].map((j) => [m[0]![j]!, m[1]![j]!, m[2]![j]!] as const);

/** m·(v₀, v₁, v₂) at each pixel of three planes. */
const mixed = (m: readonly Three[], [a, b, c]: readonly Float64Array[]): Float64Array[] =>
  m.map(([p, q, r]) => a!.map((v, i) => p * v + q * b![i]! + r * c![i]!));

const split = (x: Float32Array, { channels, height, width, strides }: Planes): Float64Array[] =>
  Array.from({ length: channels }, (_, c) =>
    Float64Array.from(
      { length: height * width },
      (_, p) => x[c * strides[0] + Math.floor(p / width) * strides[1] + (p % width) * strides[2]]!,
    ),
  );

function join(parts: readonly Float64Array[], { channels, height, width, strides }: Planes): Float32Array {
  const out = new Float32Array(channels * height * width);
  parts.forEach((plane, c) => {
    for (let p = 0; p < height * width; p++)
      out[c * strides[0] + Math.floor(p / width) * strides[1] + (p % width) * strides[2]] = plane[p]!;
  });
  return out;
}

interface Codec {
  readonly planes: Planes;
  readonly range: readonly [number, number];
  readonly quality: number;
  readonly subsampled: boolean;
}

function codec({ planes, range: [low, high], quality, subsampled }: Codec): Draw {
  const { channels, height, width } = planes;
  const [luminance, chrominance] = [tableAt(LUMINANCE, quality), tableAt(CHROMINANCE, quality)];
  const colour = (plane: Float64Array): Float64Array => {
    const whole = plane.map((v) => byte(v + 128));
    const coded = subsampled ? halved(whole, height, width).map(byte) : whole;
    if (subsampled) code(coded, half(height), half(width), chrominance);
    else code(coded, height, width, chrominance);
    return (subsampled ? doubled(coded, height, width).map(byte) : coded).map((v) => v - 128);
  };
  return {
    apply(x) {
      const pixels: Float64Array[] = split(x, planes).map((plane) => plane.map((v) => byte(((v - low) / (high - low)) * 255)));
      if (channels !== 3) for (const plane of pixels) code(plane, height, width, luminance);
      else {
        const [y, ...differences] = mixed(TO_YCC, pixels);
        const grey = y!.map(byte);
        code(grey, height, width, luminance);
        pixels.splice(0, 3, ...mixed(TO_RGB, [grey, ...differences.map(colour)]));
      }
      return join(
        pixels.map((plane) => plane.map((v) => low + (byte(v) / 255) * (high - low))),
        planes,
      );
    },
    // with rounding passed through, what is left of D⁻¹·(q·⌊D·x/q⌉) is x, and of the colours their way to half the resolution and back
    pullBack(_, dy) {
      if (channels !== 3 || !subsampled) return dy.slice();
      const [y, ...differences] = mixed(transposed(TO_RGB), split(dy, planes));
      const narrowed = differences.map((d) => halved(doubled(d, height, width, true), height, width, true));
      return join(mixed(transposed(TO_YCC), [y!, ...narrowed]), planes);
    },
  };
}

/**
 * Written as JPEG and read again: 8-bit colours, 8×8 cosine transforms, coefficients rounded to multiples of the quality's tables. Rounding and
 * the decoder's clipping pass gradients straight through (Athalye, Carlini & Wagner 2018, arXiv:1802.00420).
 * @param quality 1 … 100
 * @param colours `4:2:0` keeps colour at half the resolution, as most files do
 * @throws jpeg-quality
 */
export function jpeg(quality: Amount = 75, colours: "4:2:0" | "4:4:4" = "4:2:0"): Transformation {
  for (const q of typeof quality === "number" ? [quality] : quality)
    if (!(q >= 1 && q <= 100))
      fail({ code: "jpeg-quality", expected: "a quality from 1 to 100", got: `${q}`, mend: "choose one in between; 75 is usual" });
  return {
    name: `jpeg ${spelled(quality)}`,
    draw: (key, shape, range) =>
      codec({ planes: planesOf(shape), range, quality: Math.round(drawn(key, quality)), subsampled: colours === "4:2:0" }),
  };
}
