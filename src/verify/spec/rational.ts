/**
 * Exact rational numbers n·2^e/d with d odd. A floating-point number has d = 1, so that sums and products of such are integers and
 * shifts; decimals bring powers of five, and of two of those one divides the other. LinearForm are not kept lowest: common factors
 * are taken out only where a number is printed, or its denominator has grown long.
 */
import { fail } from "../../base/index.ts";

export interface Rational {
  readonly n: bigint;
  /** Odd and positive. */
  readonly d: bigint;
  readonly e: number;
}

export const ZERO: Rational = { n: 0n, d: 1n, e: 0 };
export const ONE: Rational = { n: 1n, d: 1n, e: 0 };

const LONG = 1n << 256n;
/** Of decimals: far beyond any floating-point number, and short of what would fill the memory. */
const LARGEST_EXPONENT = 5000;

const absolute = (n: bigint): bigint => (n < 0n ? -n : n);

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [absolute(a), b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** How often 2 divides `n` ≠ 0. */
function twos(n: bigint): number {
  let [rest, count] = [n, 0];
  for (; BigInt.asUintN(32, rest) === 0n; rest >>= 32n) count += 32;
  const low = Number(BigInt.asUintN(32, rest));
  return count + 31 - Math.clz32(low & -low);
}

function shortened(n: bigint, d: bigint, e: number): Rational {
  if (d < LONG) return { n, d, e };
  const g = gcd(n, d);
  return { n: n / g, d: d / g, e };
}

/** Lowest terms: n odd, or the number is ZERO. */
function lowest({ n, d, e }: Rational): Rational {
  if (n === 0n) return ZERO;
  const [t, g] = [twos(n), gcd(n, d)];
  return { n: (n >> BigInt(t)) / g, d: d / g, e: e + t };
}

/**
 * n·2^e/d.
 * @throws rational-division where d is 0
 */
export function ratio(n: bigint, d = 1n, e = 0): Rational {
  if (d === 0n) fail({ code: "rational-division", expected: "a divisor other than 0", got: "0", mend: "correct the division" });
  const t = twos(d);
  const odd = d >> BigInt(t);
  return odd < 0n ? shortened(-n, -odd, e - t) : shortened(n, odd, e - t);
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/**
 * A float64 (so also a float32), exactly. −0 is 0.
 * @throws rational-finite
 */
export function fromNumber(x: number): Rational {
  if (x === 0) return ZERO;
  if (!Number.isFinite(x)) fail({ code: "rational-finite", expected: "a finite number", got: `${x}`, mend: "keep infinities and NaN out" });
  float[0] = x;
  const low = words[0]!;
  const exponent = (words[1]! >>> 20) & 0x7ff;
  const top = (words[1]! & 0xfffff) | (exponent ? 0x100000 : 0);
  const zeros = low ? 31 - Math.clz32(low & -low) : 63 - Math.clz32(top & -top);
  const n = BigInt((top * 2 ** 32 + low) / 2 ** zeros);
  return { n: x < 0 ? -n : n, d: 1n, e: Math.max(exponent, 1) - 1075 + zeros };
}

const DECIMAL = /^([+-]?)(\d+\.?\d*|\.\d+)(?:e([+-]?\d+))?$/i;
const FRACTION = /^([+-]?\d+)\/(\d+)$/;

/** "-1.5e-3", "+2", ".6" or "1/3", exactly; null for what is no such number, divides by 0, or has an exponent beyond ±5000. */
export function parse(text: string): Rational | null {
  const fraction = FRACTION.exec(text);
  if (fraction) return /^0+$/.test(fraction[2]!) ? null : ratio(BigInt(fraction[1]!), BigInt(fraction[2]!));
  const [, sign, digits, power = "0"] = DECIMAL.exec(text) ?? [];
  if (digits === undefined || Math.abs(Number(power)) > LARGEST_EXPONENT) return null;
  const [whole = "", part = ""] = digits.split(".");
  const size = BigInt(whole + part);
  const n = sign === "-" ? -size : size;
  const tens = Number(power) - part.length;
  return tens < 0 ? shortened(n, 5n ** BigInt(-tens), tens) : { n: n * 5n ** BigInt(tens), d: 1n, e: tens };
}

/** A decimal where there is a finite one, else "n/d" in lowest terms: equal numbers print alike, and `parse` reads them. */
export function print(r: Rational): string {
  const { n, d, e } = lowest(r);
  let fives = 0;
  let rest = d;
  for (; rest % 5n === 0n; rest /= 5n) fives++;
  if (rest !== 1n) return e < 0 ? `${n}/${d << BigInt(-e)}` : `${n << BigInt(e)}/${d}`;
  const places = Math.max(fives, -e, 0);
  const digits = `${(absolute(n) << BigInt(e + places)) * 5n ** BigInt(places - fives)}`.padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  return `${n < 0n ? "-" : ""}${whole}${places > 0 ? `.${digits.slice(-places)}` : ""}`;
}

export const sign = ({ n }: Rational): -1 | 0 | 1 => (n > 0n ? 1 : n < 0n ? -1 : 0);

export const negate = ({ n, d, e }: Rational): Rational => ({ n: -n, d, e });

export function add(a: Rational, b: Rational): Rational {
  if (a.n === 0n) return b;
  if (b.n === 0n) return a;
  let [p, q, d] = [a.n, b.n, a.d];
  if (d !== b.d) {
    const g = gcd(d, b.d);
    p *= b.d / g;
    q *= d / g;
    d *= b.d / g;
  }
  if (a.e === b.e) return shortened(p + q, d, a.e);
  return a.e > b.e ? shortened((p << BigInt(a.e - b.e)) + q, d, b.e) : shortened(p + (q << BigInt(b.e - a.e)), d, a.e);
}

export const subtract = (a: Rational, b: Rational): Rational => add(a, negate(b));

export function multiply(a: Rational, b: Rational): Rational {
  const n = a.n * b.n;
  return n === 0n ? ZERO : shortened(n, a.d * b.d, a.e + b.e);
}

/** @throws rational-division */
export const divide = (a: Rational, b: Rational): Rational => ratio(a.n * b.d, a.d * b.n, a.e - b.e);

/** −1 where a < b, 0 where they are equal, 1 where a > b. */
export const compare = (a: Rational, b: Rational): -1 | 0 | 1 => sign(subtract(a, b));
