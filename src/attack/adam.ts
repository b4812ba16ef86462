/** Adam on the host: Kingma & Ba 2014, arXiv:1412.6980, Algorithm 1. */

/** All numbers of a sample at once, with an ε so small that any gradient counts. */
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

/** Number by number, each with a count of its own: for gradients that are estimated one coordinate at a time. */
export class CoordinateAdam {
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #times: Float64Array;
  readonly #rate: number;

  constructor(n: number, rate: number) {
    this.#first = new Float64Array(n);
    this.#second = new Float64Array(n);
    this.#times = new Float64Array(n);
    this.#rate = rate;
  }

  /** How far number `k` goes down for its partial derivative `g`. */
  step(k: number, g: number): number {
    const t = this.#times[k]! + 1;
    const m = 0.9 * this.#first[k]! + 0.1 * g;
    const v = 0.999 * this.#second[k]! + 0.001 * g * g;
    this.#times[k] = t;
    this.#first[k] = m;
    this.#second[k] = v;
    return (this.#rate * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
  }
}
