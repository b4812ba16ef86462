/** x times a gate that opens from 0 to 1: concave far out, convex across 0. */
import { UNIT } from "../unit.ts";
import { accurate, bending, type Curve, curve, joining, LIBRARY, near, type Place, type Smooth } from "./curve.ts";
import { ERF, erf, errorFunction, sigmoid } from "./sigmoids.ts";

const infinity = Number.POSITIVE_INFINITY;

const gate = (name: string, f: Smooth, turn: Place, more: Partial<Curve>): Curve =>
  curve({ name, steepest: 1.5, ...f, pieces: bending(f, -1, [[-turn[1], -turn[0]], turn]), ...more });

/** Φ(x) = (1 + erf(x/√2))/2 of the normal distribution; beyond ±9 less than 2⁻⁶² from 0 or 1. */
const normal = (x: number): number => (x <= -9 ? 0 : x >= 9 ? 1 : 0.5 + 0.5 * errorFunction(x * Math.SQRT1_2));

/** φ(x) */
const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/**
 * x·Φ(x), Hendrycks & Gimpel 2016, arXiv:1606.08415; f″ = φ(x)·(2 − x²). As 0.5 + 0.5·erf cancels, errors are absolute: of Φ 2⁻⁴³, times
 * |x| < 9; further out |x|·(1 − Φ(|x|)) < φ(x) < 2⁻⁵⁹.
 */
export const gelu: Curve = gate(
  "gelu",
  { at: (x) => (x <= -9 ? 0 : x * normal(x)), slope: (x) => normal(x) + (Math.abs(x) >= 40 ? 0 : x * density(x)) },
  near(Math.SQRT2),
  { range: [-0.17, infinity], value: accurate(2 * ERF, 16 * ERF), rate: accurate(2 * ERF, 4 * ERF) },
);

const C = Math.sqrt(2 / Math.PI);
const A = 0.044715;
/** z = 2√(2/π)·(x + 0.044715x³) */
const inside = (x: number): number => 2 * C * (x + A * x * x * x);

/**
 * x·(1 + tanh(z/2))/2 = x·σ(z). f″ has the sign of 1 + 6Ax² − C·x·(1 + 3Ax²)²·tanh(z/2); the last term over the others grows with |x|, so
 * that there is one turn on either side. z is rounded some seven times, which |x·z·σ′(z)| < 1/2 turns into an absolute error.
 */
export const geluTanh: Curve = gate(
  "gelu by tanh",
  {
    at: (x) => (x <= -50 ? 0 : x * sigmoid.at(inside(x))),
    slope: (x) => {
      if (Math.abs(x) >= 50) return x > 0 ? 1 : 0;
      const z = inside(x);
      return sigmoid.at(z) + x * sigmoid.slope(z) * 2 * C * (1 + 3 * A * x * x);
    },
  },
  [1.4185040087908, 1.4185040087909],
  { range: [-0.18, infinity], value: accurate(64 * UNIT, 16 * UNIT), rate: accurate(64 * UNIT, 256 * UNIT) },
);

/**
 * x·(b + a·erf(kx)), which is how exporters spell the Gelu: b = a = 1/2, k = 1/√2. f″ has the sign of a·k·(1 − k²x²). Where |kx| < 6 errors of
 * erf count |ax| < 6·|a/k| times; further out erf is ±1 but for 2⁻⁵⁵ of it. `k` may be wrong by 2·UNIT, relatively: that of the division by √2.
 */
export function erfGate(k: number, a: number, b: number): Curve {
  const sum = Math.abs(a) + Math.abs(b);
  const turn = near(1 / Math.abs(k));
  const f: Smooth = {
    at: (x) => (b + a * errorFunction(k * x)) * x,
    // 2/√π·e^(−k²x²) is 0 from 30 on
    slope: (x) => b + a * errorFunction(k * x) + (Math.abs(k * x) >= 30 ? 0 : a * (k * x) * erf.slope(k * x)),
  };
  return curve({
    name: `gate of erf (${k}, ${a}, ${b})`,
    ...f,
    steepest: 2 * sum,
    value: accurate(4 * LIBRARY, (32 * sum * ERF) / Math.abs(k)),
    rate: accurate(4 * LIBRARY, 8 * sum * ERF),
    pieces: bending(f, a * k > 0 ? -1 : 1, [[-turn[1], -turn[0]], turn]),
  });
}

/** x·σ(kx), k > 0, Ramachandran et al. 2017, arXiv:1710.05941; f″ has the sign of 2 − z·tanh(z/2), z = kx. */
export function swish(k = 1): Curve {
  const f: Smooth = {
    at: (x) => (k * x <= -800 ? 0 : x * sigmoid.at(k * x)),
    slope: (x) => sigmoid.at(k * x) + (Math.abs(k * x) >= 800 ? 0 : k * x * sigmoid.slope(k * x)),
  };
  // z is known to 14 digits, and rounded as k·x and by the quotient
  const turn = [(2.3993572805154 / k) * (1 - 8 * UNIT), (2.3993572805155 / k) * (1 + 8 * UNIT)] as const;
  // the rounding of k·x is one of the exponent: |x·z·σ′(z)| < 1/2k
  const value = accurate(64 * UNIT, (4 * UNIT) / k);
  return gate(`swish (${k})`, f, turn, { range: [-0.279 / k, infinity], value, rate: accurate(64 * UNIT, 128 * UNIT) });
}

/** x·clamp(x/6 + 1/2, 0, 1): a parabola between −3 and 3. Howard et al. 2019, arXiv:1905.02244. */
export const hardSwish: Curve = (() => {
  const off: Smooth = { at: () => 0, slope: () => 0 };
  const on: Smooth = { at: (x) => x, slope: () => 1 };
  const middle: Smooth = { at: (x) => (x * (x + 3)) / 6, slope: (x) => (2 * x + 3) / 6 };
  const at = (x: number): Smooth => (x <= -3 ? off : x < 3 ? middle : on);
  return curve({
    name: "hard swish",
    range: [-0.375, infinity],
    at: (x) => at(x).at(x),
    slope: (x) => at(x).slope(x),
    pieces: joining([
      { ...off, bend: 1, end: [-3, -3] },
      { ...middle, bend: 1, end: [3, 3] },
      { ...on, bend: 1, end: [infinity, infinity] },
    ]),
  });
})();
