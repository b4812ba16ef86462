/** Comparisons and logic: no gradient; as intervals, false < true. */
import { broadcast, isFloat } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import { cotangentOf, foldElementwise, mask, unbroadcast, zero } from "./algebra.ts";
import { affine, arg, type IntervalRule, none, type Op, type Vjp } from "./op.ts";

const noLines = none("a truth value has no line");

// NaN compares false with everything: “surely” is asked as it is, “possibly” as “not surely not”, so that NaN proves nothing

/** Possibly p ≤ q; as truths, p implies q. */
const atMost = (e: Emit, p: Value, q: Value): Value => (p.type.dtype === "bool" ? e.Or(e.Not(p), q) : e.Not(e.Greater(p, q)));

const comparing = (interval: IntervalRule, truth: (...xs: number[]) => boolean): Op => ({
  infer: (call) => [{ dtype: "bool", shape: broadcast(...call.inputs.map((v) => v!.type.shape)) }],
  vjp: zero,
  interval,
  lines: noLines,
  fold: foldElementwise((...xs) => (truth(...xs) ? 1 : 0), "bool"),
});

/** The step a > b as σ(a − b); the other way round with `sign` −1. Of whole numbers there is nothing to pull back. */
const step =
  (sign: 1 | -1): Vjp =>
  (e, { inputs: [a, b] }, [dy]) => {
    if (!isFloat(a!.type.dtype)) return [null, null];
    const s = e.Sigmoid(e.Sub(a!, b!));
    const slope = e.Mul(s, e.Sub(e.scalar(sign, s), sign === 1 ? s : e.Neg(s)));
    const g = e.Mul(cotangentOf(e, dy!, a!), slope);
    return [unbroadcast(e, g, a!), unbroadcast(e, e.Neg(g), b!)];
  };

export const Greater: Op = {
  ...comparing(
    (e, _, [a, b]) => [{ lo: e.Greater(a!.lo, b!.hi), hi: e.Not(e.LessOrEqual(a!.hi, b!.lo)) }],
    (a, b) => a! > b!,
  ),
  surrogate: step(1),
};
export const GreaterOrEqual: Op = {
  ...comparing(
    (e, _, [a, b]) => [{ lo: e.GreaterOrEqual(a!.lo, b!.hi), hi: e.Not(e.Less(a!.hi, b!.lo)) }],
    (a, b) => a! >= b!,
  ),
  surrogate: step(1),
};
export const Less: Op = {
  ...comparing(
    (e, _, [a, b]) => [{ lo: e.Less(a!.hi, b!.lo), hi: e.Not(e.GreaterOrEqual(a!.lo, b!.hi)) }],
    (a, b) => a! < b!,
  ),
  surrogate: step(-1),
};
export const LessOrEqual: Op = {
  ...comparing(
    (e, _, [a, b]) => [{ lo: e.LessOrEqual(a!.hi, b!.lo), hi: e.Not(e.Greater(a!.lo, b!.hi)) }],
    (a, b) => a! <= b!,
  ),
  surrogate: step(-1),
};
export const Equal: Op = comparing(
  // surely equal: both are the same point; possibly equal: the boxes meet
  (e, _, [a, b]) => [
    {
      lo: e.And(e.And(e.Equal(a!.lo, a!.hi), e.Equal(b!.lo, b!.hi)), e.Equal(a!.lo, b!.lo)),
      hi: e.And(atMost(e, a!.lo, b!.hi), atMost(e, b!.lo, a!.hi)),
    },
  ],
  (a, b) => a === b,
);

/** The cotangent where the other truth is `open`, and so lets this one decide. */
const decided = (e: Emit, dy: Value, other: Value, open: boolean, like: Value): Value =>
  unbroadcast(e, e.Mul(dy, mask(e, open ? other : e.Not(other), dy)), like);

