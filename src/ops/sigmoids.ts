/** Smooth saturating functions. */
import type { Emit, Value } from "../graph/index.ts";
import { chain, convex, increasing, same, sShaped } from "./algebra.ts";
import { arg, composed, int, type Op } from "./op.ts";

const one = (e: Emit, x: Value): Value => e.scalar(1, x);
const sigmoidSlope = (e: Emit, x: Value): Value => {
  const s = e.Sigmoid(x);
  return e.Mul(s, e.Sub(one(e, x), s));
};

export const Sigmoid: Op = {
  infer: same,
  // σ' = σ(1 − σ)
  vjp: chain((e, _, y) => e.Mul(y, e.Sub(one(e, y), y))),
  interval: increasing,
  lines: sShaped((e, x) => e.Sigmoid(x), sigmoidSlope),
};

export const Tanh: Op = {
  infer: same,
  // tanh' = 1 − tanh²
  vjp: chain((e, _, y) => e.Sub(one(e, y), e.Mul(y, y))),
  interval: increasing,
  lines: sShaped(
    (e, x) => e.Tanh(x),
    (e, x) => {
      const t = e.Tanh(x);
      return e.Sub(one(e, x), e.Mul(t, t));
    },
  ),
};

const erfSlope = (e: Emit, x: Value): Value => e.Mul(e.scalar(2 / Math.sqrt(Math.PI), x), e.Exp(e.Neg(e.Mul(x, x))));

/**
 * erf by 2x/√π · e^(−x²) · Σₙ (2x²)ⁿ/(2n+1)!!, all terms positive (Abramowitz & Stegun 7.1.6), to rounding on |x| ≤ 6;
 * beyond, erf is ±1 in float64.
 */
function erfSeries(e: Emit, given: Value): Value {
  const x = e.Min(e.Max(given, e.scalar(-6, given)), e.scalar(6, given));
  const square = e.Mul(x, x);
  let sum = one(e, x);
  for (let n = 140; n >= 1; n--) sum = e.Add(one(e, x), e.Mul(sum, e.Mul(square, e.scalar(2 / (2 * n + 1), x))));
  return e.Mul(e.Mul(x, e.scalar(2 / Math.sqrt(Math.PI), x)), e.Mul(e.Exp(e.Neg(square)), sum));
}

export const Erf: Op = {
  infer: same,
  vjp: chain((e, x) => erfSlope(e, x)),
  interval: increasing,
  lines: sShaped((e, x) => e.Erf(x), erfSlope),
  noFloat64: true,
  compose: (e, node) => [erfSeries(e, arg(node, 0))],
};

/** x/(1 + |x|) */
const softsign = (e: Emit, x: Value): Value => e.Div(x, e.Add(one(e, x), e.Abs(x)));
const softsignSlope = (e: Emit, x: Value): Value => {
  const r = e.Reciprocal(e.Add(one(e, x), e.Abs(x)));
  return e.Mul(r, r);
};

export const Softsign: Op = {
  infer: same,
  vjp: chain((e, x) => softsignSlope(e, x)),
  interval: increasing,
  lines: sShaped(softsign, softsignSlope),
  noFloat64: true,
  compose: (e, node) => [softsign(e, arg(node, 0))],
};

/** max(x, 0) + ln(1 + e^(−|x|)): ln(1 + eˣ) without overflow. */
const softplus = (e: Emit, x: Value): Value => e.Add(e.Relu(x), e.Log(e.Add(one(e, x), e.Exp(e.Neg(e.Abs(x))))));

export const Softplus: Op = {
  infer: same,
  vjp: chain((e, x) => e.Sigmoid(x)),
  interval: increasing,
  lines: convex(softplus, (e, x) => e.Sigmoid(x)),
  noFloat64: true,
  compose: (e, node) => [softplus(e, arg(node, 0))],
};

