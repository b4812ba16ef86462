/** Piecewise linear activations. */
import type { Emit, Interval, Value } from "../graph/index.ts";
import { again, chain, foldElementwise, increasing, isConstantBox, mask, same, unbroadcast } from "./algebra.ts";
import { arg, composed, type IntervalRule, int, type LineRule, none, type Op } from "./op.ts";
import { eachAlone, guarded } from "./poison.ts";

/**
 * A function of slope `left` below 0 and `right` above it, left ≤ right (convex). The chord above; below, the steeper or
 * the flatter half, whichever leaves less area. Zhang et al. 2018 (CROWN), arXiv:1811.00866, §3.2.
 */
const hinge =
  (left: (e: Emit, x: Value) => Value, right = 1): LineRule =>
  (e, node, [x]) => {
    const o = e.scalar(0, x!.lo);
    const l = e.Min(x!.lo, o);
    const u = e.Max(x!.hi, o);
    const a = left(e, x!.lo);
    const r = e.scalar(right, o);
    // width 0 only at l = u = 0, where any slope will do
    const width = e.Max(e.Sub(u, l), e.scalar(1e-30, o));
    // (r·u − a·l)/(u − l): exactly r or a where the box is on one side of 0
    const across = e.Div(e.Sub(e.Mul(r, u), e.Mul(a, l)), width);
    const active = e.GreaterOrEqual(x!.lo, o);
    const idle = e.LessOrEqual(x!.hi, o);
    const chord = e.Where(active, r, e.Where(idle, a, across));
    const offset = e.Where(e.Or(active, idle), o, e.Sub(e.Mul(a, l), e.Mul(chord, l)));
    const below = e.Where(e.Greater(e.Add(x!.lo, x!.hi), o), r, a);
    const rest = node.inputs.slice(1).map(() => null);
    return {
      lower: { slopes: [e.Where(active, r, e.Where(idle, a, below)), ...rest], offset: o },
      upper: { slopes: [chord, ...rest], offset },
    };
  };

export const Relu: Op = {
  infer: same,
  // y > 0 exactly where x > 0, and y is at hand
  vjp: chain((e, _, y) => mask(e, e.Greater(y, e.scalar(0, y)), y)),
  interval: increasing,
  lines: hinge((e, x) => e.scalar(0, x)),
  kinks: [0],
  fold: foldElementwise((a) => Math.max(a!, 0)),
};

/** 1 for x > 0, alpha below. */
export const LeakyRelu: Op = {
  infer: same,
  vjp: chain((e, x, _, node) => e.Where(e.Greater(x, e.scalar(0, x)), e.scalar(1, x), e.scalar(int(node, "alpha", 0.01), x))),
  interval: (e, node, x) => (int(node, "alpha", 0.01) >= 0 ? increasing(e, node, x) : [through(e, x[0]!, (v) => again(e, node, [v])[0]!)]),
  lines: (e, node, x) => {
    const alpha = int(node, "alpha", 0.01);
    return alpha >= 0 && alpha <= 1 ? hinge((e2, v) => e2.scalar(alpha, v))(e, node, x) : composed;
  },
  kinks: [0],
  noFloat64: true,
  // x⁺ − alpha·(−x)⁺
  compose: (e, node) => {
    const x = arg(node, 0);
    return [e.Sub(e.Relu(x), e.Mul(e.scalar(int(node, "alpha", 0.01), x), e.Relu(e.Neg(x))))];
  },
};

/** Enclosure of x⁺ − s·x⁻ for any slope s, from the ends and the kink. */
function through(e: Emit, x: Interval, f: (v: Value) => Value): Interval {
  const [p, q] = [f(x.lo), f(x.hi)];
  const kink = e.And(e.Less(x.lo, e.scalar(0, x.lo)), e.Greater(x.hi, e.scalar(0, x.lo)));
  const o = e.scalar(0, x.lo);
  return { lo: e.Where(kink, e.Min(e.Min(p, q), o), e.Min(p, q)), hi: e.Where(kink, e.Max(e.Max(p, q), o), e.Max(p, q)) };
}