// truths as numbers: not a = 1 − a, a and b = ab, a or b = a + b − ab
export const Not: Op = {
  ...comparing(
    (e, _, [a]) => [{ lo: e.Not(a!.hi), hi: e.Not(a!.lo) }],
    (a) => !a,
  ),
  surrogate: (e, _, [dy]) => [e.Neg(dy!)],
};
export const And: Op = {
  ...comparing(
    (e, _, [a, b]) => [{ lo: e.And(a!.lo, b!.lo), hi: e.And(a!.hi, b!.hi) }],
    (a, b) => Boolean(a && b),
  ),
  surrogate: (e, { inputs: [a, b] }, [dy]) => [decided(e, dy!, b!, true, a!), decided(e, dy!, a!, true, b!)],
};
export const Or: Op = {
  ...comparing(
    (e, _, [a, b]) => [{ lo: e.Or(a!.lo, b!.lo), hi: e.Or(a!.hi, b!.hi) }],
    (a, b) => Boolean(a || b),
  ),
  surrogate: (e, { inputs: [a, b] }, [dy]) => [decided(e, dy!, b!, false, a!), decided(e, dy!, a!, false, b!)],
};
export const Xor: Op = comparing(
  (e, _, [a, b]) => {
    const xor = (p: typeof a, q: typeof b) => e.Or(e.And(p!.lo, e.Not(q!.hi)), e.And(q!.lo, e.Not(p!.hi)));
    const sure = xor(a, b);
    // surely alike: both surely true, or both surely false
    const alike = e.Or(e.And(a!.lo, b!.lo), e.And(e.Not(a!.hi), e.Not(b!.hi)));
    return [{ lo: sure, hi: e.Not(alike) }];
  },
  (a, b) => Boolean(a) !== Boolean(b),
);

const chosen: Vjp = (e, { inputs: [c, a, b] }, [dy]) => {
  const o = e.scalar(0, dy!);
  return [null, unbroadcast(e, e.Where(c!, dy!, o), a!), unbroadcast(e, e.Where(c!, o, dy!), b!)];
};

export const Where: Op = {
  infer: (call) => [{ dtype: arg(call, 1).type.dtype, shape: broadcast(...call.inputs.map((v) => v!.type.shape)) }],
  vjp: chosen,
  // the condition as a number, c·a + (1 − c)·b. Where the choices depend on what is differentiated, theirs is the true gradient, and `grad` leaves this out
  surrogate: (e, node, [dy]) => {
    const [c, a, b] = node.inputs;
    const [, da, db] = chosen(e, node, [dy!]);
    if (a!.type.dtype === "bool") return [null, da!, db!];
    return [unbroadcast(e, e.Mul(dy!, cotangentOf(e, e.Sub(a!, b!), dy!)), c!), da!, db!];
  },
  // surely true: a; surely false: b; else the hull of both
  interval: (e, _, [c, a, b]) => {
    if (c!.lo === c!.hi) return [{ lo: e.Where(c!.lo, a!.lo, b!.lo), hi: e.Where(c!.lo, a!.hi, b!.hi) }];
    return [
      {
        lo: e.Where(c!.lo, a!.lo, e.Where(c!.hi, e.Min(a!.lo, b!.lo), b!.lo)),
        hi: e.Where(c!.lo, a!.hi, e.Where(c!.hi, e.Max(a!.hi, b!.hi), b!.hi)),
      },
    ];
  },
  // a constant condition only chooses; else constant lines at the ends of the enclosure
  lines: (e, node, x) => {
    if (x[0]!.lo === x[0]!.hi) return affine;
    const [y] = (Where.interval as IntervalRule)(e, node, x);
    return { lower: { slopes: [null, null, null], offset: y!.lo }, upper: { slopes: [null, null, null], offset: y!.hi } };
  },
  fold: (inputs, call) =>
    foldElementwise((c, a, b) => (c ? a! : b!), undefined)(inputs, {
      ...call,
      inputs: [call.inputs[1]!, call.inputs[1]!, call.inputs[2]!],
    }),
};