/** clamp(alpha·x + beta, 0, 1) */
export const HardSigmoid: Op = {
  infer: same,
  vjp: chain((e, _, y, node) => {
    const inside = e.And(e.Greater(y, e.scalar(0, y)), e.Less(y, one(e, y)));
    return e.Where(inside, e.scalar(int(node, "alpha", 0.2), y), e.scalar(0, y));
  }),
  interval: (e, node, x) =>
    int(node, "alpha", 0.2) >= 0
      ? increasing(e, node, x)
      : [{ lo: e.node(node.op, [x[0]!.hi], node.attrs)[0]!, hi: e.node(node.op, [x[0]!.lo], node.attrs)[0]! }],
  lines: composed,
  noFloat64: true,
  compose: (e, node) => {
    const x = arg(node, 0);
    const line = e.Add(e.Mul(x, e.scalar(int(node, "alpha", 0.2), x)), e.scalar(int(node, "beta", 0.5), x));
    return [e.Sub(one(e, x), e.Relu(e.Sub(one(e, x), e.Relu(line))))];
  },
};

/** x·HardSigmoid(x; 1/6, 1/2) */
export const HardSwish: Op = {
  infer: same,
  // 0 below −3, 1 above 3, (2x + 3)/6 between
  vjp: chain((e, x) => {
    const slope = e.Add(e.Mul(x, e.scalar(1 / 3, x)), e.scalar(0.5, x));
    return e.Where(e.Less(x, e.scalar(-3, x)), e.scalar(0, x), e.Where(e.Greater(x, e.scalar(3, x)), one(e, x), slope));
  }),
  interval: turning(-1.5, (e, x) => hardSwish(e, x)),
  lines: composed,
  noFloat64: true,
  compose: (e, node) => [hardSwish(e, arg(node, 0))],
};

function hardSwish(e: Emit, x: Value): Value {
  const ramp = e.Add(e.Mul(x, e.scalar(1 / 6, x)), e.scalar(0.5, x));
  return e.Mul(x, e.Sub(one(e, x), e.Relu(e.Sub(one(e, x), e.Relu(ramp)))));
}

/** Falls until `turn`, rises after it. The turn is known to rounding only: a hair of slack below. */
function turning(turn: number, f: (e: Emit, x: Value) => Value): Extract<Op["interval"], (...args: never[]) => unknown> {
  return (e, _, [x]) => {
    const at = e.Min(e.Max(e.scalar(turn, x!.lo), x!.lo), x!.hi);
    return [{ lo: e.Sub(f(e, at), e.scalar(1e-6, at)), hi: e.Max(f(e, x!.lo), f(e, x!.hi)) }];
  };
}

/** alpha·(eˣ − 1) below 0, scale·x above; `inner` divides x inside the exponential. */
const exponentialUnit = (coefficients: (node: Parameters<typeof int>[0]) => { scale: number; alpha: number; inner: number }): Op => {
  const below = (e: Emit, x: Value, node: Parameters<typeof int>[0]) => {
    const { alpha, scale, inner } = coefficients(node);
    // the exponential of the negative part only: it never overflows
    return [e.Exp(e.Mul(e.Neg(e.Relu(e.Neg(x))), e.scalar(1 / inner, x))), e.scalar(alpha * scale, x), scale, inner] as const;
  };
  const value = (e: Emit, x: Value, node: Parameters<typeof int>[0]) => {
    const [exp, a, scale] = below(e, x, node);
    return e.Add(e.Mul(e.Relu(x), e.scalar(scale, x)), e.Mul(e.Sub(exp, one(e, x)), a));
  };
  const slope = (e: Emit, x: Value, node: Parameters<typeof int>[0]) => {
    const [exp, a, scale, inner] = below(e, x, node);
    return e.Where(e.Greater(x, e.scalar(0, x)), e.scalar(scale, x), e.Mul(exp, inner === 1 ? a : e.Mul(a, e.scalar(1 / inner, x))));
  };
  return {
    infer: same,
    vjp: chain((e, x, _, node) => slope(e, x, node)),
    // monotone on either side of 0, whatever the signs: extreme at an end or there
    interval: (e, node, [x]) => {
      const at = e.Min(e.Max(e.scalar(0, x!.lo), x!.lo), x!.hi);
      const [p, q, r] = [x!.lo, at, x!.hi].map((v) => value(e, v, node)) as [Value, Value, Value];
      return [{ lo: e.Min(e.Min(p, q), r), hi: e.Max(e.Max(p, q), r) }];
    },
    // convex where the exponential is and the slope does not fall at 0; else bounded piece by piece
    lines: (e, node, x) => {
      const { scale, alpha, inner } = coefficients(node);
      return alpha * scale >= 0 && (alpha * scale) / inner <= scale ? convex(value, slope)(e, node, x) : composed;
    },
    noFloat64: true,
    compose: (e, node) => [value(e, arg(node, 0), node)],
  };
};

