/** Adam on the host, for attacks that estimate their gradients. */

/** Kingma & Ba 2014, arXiv:1412.6980, each number with a count of its own. */
export class Adam {
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