/** As LeakyRelu, with a learnt slope that broadcasts. */
export const PRelu: Op = {
  infer: same,
  vjp: (e, { inputs: [x, s] }, [dy]) => {
    const positive = e.Greater(x!, e.scalar(0, x!));
    const o = e.scalar(0, x!);
    return [e.Where(positive, dy!, e.Mul(dy!, s!)), unbroadcast(e, e.Where(positive, o, e.Mul(dy!, x!)), s!)];
  },
  interval: (e, node, [x, s]) =>
    s!.lo === s!.hi ? [through(e, x!, (v) => again(e, node, [v, s!.lo])[0]!)] : composedInterval(e, node, [x!, s!]),
  lines: composed,
  noFloat64: true,
  compose: (e, { inputs: [x, s] }) => [e.Sub(e.Relu(x!), e.Mul(s!, e.Relu(e.Neg(x!))))],
};

/** x⁺ − s·(−x)⁺ with both perturbed. */
const composedInterval: IntervalRule = (e, _, [x, s]) => {
  const up = { lo: e.Relu(x!.lo), hi: e.Relu(x!.hi) };
  const down = { lo: e.Relu(e.Neg(x!.hi)), hi: e.Relu(e.Neg(x!.lo)) };
  const corner = [e.Mul(s!.lo, down.lo), e.Mul(s!.lo, down.hi), e.Mul(s!.hi, down.lo), e.Mul(s!.hi, down.hi)] as const;
  const all = (f: (a: Value, b: Value) => Value) => f(f(corner[0], corner[1]), f(corner[2], corner[3]));
  return [{ lo: e.Sub(up.lo, all(e.Max)), hi: e.Sub(up.hi, all(e.Min)) }];
};

/** min(max(x, low), high); either end may be left out. */
export const Clip: Op = {
  infer: same,
  vjp: (e, { inputs: [x, low, high] }, [dy]) => {
    const o = e.scalar(0, dy!);
    const parts = [low && e.GreaterOrEqual(x!, low), high && e.LessOrEqual(x!, high)].filter((c): c is Value => Boolean(c));
    const inside = parts.length > 0 ? parts.reduce((a, b) => e.And(a, b)) : null;
    const to = (c: Value, v: Value) => unbroadcast(e, e.Where(c, dy!, o), v);
    return [inside ? e.Where(inside, dy!, o) : dy!, low ? to(e.Less(x!, low), low) : null, high ? to(e.Greater(x!, high), high) : null];
  },
  // the kernel passes over an end that is NaN
  interval: (e, node, [x, low, high]) => {
    if (isConstantBox(low) && isConstantBox(high)) return increasing(e, node, [x!, low ?? null, high ?? null]);
    const cut = (v: Value, l?: Value, h?: Value) => {
      const up = l ? e.Max(v, l) : v;
      return h ? e.Min(up, h) : up;
    };
    return [{ lo: cut(x!.lo, low?.lo, high?.lo), hi: cut(x!.hi, low?.hi, high?.hi) }];
  },
  lines: composed,
  // l + relu(x − l), then h − relu(h − ·)
  compose: (e, { inputs: [x, low, high] }) => {
    const up = low ? e.Add(low, e.Relu(e.Sub(x!, low))) : x!;
    return [high ? e.Sub(high, e.Relu(e.Sub(high, up))) : up];
  },
  fold: ([x, low, high], call) =>
    foldElementwise((a, ...ends) => {
      const up = low ? Math.max(a!, ends[0]!) : a!;
      return high ? Math.min(up, ends.at(-1)!) : up;
    })(
      [x!, low, high].filter((t) => t !== null && t !== undefined),
      call,
    ),
};

/** x for x > alpha, else 0. */
export const ThresholdedRelu: Op = {
  infer: same,
  vjp: chain((e, x, _, node) => mask(e, e.Greater(x, e.scalar(int(node, "alpha", 1), x)), x)),
  // it jumps at alpha: a box across it reaches 0, and everything from alpha up to its end
  interval: guarded((e, node, [x]) => {
    const a = e.scalar(int(node, "alpha", 1), x!.lo);
    const o = e.scalar(0, x!.lo);
    const some = e.Greater(x!.hi, a);
    const lowest = e.Where(e.Greater(x!.lo, a), x!.lo, e.Min(a, o));
    const highest = e.Where(e.Greater(x!.lo, a), x!.hi, e.Max(x!.hi, o));
    return [{ lo: e.Where(some, lowest, o), hi: e.Where(some, highest, o) }];
  }, eachAlone),
  lines: none("it jumps at its threshold; intervals bound it"),
  noFloat64: true,
  compose: (e, node) => {
    const x = arg(node, 0);
    return [e.Where(e.Greater(x, e.scalar(int(node, "alpha", 1), x)), x, e.scalar(0, x))];
  },
};
