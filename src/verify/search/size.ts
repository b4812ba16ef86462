/** How much memory a list takes that grows and shrinks. */

/** Of an array's or object's own, beside the numbers in it. */
const OVERHEAD = 100;

/** About how many bytes all of it keeps alive; what several share counts once. */
export function bytesOf(value: unknown, seen = new Set<object>()): number {
  if (value === null || typeof value !== "object") return 8;
  if (seen.has(value)) return 8;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return OVERHEAD + value.byteLength;
  return Object.values(value).reduce((sum: number, v) => sum + bytesOf(v, seen), OVERHEAD);
}

/** A list's size, measured anew whenever it is a fourth longer, or half as long, as when it was measured last. */
export class Size {
  readonly #list: readonly unknown[];
  #length = 0;
  #bytes = 0;

  constructor(list: readonly unknown[]) {
    this.#list = list;
  }

  get bytes(): number {
    const { length } = this.#list;
    if (length > 1.25 * this.#length || length < 0.5 * this.#length) {
      this.#length = length;
      this.#bytes = bytesOf(this.#list);
    }
    return this.#length === 0 ? 0 : (this.#bytes / this.#length) * length;
  }
}
