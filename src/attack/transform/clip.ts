/** What a camera or a file cannot hold is cut to the range. */
import type { Draw } from "./transformation.ts";

/** `inner`, cut to [low, high]: nothing is pulled back from what lies outside. */
export const clipped = (inner: Draw, [low, high]: readonly [number, number]): Draw => ({
  apply: (x) => inner.apply(x).map((v) => Math.min(Math.max(v, low), high)),
  pullBack(x, dy) {
    const y = inner.apply(x);
    return inner.pullBack(
      x,
      dy.map((d, i) => (y[i]! < low || y[i]! > high ? 0 : d)),
    );
  },
});
