/** Quotients, exponentials, logarithms, roots and powers. */
import type { Emit, Interval, Line, Value } from "../graph/index.ts";
import {
  broadcasting,
  centre,
  chain,
  chord,
  concave,
  convex,
  foldElementwise,
  increasing,
  isConstantBox,
  same,
  tangent,
  unbroadcast,
  valley,
} from "./algebra.ts";
import { Mul } from "./elementwise.ts";
import { affine, composed, type LineRule, type Op } from "./op.ts";
import { finite } from "./poison.ts";

export const Div: Op = {
  infer: broadcasting,
  // d(a/b) = da/b − (a/b)/b·db
  vjp: (e, { inputs: [a, b], outputs: [y] }, [dy]) => {
    const da = e.Div(dy!, b!);
    return [unbroadcast(e, da, a!), unbroadcast(e, e.Neg(e.Mul(da, y!)), b!)];
  },
  interval: (e, node, x) => {
    const [a, b] = x as Interval[];
    if (!isConstantBox(b)) {
      const r = Reciprocal.interval as Extract<Op["interval"], (...args: never[]) => unknown>;
      const inverse = r(e, node, [b!])[0]!;
      return (Mul.interval as typeof r)(e, { ...node, op: "Mul" }, [a!, inverse]);
    }
    // a constant denominator of either sign
    const [p, q] = [e.Div(a!.lo, b!.lo), e.Div(a!.hi, b!.lo)];
    return [{ lo: e.Min(p, q), hi: e.Max(p, q) }];
  },
  lines: (_, __, [, b]) => (isConstantBox(b) ? affine : composed),
  compose: (e, { inputs: [a, b] }) => [e.Mul(a!, e.Reciprocal(b!))],
  // integers divide towards zero
  fold: (inputs, call) => foldElementwise((a, b) => (inputs[0]!.dtype.startsWith("float") ? a! / b! : Math.trunc(a! / b!)))(inputs, call),
};

/** 0, but NaN where the box reaches below 0: there roots, logarithms and powers are undefined, and what is undefined proves nothing. */
const undefinedBelow0 = (e: Emit, lo: Value): Value => {
  const o = e.scalar(0, lo);
  return e.Mul(e.Sqrt(e.Min(lo, o)), o);
};

/** A line with 0 where it is open. */
const closed = (e: Emit, { slopes, offset, open }: Required<Line>): Line => {
  const o = e.scalar(0, offset);
  return { slopes: slopes.map((s) => s && e.Where(open, o, s)), offset: e.Where(open, o, offset), open };
};

export const Exp: Op = {
  infer: same,
  vjp: chain((_, __, y) => y),
  interval: finite(increasing),
  lines: (e, _, [x]) => {
    const f = (v: Value) => e.Exp(v);
    // a tangent anywhere is below: take it where the exponential is finite
    const most = e.scalar(80, x!.lo);
    const below = tangent(e, e.Min(centre(e, x!), most), f, f);
    const open = e.Greater(x!.hi, most);
    const above = chord(e, { lo: e.Min(x!.lo, most), hi: e.Min(x!.hi, most) }, f, "above");
    return {
      lower: { slopes: [below.slope], offset: below.offset },
      upper: closed(e, { slopes: [above.slope], offset: above.offset, open }),
    };
  },
  fold: foldElementwise((a) => Math.exp(a!)),
};

export const Log: Op = {
  infer: same,
  vjp: (e, { inputs: [x] }, [dy]) => [e.Div(dy!, x!)],
  interval: finite(increasing),
  lines: (e, _, [x]) => {
    const f = (v: Value) => e.Log(v);
    const slopeOf = (v: Value) => e.Reciprocal(v);
    // a tangent anywhere is above, and the logarithm of the least is below: enough where an overflow left the box no end
    const [near, far] = [e.scalar(1e-30, x!.lo), e.scalar(1e30, x!.lo)];
    const above = tangent(e, e.Min(e.Max(centre(e, x!), near), far), f, slopeOf);
    const lo = e.Min(e.Max(x!.lo, near), far);
    const below = chord(e, { lo, hi: e.Max(x!.hi, lo) }, f, "below");
    const finite = e.Less(x!.hi, far);
    const [slope, offset] = [e.Where(finite, below.slope, e.scalar(0, lo)), e.Where(finite, below.offset, f(lo))];
    // at 0 there is no bound
    const lower = closed(e, { slopes: [slope], offset, open: e.Less(x!.lo, near) });
    return { lower, upper: { slopes: [above.slope], offset: e.Add(above.offset, undefinedBelow0(e, x!.lo)) } };
  },
  fold: foldElementwise((a) => Math.log(a!)),
};

