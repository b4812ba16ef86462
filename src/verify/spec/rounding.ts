/** From exact numbers to floating point: below, above or nearest, right to the last bit. IEEE 754-2019, §4.3. */
import { compare, fromNumber, type Rational } from "./rational.ts";
import type { Region } from "./specification.ts";

export type Rounding = "down" | "up" | "nearest";

/** Numbers q·2^u with q < 2^bits and least ≤ u ≤ most. */
interface Format {
  readonly bits: number;
  readonly least: number;
  readonly most: number;
}

const FLOAT64: Format = { bits: 53, least: -1074, most: 971 };
const FLOAT32: Format = { bits: 24, least: -149, most: 104 };

/** Bits of `n` > 0. */
function length(n: bigint): number {
  const digits = n.toString(16);
  return 4 * digits.length - Math.clz32(Number.parseInt(digits[0]!, 16)) + 28;
}

function round({ n, d, e }: Rational, { bits, least, most }: Format, rounding: Rounding): number {
  if (n === 0n) return 0;
  const negative = n < 0n;
  const size = negative ? -n : n;
  // |r|/2^u, as quotient and remainder of integers
  const scaled = (u: number) => {
    const [top, bottom] = u > e ? [size, d << BigInt(u - e)] : [size << BigInt(e - u), d];
    return { q: top / bottom, rest: top % bottom, bottom };
  };
  // the quotient of two numbers' lengths is right, or one too large
  let u = Math.max(length(size) - length(d) + e - bits, least);
  let at = scaled(u);
  if (at.q >> BigInt(bits) > 0n) at = scaled(++u);
  const { rest, bottom } = at;
  const outward = (rounding === "up") !== negative;
  const away = rounding === "nearest" ? 2n * rest > bottom || (2n * rest === bottom && (at.q & 1n) === 1n) : rest > 0n && outward;
  const q = away ? at.q + 1n : at.q;
  const overflows = u > most || (u === most && q >> BigInt(bits) > 0n);
  const magnitude = !overflows
    ? Number(q) * 2 ** u
    : rounding === "nearest" || outward
      ? Number.POSITIVE_INFINITY
      : (2 ** bits - 1) * 2 ** most;
  return negative ? 0 - magnitude : magnitude;
}

/** The greatest float64 ≤ r (`down`), the least ≥ r (`up`) or the nearest, ties to even. Past the largest: infinite, or the largest. 0 has no sign. */
export const toFloat64 = (r: Rational, rounding: Rounding = "nearest"): number => round(r, FLOAT64, rounding);

/** As {@link toFloat64}, of float32. */
export const toFloat32 = (r: Rational, rounding: Rounding = "nearest"): number => round(r, FLOAT32, rounding);

/** The smallest float64 box around a region's: rounded outward. [inputs] each. */
export const enclosure = ({ low, high }: Region): { readonly low: Float64Array; readonly high: Float64Array } => ({
  low: Float64Array.from(low, (r) => toFloat64(r, "down")),
  high: Float64Array.from(high, (r) => toFloat64(r, "up")),
});

/** What float32 points of a region may take: its box rounded inward, [inputs] each; null where some coordinate has no float32. */
export function within({ low, high }: Region): { readonly low: Float32Array; readonly high: Float32Array } | null {
  const box = {
    low: Float32Array.from(low, (r) => toFloat32(r, "up")),
    high: Float32Array.from(high, (r) => toFloat32(r, "down")),
  };
  return box.low.every((v, i) => v <= box.high[i]!) ? box : null;
}

/** The smallest float64 ball around a region's that is found without effort; undefined where it has none. */
export function ballOf({
  ball,
}: Region): { readonly norm: "l2" | "l1"; readonly centre: Float64Array; readonly radius: number } | undefined {
  if (!ball) return undefined;
  const centre = Float64Array.from(ball.centre, (r) => toFloat64(r));
  // each coordinate is within half a unit of what was written: so much farther away may the border be, in L1 and so in L2
  const off = centre.reduce(
    (sum, c, i) => (compare(fromNumber(c), ball.centre[i]!) === 0 ? sum : sum + Math.abs(c) * 2 ** -52 + 2 ** -1000),
    0,
  );
  return {
    norm: ball.norm,
    centre,
    radius: off === 0 ? toFloat64(ball.radius, "up") : (toFloat64(ball.radius, "up") + off) * (1 + 2 ** -40),
  };
}
