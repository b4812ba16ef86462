/** Search for the smallest weight c that still reaches the goal: ×10 until it is reached, then halving (Carlini & Wagner 2017, §V.C). */
export class ConstantSearch {
  value: number;
  #low = 0;
  #high = Number.POSITIVE_INFINITY;

  constructor(first: number) {
    this.value = first;
  }

  next(reached: boolean): void {
    if (reached) this.#high = Math.min(this.#high, this.value);
    else this.#low = Math.max(this.#low, this.value);
    this.value = this.#high < Number.POSITIVE_INFINITY ? (this.#low + this.#high) / 2 : this.#low * 10;
  }
}

/**
 * A first c: of min ‖δ‖² + c·max(−gain, 0), where the gain is linear with slope g, the smallest that crosses the boundary is −2·gain/‖g‖². It has no
 * unit, so that no range of pixels needs another one.
 */
export function firstConstant(gain: number, g: ArrayLike<number>): number {
  let s = 0;
  for (let j = 0; j < g.length; j++) s += Number.isNaN(g[j]!) ? 0 : g[j]! ** 2;
  return s > 0 && s < Number.POSITIVE_INFINITY ? (2 * Math.abs(gain)) / s || 1 : 1;
}
