/** Numbers as whole multiples of a power of two: n stands for n·2^−bits. All of it is exact; where a number is shortened, the direction is said. */
import { fromNumber, type Rational } from "../spec/rational.ts";

/** n/2^by, rounded down; a shift to the left where `by` is negative. */
export const floored = (n: bigint, by: number): bigint => (by >= 0 ? n >> BigInt(by) : n << BigInt(-by));

/** n/2^by, rounded up. */
export const raised = (n: bigint, by: number): bigint => -floored(-n, by);

/** The greatest multiple of 2^−bits that is ≤ r. */
export function below({ n, d, e }: Rational, bits: number): bigint {
  const [top, bottom] = e + bits >= 0 ? [n << BigInt(e + bits), d] : [n, d << BigInt(-e - bits)];
  const q = top / bottom;
  return q * bottom > top ? q - 1n : q;
}

/** The least multiple of 2^−bits that is ≥ r. */
export const above = ({ n, d, e }: Rational, bits: number): bigint => -below({ n: -n, d, e }, bits);

/** Integers that stand for n·2^−bits each. */
export interface Scaled {
  readonly values: bigint[];
  readonly bits: number;
}

/** Floating-point numbers, exactly, with as few bits as they need. */
export function exactly(numbers: ArrayLike<number>): Scaled {
  const all = Array.from(numbers, fromNumber);
  const bits = all.reduce((most, r) => (r.n === 0n ? most : Math.max(most, -r.e)), 0);
  return { values: all.map(({ n, e }) => n << BigInt(e + bits)), bits };
}

/** Σ rows of a matrix times coefficients, each row one long integer of `slot` bits a number: one product serves them all. Kronecker's substitution. */
export class Packed {
  readonly #rows: readonly (readonly bigint[])[];
  readonly #columns: number;
  /** Bits of the greatest entry, and of the number of rows: a sum of products has so many more than a coefficient, and a sign. */
  readonly #room: number;
  #slot = 0;
  #long: bigint[] = [];

  constructor(rows: readonly (readonly bigint[])[], columns: number) {
    this.#rows = rows;
    this.#columns = columns;
    this.#room = rows.reduce((most, row) => Math.max(most, widest(row)), 0) + length(BigInt(rows.length)) + 1;
  }

  /** Σ_i c_i·row_i. */
  times(coefficients: readonly bigint[]): bigint[] {
    const needed = widest(coefficients) + this.#room;
    if (this.#slot < needed) {
      this.#slot = 64 * Math.ceil(needed / 64);
      this.#long = this.#rows.map((row) => joined(row, 0, row.length, this.#slot));
    }
    let sum = 0n;
    coefficients.forEach((c, i) => {
      if (c !== 0n) sum += c * this.#long[i]!;
    });
    const out = new Array<bigint>(this.#columns);
    parted(sum, 0, this.#columns, this.#slot, out);
    return out;
  }
}

const length = (n: bigint): number => (n < 0n ? -n : n).toString(2).length;

function widest(numbers: readonly bigint[]): number {
  let most = 0n;
  for (const n of numbers) {
    if (n > most) most = n;
    else if (-n > most) most = -n;
  }
  return length(most);
}

/** Σ_j row_j·2^(slot·j). */
function joined(row: readonly bigint[], from: number, to: number, slot: number): bigint {
  if (to - from <= 1) return to > from ? row[from]! : 0n;
  const middle = (from + to) >> 1;
  return joined(row, from, middle, slot) + (joined(row, middle, to, slot) << BigInt(slot * (middle - from)));
}

/** The numbers, of less than slot − 1 bits and a sign, that were joined: the lowest ones are what is left of the rest, as a signed number. */
function parted(long: bigint, from: number, to: number, slot: number, out: bigint[]): void {
  if (to - from <= 1) {
    if (to > from) out[from] = long;
    return;
  }
  const middle = (from + to) >> 1;
  const bits = slot * (middle - from);
  const low = BigInt.asIntN(bits, long);
  parted(low, from, middle, slot, out);
  parted((long - low) >> BigInt(bits), middle, to, slot, out);
}
