/** What the attacks that seek the smallest perturbation share: the best point so far, and the way back to the boundary. */
import type { Box, Norm } from "./norm.ts";
import type { Search } from "./one-search.ts";

/** The nearest winning point of one sample so far; before there is one, the point that is closest to winning. */
export class Nearest {
  readonly point: Float32Array;
  distance = Number.POSITIVE_INFINITY;
  #gain = Number.NEGATIVE_INFINITY;
  readonly #x: Float32Array;
  readonly #norm: Pick<Norm, "distance">;

  constructor(x: Float32Array, norm: Pick<Norm, "distance">) {
    this.point = x.slice();
    this.#x = x;
    this.#norm = norm;
  }

  get won(): boolean {
    return this.distance < Number.POSITIVE_INFINITY;
  }

  /** @param gain above 0 where the point wins */
  offer(point: Float32Array, gain: number): void {
    if (gain > 0) {
      const d = this.#norm.distance(Float64Array.from(point, (v, j) => v - this.#x[j]!));
      if (!(d < this.distance)) return;
      this.distance = d;
    } else {
      if (this.won || !(gain > this.#gain)) return;
      this.#gain = gain;
    }
    this.point.set(point);
  }
}

/** Put back, one by one, the features that the best point changes without need: the last step of a search in L0, a forward pass a feature. */
export function* withoutNeedless(x: Float32Array, best: Nearest): Search<void> {
  if (!best.won) return;
  const z = best.point.slice();
  for (let j = 0; j < z.length; j++) {
    if (z[j] === x[j]) continue;
    const moved = z[j]!;
    z[j] = x[j]!;
    const [at] = yield [{ point: z }];
    if (at!.gain > 0) best.offer(z, at!.gain);
    else z[j] = moved;
  }
}

/**
 * Halve the segment from x to the best point, where that wins: 10 forward passes bring it to within a thousandth of the boundary on that line.
 * @param confidence the gain that counts as won
 */
export function* towardsBoundary(x: Float32Array, best: Nearest, confidence = 0): Search<void> {
  if (!best.won || best.distance === 0) return;
  const far = best.point.slice();
  const z = new Float32Array(x.length);
  for (let k = 0, low = 0, high = 1; k < 10; k++) {
    const share = (low + high) / 2;
    for (let j = 0; j < z.length; j++) z[j] = x[j]! + share * (far[j]! - x[j]!);
    const [at] = yield [{ point: z }];
    const gain = beyond(at!.gain, confidence);
    best.offer(z, gain);
    if (gain > 0) high = share;
    else low = share;
  }
}

/** A gain that is above 0 where `gain` is above 0 and at least the confidence κ. */
export const beyond = (gain: number, confidence: number): number => (confidence > 0 ? gain - confidence || Number.MIN_VALUE : gain);

/** The widest feature that may change: the unit in which step lengths of images in [0, 1] are said; 1 without limits. */
export function widthOf({ low, high }: Box): number {
  let width = 0;
  for (let j = 0; j < low.length; j++) if (high[j]! - low[j]! < Number.POSITIVE_INFINITY) width = Math.max(width, high[j]! - low[j]!);
  return width || 1;
}

/** The gradient without the features that cannot follow it: fixed ones, and those that lie at the edge it points to. */
export const movable = (g: Float32Array, z: Float32Array, { low, high }: Box): Float32Array =>
  g.map((v, j) => ((v > 0 && z[j]! < high[j]!) || (v < 0 && z[j]! > low[j]!) ? v : 0));

/** From 1 to 0 over the steps: (1 + cos πk/n)/2. */
export const cosine = (k: number, n: number): number => (1 + Math.cos((Math.PI * k) / n)) / 2;