export const Elu: Op = exponentialUnit((node) => ({ scale: 1, alpha: int(node, "alpha", 1), inner: 1 }));
export const Celu: Op = exponentialUnit((node) => ({ scale: 1, alpha: int(node, "alpha", 1), inner: int(node, "alpha", 1) }));
/** Klambauer et al. 2017, arXiv:1706.02515. */
export const Selu: Op = exponentialUnit((node) => ({
  scale: int(node, "gamma", 1.0507009873554805),
  alpha: int(node, "alpha", 1.6732632423543772),
  inner: 1,
}));

/** x·Φ(x), or its tanh approximation. Hendrycks & Gimpel 2016, arXiv:1606.08415. */
function gelu(e: Emit, x: Value, approximate: boolean): Value {
  const half = e.scalar(0.5, x);
  const inner = approximate
    ? e.Tanh(e.Mul(e.scalar(Math.sqrt(2 / Math.PI), x), e.Add(x, e.Mul(e.scalar(0.044715, x), e.Mul(x, e.Mul(x, x))))))
    : e.Erf(e.Mul(x, e.scalar(Math.SQRT1_2, x)));
  return e.Mul(x, e.Add(half, e.Mul(half, inner)));
}

function geluSlope(e: Emit, x: Value, approximate: boolean): Value {
  const half = e.scalar(0.5, x);
  if (!approximate) {
    // Φ(x) + x·φ(x)
    const cdf = e.Add(half, e.Mul(half, e.Erf(e.Mul(x, e.scalar(Math.SQRT1_2, x)))));
    return e.Add(cdf, e.Mul(x, e.Mul(e.scalar(1 / Math.sqrt(2 * Math.PI), x), e.Exp(e.Mul(e.scalar(-0.5, x), e.Mul(x, x))))));
  }
  const c = Math.sqrt(2 / Math.PI);
  const square = e.Mul(x, x);
  const t = e.Tanh(e.Mul(e.scalar(c, x), e.Add(x, e.Mul(e.scalar(0.044715, x), e.Mul(x, square)))));
  const dt = e.Mul(e.Sub(one(e, x), e.Mul(t, t)), e.Mul(e.scalar(c, x), e.Add(one(e, x), e.Mul(e.scalar(3 * 0.044715, x), square))));
  return e.Add(e.Mul(half, e.Add(one(e, x), t)), e.Mul(half, e.Mul(x, dt)));
}

export const Gelu: Op = {
  infer: same,
  vjp: chain((e, x, _, node) => geluSlope(e, x, node.attrs.approximate === "tanh")),
  // least at −0.7518 (erf) and −0.7525 (tanh); the slack covers the difference
  interval: (e, node, x) => turning(-0.7518, (e2, v) => gelu(e2, v, node.attrs.approximate === "tanh"))(e, node, x),
  lines: composed,
  noFloat64: true,
  compose: (e, node) => [gelu(e, arg(node, 0), node.attrs.approximate === "tanh")],
};

/** x·tanh(softplus(x)). Misra 2019, arXiv:1908.08681. */
export const Mish: Op = {
  infer: same,
  vjp: chain((e, x) => {
    const t = e.Tanh(softplus(e, x));
    return e.Add(t, e.Mul(x, e.Mul(e.Sub(one(e, x), e.Mul(t, t)), e.Sigmoid(x))));
  }),
  // least at −1.1924
  interval: turning(-1.1924, (e, x) => e.Mul(x, e.Tanh(softplus(e, x)))),
  lines: composed,
  noFloat64: true,
  compose: (e, node) => [e.Mul(arg(node, 0), e.Tanh(softplus(e, arg(node, 0))))],
};
