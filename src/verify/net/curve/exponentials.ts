/** Exponentials, their inverse, and units made of them. */
import { accurate, bending, type Curve, curve, joining, LIBRARY, type Smooth } from "./curve.ts";
import { sigmoid } from "./sigmoids.ts";

const POSITIVE = [0, Number.POSITIVE_INFINITY] as const;

const exponential: Smooth = { at: Math.exp, slope: Math.exp };
export const exp: Curve = curve({ name: "exp", range: POSITIVE, ...exponential, pieces: bending(exponential, 1) });

const logarithm: Smooth = { at: Math.log, slope: (x) => 1 / x };
export const log: Curve = curve({ name: "log", ...logarithm, pieces: bending(logarithm, -1), defined: (l) => l > 0 });

/** ln(1 + eˣ) without overflow; its slope is the sigmoid. */
const soft: Smooth = { at: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), slope: sigmoid.at };
export const softplus: Curve = curve({ name: "softplus", range: POSITIVE, ...soft, pieces: bending(soft, 1) });

const hyperbolicSine: Smooth = { at: Math.sinh, slope: Math.cosh };
export const sinh: Curve = curve({ name: "sinh", ...hyperbolicSine, pieces: bending(hyperbolicSine, -1, [[0, 0]]) });

const hyperbolicCosine: Smooth = { at: Math.cosh, slope: Math.sinh };
export const cosh: Curve = curve({
  name: "cosh",
  range: [1, Number.POSITIVE_INFINITY],
  ...hyperbolicCosine,
  pieces: bending(hyperbolicCosine, 1),
});

/**
 * scale·x above 0, scale·alpha·(e^(x/inner) − 1) below: Elu, Selu (Klambauer et al. 2017, arXiv:1706.02515) and Celu (inner = alpha). The
 * two meet in a bend of either kind. All three are to be exact; inner > 0.
 */
export function exponentialUnit({ scale = 1, alpha = 1, inner = 1 }): Curve {
  const left: Smooth = {
    at: (x) => scale * (alpha * Math.expm1(x / inner)),
    slope: (x) => (scale * alpha * Math.exp(x / inner)) / inner,
  };
  const right: Smooth = { at: (x) => scale * x, slope: () => scale };
  const infinity = Number.POSITIVE_INFINITY;
  return curve({
    name: `exponential unit (${scale}, ${alpha}, ${inner})`,
    at: (x) => (x > 0 ? right : left).at(x),
    slope: (x) => (x > 0 ? right : left).slope(x),
    // the rounding of x/inner is one of the exponent, down to −745
    rate: accurate(128 * LIBRARY),
    pieces: joining([
      { ...left, bend: scale * alpha < 0 ? -1 : 1, end: [0, 0] },
      { ...right, bend: 1, end: [infinity, infinity] },
    ]),
  });
}
