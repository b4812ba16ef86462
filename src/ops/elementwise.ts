/** Arithmetic, element by element, with broadcasting. */
import type { Emit, Interval, Line, Value } from "../graph/index.ts";
import {
  bilinear,
  bilinearLines,
  broadcasting,
  chain,
  convex,
  decreasing,
  foldElementwise,
  increasing,
  isConstantBox,
  mask,
  same,
  unbroadcast,
  valley,
  zero,
} from "./algebra.ts";
import { affine, composed, int, none, type Op } from "./op.ts";

export const Add: Op = {
  infer: broadcasting,
  whole: true,
  vjp: (e, { inputs: [a, b] }, [dy]) => [unbroadcast(e, dy!, a!), unbroadcast(e, dy!, b!)],
  interval: increasing,
  lines: affine,
  fold: foldElementwise((a, b) => a! + b!),
};

export const Sub: Op = {
  infer: broadcasting,
  whole: true,
  vjp: (e, { inputs: [a, b] }, [dy]) => [unbroadcast(e, dy!, a!), unbroadcast(e, e.Neg(dy!), b!)],
  interval: (e, _, [a, b]) => [{ lo: e.Sub(a!.lo, b!.hi), hi: e.Sub(a!.hi, b!.lo) }],
  lines: affine,
  fold: foldElementwise((a, b) => a! - b!),
};

/** McCormick's planes of a product: above, xy ≤ u_x·y + l_y·x − u_x·l_y; below, xy ≥ l_x·y + l_y·x − l_x·l_y. */
const mcCormick = (e: Emit, x: Interval, y: Interval) => {
  const plane = (px: Value, py: Value): Line => ({ slopes: [py, px], offset: e.Neg(e.Mul(px, py)) });
  return { lower: plane(x.lo, y.lo), upper: plane(x.hi, y.lo) };
};

export const Mul: Op = {
  infer: broadcasting,
  whole: true,
  vjp: (e, { inputs: [a, b] }, [dy]) => [unbroadcast(e, e.Mul(dy!, b!), a!), unbroadcast(e, e.Mul(dy!, a!), b!)],
  // four corners: tighter than centre and radius when both are perturbed
  interval: (e, node, x) => {
    const [a, b] = x as Interval[];
    if (isConstantBox(a) || isConstantBox(b)) return bilinear(e, node, x);
    const p = [e.Mul(a!.lo, b!.lo), e.Mul(a!.lo, b!.hi), e.Mul(a!.hi, b!.lo), e.Mul(a!.hi, b!.hi)] as const;
    const all = (f: (u: Value, v: Value) => Value) => f(f(p[0], p[1]), f(p[2], p[3]));
    return [{ lo: all(e.Min), hi: all(e.Max) }];
  },
  lines: (e, node, x) => (bilinearLines(e, node, x) === affine ? affine : mcCormick(e, x[0]!, x[1]!)),
  fold: foldElementwise((a, b) => a! * b!),
};

export const Neg: Op = {
  infer: same,
  vjp: (e, _, [dy]) => [e.Neg(dy!)],
  interval: decreasing,
  lines: affine,
  fold: foldElementwise((a) => -a!),
};

export const Abs: Op = {
  infer: same,
  vjp: chain((e, x) => e.Sign(x)),
  interval: valley((e, x) => e.Abs(x), 0),
  lines: convex(
    (e, x) => e.Abs(x),
    (e, x) => e.Sign(x),
  ),
  kinks: [0],
  fold: foldElementwise((a) => Math.abs(a!)),
};

export const Sign: Op = {
  infer: same,
  vjp: zero,
  // of clamp(x, −1, 1). Hubara et al. 2016, arXiv:1602.02830, §1.3
  surrogate: (e, { inputs: [x] }, [dy]) => [e.Mul(dy!, mask(e, e.LessOrEqual(e.Abs(x!), e.scalar(1, x!)), x!))],
  interval: increasing,
  lines: none("a step has no useful line"),
  fold: foldElementwise((a) => Math.sign(a!)),
};

/** Of two or more: the gradient goes to the first that is extreme. */
const extreme = (larger: boolean): Op => {
  const name = larger ? "Max" : "Min";
  return {
    infer: broadcasting,
    vjp: (e, { inputs, outputs: [y] }, [dy]) => {
      if (inputs.length === 1) return [dy!];
      if (inputs.length === 2) {
        const first = larger ? e.GreaterOrEqual(inputs[0]!, inputs[1]!) : e.LessOrEqual(inputs[0]!, inputs[1]!);
        const o = e.scalar(0, dy!);
        return [unbroadcast(e, e.Where(first, dy!, o), inputs[0]!), unbroadcast(e, e.Where(first, o, dy!), inputs[1]!)];
      }
      let left = e.Where(e.Equal(y!, y!), e.scalar(1, dy!), e.scalar(1, dy!));
      return inputs.map((x) => {
        const hit = e.Mul(left, mask(e, e.Equal(x!, y!), dy!));
        left = e.Sub(left, hit);
        return unbroadcast(e, e.Mul(dy!, hit), x!);
      });
    },
    interval: increasing,
    lines: (_, __, x) => (x.length === 1 ? affine : composed),
    // max(a, b) = a + relu(b − a);  min(a, b) = a − relu(a − b)
    compose: (e, { inputs }) => [
      (inputs as Value[]).reduce((a, b) => (larger ? e.Add(a, e.Relu(e.Sub(b, a))) : e.Sub(a, e.Relu(e.Sub(a, b))))),
    ],
    fold: foldElementwise((...xs) => Math[name === "Max" ? "max" : "min"](...xs)),
  };
};

export const Max: Op = extreme(true);
export const Min: Op = extreme(false);

/** Without `fmod` the remainder has the sign of the divisor (whole numbers only), with it that of the dividend. */
export const Mod: Op = {
  infer: broadcasting,
  // a − ⌊a/b⌋·b, or a/b cut towards zero
  vjp: (e, node, [dy]) => {
    const [a, b] = node.inputs as [Value, Value];
    const q = e.Div(a, b);
    const whole = int(node, "fmod", 0) === 1 ? e.Mul(e.Sign(q), e.Floor(e.Abs(q))) : e.Floor(q);
    return [unbroadcast(e, dy!, a), unbroadcast(e, e.Neg(e.Mul(dy!, whole)), b)];
  },
  interval: none("a remainder jumps at every multiple"),
  lines: none("a remainder jumps at every multiple"),
  fold: (inputs, call) =>
    foldElementwise((a, b) => (int(call, "fmod", 0) === 1 || a! % b! === 0 || a! < 0 === b! < 0 ? a! % b! : (a! % b!) + b!))(inputs, call),
};

/** Of any number of inputs. */
export const Sum: Op = {
  infer: broadcasting,
  vjp: (e, { inputs }, [dy]) => inputs.map((x) => unbroadcast(e, dy!, x!)),
  interval: increasing,
  lines: affine,
};

export const Mean: Op = {
  infer: broadcasting,
  vjp: (e, { inputs }, [dy]) => {
    const g = e.Mul(dy!, e.scalar(1 / inputs.length, dy!));
    return inputs.map((x) => unbroadcast(e, g, x!));
  },
  interval: increasing,
  lines: affine,
  noFloat64: true,
  compose: (e, { inputs }) => {
    const [total] = e.node("Sum", inputs);
    return [e.Mul(total!, e.scalar(1 / inputs.length, total!))];
  },
};
