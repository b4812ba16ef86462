/** Samples side by side, as pixels. */
import { fail, type Pixels, type Tensor } from "../base/index.ts";

export interface GridOptions {
  /** Values shown as black and white; default [0, 1]. */
  readonly range?: readonly [number, number];
  /** Default: as square as it gets. */
  readonly columns?: number;
  /** Pixels of the picture for each pixel of a sample; default 1. */
  readonly scale?: number;
  /** Pixels between samples; default 2. */
  readonly gap?: number;
}

/** Where sample `i`'s pixel (x, y) goes, for every pixel of a grid of N×H×W. */
function layOut(
  n: number,
  height: number,
  width: number,
  channels: 1 | 3,
  { columns, scale = 1, gap = 2 }: GridOptions,
  background: number,
) {
  const across = columns ?? Math.ceil(Math.sqrt(n));
  const down = Math.ceil(n / across);
  const [w, h] = [across * (width * scale + gap) - gap, down * (height * scale + gap) - gap];
  const data = new Uint8Array(w * h * channels).fill(background);
  const put = (i: number, y: number, x: number, colour: readonly number[]) => {
    const [top, left] = [Math.floor(i / across) * (height * scale + gap), (i % across) * (width * scale + gap)];
    for (let dy = 0; dy < scale; dy++)
      for (let dx = 0; dx < scale; dx++) data.set(colour, ((top + y * scale + dy) * w + left + x * scale + dx) * channels);
  };
  return { pixels: { width: w, height: h, channels, data } satisfies Pixels, put };
}

function imageShape(samples: Tensor<"float32">): { n: number; c: number; h: number; w: number } {
  const [n, c, h, w] = samples.shape;
  if (samples.shape.length !== 4 || (c !== 1 && c !== 3) || n === 0)
    return fail({
      code: "grid-shape",
      expected: "images [N, 1 or 3, H, W]",
      got: `[${samples.shape}]`,
      mend: "pictures can only be made of images",
    });
  return { n: n!, c, h: h!, w: w! };
}

const byte = (v: number): number => Math.max(0, Math.min(255, Math.round(255 * v)));

/** Images [N, C, H, W], C 1 or 3, as one picture. */
export function imageGrid(samples: Tensor<"float32">, options: GridOptions = {}): Pixels {
  const { n, c, h, w } = imageShape(samples);
  const [low, high] = options.range ?? [0, 1];
  const { pixels, put } = layOut(n, h, w, c as 1 | 3, options, 255);
  for (let i = 0; i < n; i++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++)
        put(
          i,
          y,
          x,
          Array.from({ length: c }, (_, k) => byte((samples.data[((i * c + k) * h + y) * w + x]! - low) / (high - low))),
        );
  return pixels;
}

/** Signed images as one picture: red where above 0, blue where below, white at 0, full colour at ±`limit`. Channels are averaged. */
export function signedGrid(samples: Tensor<"float32">, limit: number, options: GridOptions = {}): Pixels {
  const { n, c, h, w } = imageShape(samples);
  const { pixels, put } = layOut(n, h, w, 3, options, 255);
  for (let i = 0; i < n; i++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        let v = 0;
        for (let k = 0; k < c; k++) v += samples.data[((i * c + k) * h + y) * w + x]! / c;
        const t = limit > 0 ? Math.max(-1, Math.min(1, v / limit)) : 0;
        const fade = byte(1 - Math.abs(t));
        put(i, y, x, t > 0 ? [byte(1 - 0.22 * t), fade, fade] : [fade, fade, byte(1 + 0.22 * t)]);
      }
  return pixels;
}
