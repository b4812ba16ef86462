/**
 * The change of variables of Carlini & Wagner 2017 (arXiv:1608.04644, §V.B), x' = middle + half·tanh w, for a box of its own a feature.
 * With tanh's ends on the box, w of a pixel that is exactly 0 or 1 is infinite and never moves. So the ends lie a margin outside, and w is kept where x'
 * is inside: the edges themselves are reached, and left. A feature without both limits is its own w.
 */
import type { Box } from "./norm.ts";

export class TanhSpace {
  readonly #box: Box;
  readonly #middle: Float64Array;
  /** 0 where a feature is fixed, ∞ where it is its own w. */
  readonly #half: Float64Array;
  readonly #edge: number;

  /** @param margin of each side, as a share of the box */
  constructor(box: Box, margin = 0.1) {
    const { low, high } = box;
    const width = Float64Array.from(low, (v, j) => high[j]! - v);
    this.#box = box;
    this.#half = width.map((v) => (v / 2) * (1 + 2 * margin));
    this.#middle = Float64Array.from(low, (v, j) => v + width[j]! / 2);
    this.#edge = Math.atanh(1 / (1 + 2 * margin));
  }

  of(x: Float32Array): Float64Array {
    return Float64Array.from(x, (v, j) => {
      const half = this.#half[j]!;
      if (half === 0) return 0;
      return half < Number.POSITIVE_INFINITY ? Math.atanh((v - this.#middle[j]!) / half) : v;
    });
  }

  /** x' of w, after w was brought to where x' is in the box. */
  point(w: Float64Array, out: Float32Array): void {
    const { low, high } = this.#box;
    for (let j = 0; j < w.length; j++) {
      const half = this.#half[j]!;
      const [least, most] = half < Number.POSITIVE_INFINITY ? [-this.#edge, this.#edge] : [low[j]!, high[j]!];
      w[j] = Math.min(Math.max(w[j]!, least), most);
      const v = half === 0 ? low[j]! : half < Number.POSITIVE_INFINITY ? this.#middle[j]! + half * Math.tanh(w[j]!) : w[j]!;
      out[j] = Math.min(Math.max(v, low[j]!), high[j]!);
    }
  }

  /** dx'/dw·g, in place. */
  pullBack(w: Float64Array, g: Float64Array): void {
    for (let j = 0; j < w.length; j++) {
      const half = this.#half[j]!;
      if (half < Number.POSITIVE_INFINITY) g[j] = g[j]! * half * (1 - Math.tanh(w[j]!) ** 2);
    }
  }
}
