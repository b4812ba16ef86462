/** Sine and cosine. */
import { bending, type Curve, curve, near, type Place, type Smooth } from "./curve.ts";

/** Wider than two periods, or further out, only the range is told. */
const WIDEST = 4 * Math.PI;
const FURTHEST = 2 ** 30;

/** `wave` is 0, and bends the other way, at (k + shift)·π; after an even k it is concave. */
const swinging = (name: string, wave: Smooth, shift: 0 | -0.5): Curve =>
  curve({
    name,
    range: [-1, 1],
    steepest: 1,
    ...wave,
    pieces: (l, h) => {
      if (!(h - l <= WIDEST && -l <= FURTHEST && h <= FURTHEST)) return [];
      const first = Math.floor(l / Math.PI - shift) - 1;
      const last = Math.ceil(h / Math.PI - shift) + 1;
      const inflections = Array.from({ length: last - first + 1 }, (_, k): Place => near((first + k + shift) * Math.PI));
      return bending(wave, first % 2 === 0 ? 1 : -1, inflections)(l, h);
    },
  });

export const sin: Curve = swinging("sin", { at: Math.sin, slope: Math.cos }, 0);

export const cos: Curve = swinging("cos", { at: Math.cos, slope: (x) => -Math.sin(x) }, -0.5);
