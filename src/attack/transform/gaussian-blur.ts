import { type Amount, drawn, spelled } from "./amount.ts";
import { type Planes, planesOf } from "./planes.ts";
import type { Transformation } from "./transformation.ts";

/** e^(−k²/2σ²), k = −⌈3σ⌉…⌈3σ⌉, of sum 1. */
function kernel(sigma: number): Float64Array {
  const reach = Math.ceil(3 * sigma);
  const taps = Float64Array.from({ length: 2 * reach + 1 }, (_, k) => (reach === 0 ? 1 : Math.exp(-((k - reach) ** 2) / (2 * sigma ** 2))));
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((w) => w / sum);
}

/** yᵢ = Σₖ wₖ x_{clamp(i+k)} along rows or columns: the picture goes on as its edge. Its adjoint scatters what this gathers. */
function along(
  x: Float32Array,
  { channels, height, width, strides }: Planes,
  axis: 1 | 2,
  taps: Float64Array,
  adjoint: boolean,
): Float32Array {
  const out = new Float32Array(x.length);
  const reach = (taps.length - 1) / 2;
  const [length, lines] = axis === 1 ? [height, width] : [width, height];
  const [step, across] = axis === 1 ? [strides[1], strides[2]] : [strides[2], strides[1]];
  for (let c = 0; c < channels; c++)
    for (let line = 0; line < lines; line++) {
      const start = c * strides[0] + line * across;
      for (let i = 0; i < length; i++)
        for (let k = -reach; k <= reach; k++) {
          const far = start + Math.min(Math.max(i + k, 0), length - 1) * step;
          const near = start + i * step;
          const [to, from] = adjoint ? [far, near] : [near, far];
          out[to] = out[to]! + taps[k + reach]! * x[from]!;
        }
    }
  return out;
}

/** Convolution with a Gaussian, the edge repeated outwards. @param amount σ, in pixels */
export const gaussianBlur = (amount: Amount = [0.3, 1]): Transformation => ({
  name: `gaussian blur ${spelled(amount)}`,
  draw(key, shape) {
    const planes = planesOf(shape);
    const taps = kernel(Math.max(drawn(key, amount), 0));
    const both = (x: Float32Array, adjoint: boolean) => along(along(x, planes, 1, taps, adjoint), planes, 2, taps, adjoint);
    return { apply: (x) => both(x, false), pullBack: (_, dy) => both(dy, true) };
  },
});