export const Sqrt: Op = {
  infer: same,
  // dy / 2√x; at 0 a finite slope stands for the infinite one, so that a rectifier before it can still answer 0
  vjp: (e, { outputs: [y] }, [dy]) => [e.Div(e.Mul(dy!, e.scalar(0.5, dy!)), e.Max(y!, e.scalar(1e-19, y!)))],
  interval: finite(increasing),
  // a tangent anywhere right of 0 is above
  lines: (e, _, [x]) => {
    const f = (v: Value) => e.Sqrt(v);
    const [o, least] = [e.scalar(0, x!.lo), e.scalar(1e-12, x!.lo)];
    const inside = { lo: e.Max(x!.lo, o), hi: e.Max(x!.hi, o) };
    const below = chord(e, inside, f, "below");
    const above = tangent(e, e.Max(centre(e, inside), least), f, (v) => e.Div(e.scalar(0.5, v), f(v)));
    const line = ({ slope, offset }: { slope: Value; offset: Value }): Line => ({
      slopes: [slope],
      offset: e.Add(offset, undefinedBelow0(e, x!.lo)),
    });
    return { lower: line(below), upper: line(above) };
  },
  fold: foldElementwise((a) => Math.sqrt(a!)),
};

/** Both ends have one sign: 1/x is monotone on the box. */
const oneSided = (e: Emit, x: Interval): Value => e.Or(e.Greater(x.lo, e.scalar(0, x.lo)), e.Less(x.hi, e.scalar(0, x.hi)));

/** Convex right of 0, concave left of it; across the pole lines are open. */
const reciprocalLines: LineRule = (e, node, x) => {
  const f = (e2: Emit, v: Value) => e2.Reciprocal(v);
  const d = (e2: Emit, v: Value) => e2.Neg(e2.Reciprocal(e2.Mul(v, v)));
  // an overflow may leave the box no end: a tangent anywhere right of 0 is below, and 1/lo is above
  const far = e.scalar(1e15, x[0]!.lo);
  const below = tangent(
    e,
    e.Min(centre(e, x[0]!), far),
    (v) => f(e, v),
    (v) => d(e, v),
  );
  const above = chord(e, { lo: e.Min(x[0]!.lo, far), hi: x[0]!.hi }, (v) => f(e, v), "above");
  const right = { lower: { slopes: [below.slope], offset: below.offset }, upper: { slopes: [above.slope], offset: above.offset } };
  const left = concave(f, d)(e, node, x) as { lower: Line; upper: Line };
  const positive = e.Greater(x[0]!.lo, e.scalar(0, x[0]!.lo));
  const open = e.Not(oneSided(e, x[0]!));
  const pick = (p: Line, q: Line): Line =>
    closed(e, { slopes: [e.Where(positive, p.slopes[0]!, q.slopes[0]!)], offset: e.Where(positive, p.offset, q.offset), open });
  return { lower: pick(right.lower, left.lower), upper: pick(right.upper, left.upper) };
};

export const Reciprocal: Op = {
  infer: same,
  // d(1/x) = −1/x²
  vjp: (e, { outputs: [y] }, [dy]) => [e.Neg(e.Mul(dy!, e.Mul(y!, y!)))],
  interval: finite((e, _, [x]) => {
    const sided = oneSided(e, x!);
    const end = (v: Value) => e.Where(sided, e.Reciprocal(v), e.scalar(Number.POSITIVE_INFINITY, v));
    return [{ lo: end(x!.hi), hi: end(x!.lo) }];
  }),
  lines: reciprocalLines,
  fold: foldElementwise((a) => 1 / a!),
};

const exponentOf = (v: Value | null | undefined): number | undefined =>
  v?.data && v.data.data.length === 1 ? Number(v.data.data[0]) : undefined;

