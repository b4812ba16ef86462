/**
 * Elementary functions to some 1,200 bits, by other formulas than the library's: what float64 claims is measured against. Numbers are
 * integers, times 2^-BITS.
 */
export const BITS = 1280n;
export const ONE = 1n << BITS;

/** A finite float64, exactly. */
export function exactly(x: number): bigint {
  if (x === 0) return 0n;
  if (!Number.isFinite(x)) throw new RangeError(`no number: ${x}`);
  let [m, e] = [x, 0];
  // powers of 2 lose nothing
  while (!Number.isInteger(m)) {
    const up = Math.abs(m) < 2 ** -500 ? 500 : 53;
    m *= 2 ** up;
    e -= up;
  }
  return (BigInt(m) << BITS) >> BigInt(-e);
}

/** Within 2⁻¹⁰⁰⁰, relatively. */
export function nearly(x: bigint): number {
  const digits = (x < 0n ? -x : x).toString(2).length;
  const shift = Math.max(digits - 64, 0);
  const [top, power] = [Number(x >> BigInt(shift)), shift - Number(BITS)];
  // two steps: the power alone may be past the smallest number
  return top * 2 ** Math.trunc(power / 2) * 2 ** (power - Math.trunc(power / 2));
}

export const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS;
export const over = (a: bigint, b: bigint): bigint => (a << BITS) / b;
export const size = (a: bigint): bigint => (a < 0n ? -a : a);

/** Squared up from x/2⁴⁰. */
export function exp(x: bigint): bigint {
  if (x < -900n * ONE) return 0n;
  const small = x >> 40n;
  let [sum, term] = [ONE, ONE];
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    term = times(term, small) / n;
    sum += term;
  }
  for (let k = 0; k < 40; k++) sum = times(sum, sum);
  return sum;
}

/** Halley's steps on e^y = x: three times the digits each. */
function solved(x: bigint): bigint {
  let y = exactly(Math.log(nearly(x)));
  for (let n = 0; n < 3; n++) {
    const e = exp(y);
    y += over(2n * (x - e), x + e);
  }
  return y;
}
const LN2 = solved(2n * ONE);

/** ln x = ln v + k·ln 2, x = 2^k·v. */
export function log(x: bigint): bigint {
  const k = BigInt(x.toString(2).length) - BITS;
  return solved(k > 0n ? x >> k : x << -k) + k * LN2;
}

export function sqrt(x: bigint): bigint {
  if (x <= 0n) return 0n;
  const n = x << BITS;
  let y = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const z = (y + n / y) >> 1n;
    if (z >= y) return y;
    y = z;
  }
}

/** Halved ten times, then the series. */
export function atan(x: bigint): bigint {
  let v = x;
  for (let k = 0; k < 10; k++) v = over(v, ONE + sqrt(ONE + times(v, v)));
  const square = times(v, v);
  let [sum, power] = [0n, v];
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += n % 4n === 1n ? power / n : -(power / n);
    power = times(power, square);
  }
  return sum << 10n;
}

const PI = 4n * atan(ONE);

/** The series, of what is left beside a multiple of 2π. */
export function sin(x: bigint): bigint {
  const turns = (x + PI) / (2n * PI) - (x + PI < 0n ? 1n : 0n);
  const v = x - turns * 2n * PI;
  const square = times(v, v);
  let [sum, term] = [v, v];
  for (let n = 2n; term !== 0n && term !== -1n; n += 2n) {
    term = -times(term, square) / (n * (n + 1n));
    sum += term;
  }
  return sum;
}
export const cos = (x: bigint): bigint => sin(x + PI / 2n);

/** Σ (−1)ⁿ x^(2n+1)/(n!·(2n + 1))·2/√π: it cancels, which so many bits allow up to 20. */
export function erf(x: bigint): bigint {
  if (size(x) > 20n * ONE) return x < 0n ? -ONE : ONE;
  const square = times(x, x);
  let [sum, term] = [0n, x];
  for (let n = 0n; term !== 0n && term !== -1n; ) {
    sum += term / (2n * n + 1n);
    n++;
    term = -times(term, square) / n;
  }
  return over(2n * sum, sqrt(PI));
}

const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

export const sinh = (x: bigint): bigint => (exp(x) - exp(-x)) / 2n;
export const cosh = (x: bigint): bigint => (exp(x) + exp(-x)) / 2n;
/** (1 − e)/(1 + e), e = e^(−2|x|) */
export function tanh(x: bigint): bigint {
  const e = exp(-2n * size(x));
  const y = over(ONE - e, ONE + e);
  return x < 0n ? -y : y;
}
export const sigmoid = (x: bigint): bigint => (ONE + tanh(x / 2n)) / 2n;
export const softplus = (x: bigint): bigint => (x > 1000n * ONE ? x : log(ONE + exp(x)));
export const softsign = (x: bigint): bigint => over(x, ONE + size(x));
export function asinh(x: bigint): bigint {
  const y = log(size(x) + sqrt(times(x, x) + ONE));
  return x < 0n ? -y : y;
}
/** x^n, n whole and ≥ 0. */
export const whole = (x: bigint, n: number): bigint => (n === 0 ? ONE : times(x, whole(x, n - 1)));
export const pow = (x: bigint, p: number): bigint => {
  if (Number.isInteger(p)) return p < 0 ? over(ONE, whole(x, -p)) : whole(x, p);
  return x === 0n ? 0n : exp(times(exactly(p), log(x)));
};
export const gelu = (x: bigint): bigint => times(x, ONE + erf(over(x, sqrt(2n * ONE)))) / 2n;
/** 0.044715 and √(2/π) as they are written. */
export function geluTanh(x: bigint): bigint {
  const cubed = times(x, times(x, x));
  return times(x, ONE + tanh(times(sqrt(over(2n * ONE, PI)), x + (44_715n * cubed) / 1_000_000n))) / 2n;
}
export const swish = (x: bigint): bigint => times(x, sigmoid(x));
export const hardSwish = (x: bigint): bigint => times(x, least(most((x + 3n * ONE) / 6n, 0n), ONE));
export const unit = (x: bigint, scale: number, alpha: number, inner: number): bigint =>
  times(exactly(scale), x > 0n ? x : times(exactly(alpha), exp(over(x, exactly(inner))) - ONE));
