/** x times a gate that opens from 0 to 1: concave far out, convex across 0. */
import { UNIT } from "../unit.ts";
import { accurate, bending, type Curve, curve, joining, near, type Place, type Smooth } from "./curve.ts";
import { ERF, errorFunction, sigmoid } from "./sigmoids.ts";

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

/** x·σ(x), Ramachandran et al. 2017, arXiv:1710.05941; f″ = σ′(x)·(2 − x·tanh(x/2)). */
export const swish: Curve = gate(
  "swish",
  {
    at: (x) => (x <= -800 ? 0 : x * sigmoid.at(x)),
    slope: (x) => sigmoid.at(x) + (Math.abs(x) >= 800 ? 0 : x * sigmoid.slope(x)),
  },
  [2.3993572805154, 2.3993572805155],
  { range: [-0.279, infinity], rate: accurate(64 * UNIT, 64 * UNIT) },
);

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
