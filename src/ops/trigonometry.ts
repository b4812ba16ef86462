/** Trigonometric and hyperbolic functions other than sine and cosine. */
import type { Emit, Value } from "../graph/index.ts";
import { chain, convex, decreasing, increasing, same, sShaped, valley } from "./algebra.ts";
import { arg, composed, type IntervalRule, none, type Op } from "./op.ts";
import { finite } from "./poison.ts";

type F = (e: Emit, x: Value) => Value;

const one = (e: Emit, x: Value): Value => e.scalar(1, x);
const square = (e: Emit, x: Value): Value => e.Mul(x, x);
const half = (e: Emit, x: Value): Value => e.Mul(x, e.scalar(0.5, x));

/** 1/√(1 + s·x²) */
const rootSlope =
  (s: 1 | -1): F =>
  (e, x) =>
    e.Reciprocal(e.Sqrt(s === 1 ? e.Add(one(e, x), square(e, x)) : e.Sub(one(e, x), square(e, x))));

/**
 * Halved three times by atan x = 2·atan(x/(1 + √(1 + x²))), so |x| < 0.2; there the Taylor series to rounding. Far out 1/x takes
 * the place of x, so that no square overflows.
 */
function atan(e: Emit, x: Value): Value {
  const far = e.Greater(e.Abs(x), one(e, x));
  const near = e.Where(far, e.Reciprocal(e.Where(far, x, one(e, x))), x);
  let v = near;
  for (let k = 0; k < 3; k++) v = e.Div(v, e.Add(one(e, v), e.Sqrt(e.Add(one(e, v), square(e, v)))));
  const v2 = square(e, v);
  let sum = e.scalar(1 / 25, v);
  for (let n = 23; n >= 1; n -= 2) sum = e.Sub(e.scalar(1 / n, v), e.Mul(v2, sum));
  const y = e.Mul(e.Mul(v, sum), e.scalar(8, v));
  return e.Where(far, e.Sub(e.Mul(e.Sign(x), e.scalar(Math.PI / 2, x)), y), y);
}

/** asin x = 2·atan(x/(1 + √(1 − x²))) */
const asin: F = (e, x) => {
  const y = atan(e, e.Div(x, e.Add(one(e, x), e.Sqrt(e.Sub(one(e, x), square(e, x))))));
  return e.Add(y, y);
};

const hyperbolic =
  (sign: 1 | -1): F =>
  (e, x) =>
    half(e, sign === 1 ? e.Add(e.Exp(x), e.Exp(e.Neg(x))) : e.Sub(e.Exp(x), e.Exp(e.Neg(x))));

/** Of one number, without a float64 kernel. */
const of = (f: F, slope: F, interval: Op["interval"], lines: Op["lines"]): Op => ({
  infer: same,
  vjp: chain((e, x) => slope(e, x)),
  interval,
  lines,
  noFloat64: true,
  compose: (e, node) => [f(e, arg(node, 0))],
});

const curved = none("it bends away from its tangents; intervals bound it");

/** Rising between poles at (k + ½)π; a box that meets one, or may by rounding, has no bound. */
const tanInterval: IntervalRule = finite((e, _, [x]) => {
  const tan = (v: Value) => e.node("Tan", [v])[0]!;
  const period = (v: Value) => e.Floor(e.Add(e.Mul(v, e.scalar(1 / Math.PI, v)), e.scalar(0.5, v)));
  const hair = e.scalar(1e-5, x!.lo);
  const within = e.Equal(period(e.Sub(x!.lo, hair)), period(e.Add(x!.hi, hair)));
  const infinite = (sign: number) => e.scalar(sign * Number.POSITIVE_INFINITY, x!.lo);
  return [{ lo: e.Where(within, tan(x!.lo), infinite(-1)), hi: e.Where(within, tan(x!.hi), infinite(1)) }];
});

export const Tan: Op = {
  infer: same,
  // tan' = 1 + tan²
  vjp: chain((e, _, y) => e.Add(one(e, y), square(e, y))),
  interval: tanInterval,
  lines: curved,
  noFloat64: true,
  compose: (e, node) => [e.Div(e.node("Sin", [arg(node, 0)])[0]!, e.node("Cos", [arg(node, 0)])[0]!)],
};

export const Asin: Op = of(asin, rootSlope(-1), finite(increasing), curved);
export const Acos: Op = of(
  (e, x) => e.Sub(e.scalar(Math.PI / 2, x), asin(e, x)),
  (e, x) => e.Neg(rootSlope(-1)(e, x)),
  finite(decreasing),
  curved,
);

const atanSlope: F = (e, x) => e.Reciprocal(e.Add(one(e, x), square(e, x)));
export const Atan: Op = of(
  atan,
  atanSlope,
  increasing,
  sShaped((e, x) => e.node("Atan", [x])[0]!, atanSlope),
);

export const Sinh: Op = of(hyperbolic(-1), hyperbolic(1), increasing, composed);
export const Cosh: Op = of(
  hyperbolic(1),
  hyperbolic(-1),
  valley((e, x) => e.node("Cosh", [x])[0]!, 0),
  convex((e, x) => e.node("Cosh", [x])[0]!, hyperbolic(-1)),
);

/** sign x · ln(|x| + √(x² + 1)) */
const asinh: F = (e, x) => e.Mul(e.Sign(x), e.Log(e.Add(e.Abs(x), e.Sqrt(e.Add(square(e, x), one(e, x))))));
export const Asinh: Op = of(
  asinh,
  rootSlope(1),
  increasing,
  sShaped((e, x) => e.node("Asinh", [x])[0]!, rootSlope(1)),
);

/** ln(x + √(x² − 1)) */
export const Acosh: Op = of(
  (e, x) => e.Log(e.Add(x, e.Sqrt(e.Sub(square(e, x), one(e, x))))),
  (e, x) => e.Reciprocal(e.Sqrt(e.Sub(square(e, x), one(e, x)))),
  finite(increasing),
  curved,
);

/** ½·ln((1 + x)/(1 − x)) */
export const Atanh: Op = of(
  (e, x) => half(e, e.Log(e.Div(e.Add(one(e, x), x), e.Sub(one(e, x), x)))),
  (e, x) => e.Reciprocal(e.Sub(one(e, x), square(e, x))),
  finite(increasing),
  curved,
);
