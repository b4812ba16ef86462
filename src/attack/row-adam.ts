/** Adam for the numbers of one sample: Kingma & Ba 2014, arXiv:1412.6980, Algorithm 1, with an ε so small that any gradient counts. */
export class Adam {
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #steps = 0;

  constructor(n: number) {
    this.#first = new Float64Array(n);
    this.#second = new Float64Array(n);
  }

  /** w ← w − rate·m̂/√v̂, in place. A gradient that is NaN counts as 0. */
  step(w: Float64Array, g: ArrayLike<number>, rate: number): void {
    const [m, v] = [this.#first, this.#second];
    this.#steps++;
    const bias1 = 1 - 0.9 ** this.#steps;
    const bias2 = 1 - 0.999 ** this.#steps;
    for (let j = 0; j < w.length; j++) {
      const gj = Number.isNaN(g[j]!) ? 0 : g[j]!;
      m[j] = 0.9 * m[j]! + 0.1 * gj;
      v[j] = 0.999 * v[j]! + 0.001 * gj * gj;
      if (v[j]! > 0) w[j] = w[j]! - (rate * m[j]!) / bias1 / Math.sqrt(v[j]! / bias2);
    }
  }
}