export const Pow: Op = {
  infer: broadcasting,
  // d(aᵇ) = b·aᵇ⁻¹·da + aᵇ·ln a·db
  vjp: (e, { inputs: [a, b], outputs: [y] }, [dy]) => {
    const p = exponentOf(b);
    if (p === 0) return [null, null];
    const c = p !== undefined ? e.scalar(p, dy!) : e.Cast(b!, { to: dy!.type.dtype === "float64" ? 11 : 1 });
    const power = p === 2 ? a! : p === 1 ? e.scalar(1, dy!) : e.Pow(a!, e.Sub(c, e.scalar(1, dy!)));
    if (p !== undefined) return [unbroadcast(e, e.Mul(dy!, e.Mul(c, power)), a!), null];
    // an exponent of 0 has slope 0, on a base of 0 too
    const o = e.scalar(0, dy!);
    const da = e.Mul(dy!, e.Where(e.Equal(c, o), o, e.Mul(c, power)));
    const safe = e.Where(e.Greater(a!, e.scalar(0, a!)), a!, e.scalar(1, a!));
    return [unbroadcast(e, da, a!), unbroadcast(e, e.Mul(dy!, e.Mul(y!, e.Log(safe))), b!)];
  },
  interval: finite((e, node, [a, b]) => {
    const p = exponentOf(b?.lo);
    const at = (v: Value) => e.Pow(v, b!.lo);
    if (p === undefined || !isConstantBox(b)) {
      // aᵇ = exp(b·ln a) on positive bases
      const l = (Log.interval as Extract<Op["interval"], (...x: never[]) => unknown>)(e, { ...node, op: "Log" }, [a!])[0]!;
      const m = (Mul.interval as Extract<Op["interval"], (...x: never[]) => unknown>)(e, { ...node, op: "Mul" }, [b!, l])[0]!;
      return [{ lo: e.Exp(m.lo), hi: e.Exp(m.hi) }];
    }
    if (Number.isInteger(p) && p < 0) {
      // 1/a⁻ᵖ, on either side of 0
      const r = Reciprocal.interval as Extract<Op["interval"], (...x: never[]) => unknown>;
      const power = Pow.interval as typeof r;
      return r(e, node, [power(e, node, [a!, { lo: e.scalar(-p, b!.lo), hi: e.scalar(-p, b!.lo) }])[0]!]);
    }
    if (Number.isInteger(p) && p % 2 === 0) return valley((_, v) => at(v), 0)(e, node, [a!]);
    if (Number.isInteger(p)) return [{ lo: at(a!.lo), hi: at(a!.hi) }];
    // fractional exponents: of positive bases, rising or falling
    return [p > 0 ? { lo: at(a!.lo), hi: at(a!.hi) } : { lo: at(a!.hi), hi: at(a!.lo) }];
  }),
  lines: (e, node, x) => {
    const p = exponentOf(node.inputs[1]);
    if (p === 1) return affine;
    if (p === undefined || !(p === 2 || (Number.isInteger(p) && p > 0 && p % 2 === 0))) return composed;
    const k = e.scalar(p, x[0]!.lo);
    const lines = convex(
      (e2, v) => e2.Pow(v, k),
      (e2, v) => e2.Mul(k, e2.Pow(v, e2.scalar(p - 1, v))),
    )(e, node, [x[0]!]) as { lower: Line; upper: Line };
    return lines;
  },
  // whole exponents on any base; else on positive bases: exp(b·ln a)
  compose: (e, { inputs: [a, b] }) => {
    const p = exponentOf(b);
    const to = (q: number): Value => (q === 1 ? a! : e.Pow(a!, e.scalar(q, a!)));
    if (p === 1) return [a!];
    if (p === 0) return [e.Add(e.Mul(a!, e.scalar(0, a!)), e.scalar(1, a!))];
    if (p === 0.5) return [e.Sqrt(a!)];
    if (p !== undefined && p < 0) return [e.Reciprocal(to(-p))];
    // of an odd power only the even part has lines of its own
    if (p !== undefined && Number.isInteger(p) && p > 1) return [p % 2 === 1 ? e.Mul(a!, to(p - 1)) : e.Mul(to(p / 2), to(p / 2))];
    return [e.Exp(e.Mul(b!, e.Log(a!)))];
  },
  fold: foldElementwise((a, b) => a! ** b!),
};
