/** Rounding and trigonometric functions. */
import type { Value } from "../graph/index.ts";
import { chain, foldElementwise, increasing, same, zero } from "./algebra.ts";
import { none, type Op } from "./op.ts";

const rounding = (f: (x: number) => number): Op => ({
  infer: same,
  vjp: zero,
  // of the identity. Bengio et al. 2013, arXiv:1308.3432
  surrogate: (_, __, [dy]) => [dy!],
  interval: increasing,
  lines: none("a step has no useful line"),
  fold: foldElementwise((a) => f(a!)),
});

export const Floor: Op = rounding(Math.floor);
export const Ceil: Op = rounding(Math.ceil);
/** To the nearest whole number, ties to even. */
export const Round: Op = rounding((x) => {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
});

/** Enclosure of a wave: its extremes are at shift + 2πk. */
const wave =
  (name: "Sin" | "Cos", top: number): Extract<Op["interval"], (...args: never[]) => unknown> =>
  (e, _, [x]) => {
    const at = (v: Value) => e.node(name, [v])[0]!;
    const [p, q] = [at(x!.lo), at(x!.hi)];
    const turn = e.scalar(1 / (2 * Math.PI), x!.lo);
    // a peak lies inside where ⌊(hi − top)/2π⌋ ≠ ⌊(lo − top)/2π⌋; one ulp of slack by widening the box a little
    const wide = e.scalar(1e-5, x!.lo);
    const phase = (v: Value, at0: number) => e.Floor(e.Mul(e.Sub(v, e.scalar(at0, v)), turn));
    const inside = (at0: number) => e.Greater(phase(e.Add(x!.hi, wide), at0), phase(e.Sub(x!.lo, wide), at0));
    const one = e.scalar(1, x!.lo);
    return [{ lo: e.Where(inside(top + Math.PI), e.Neg(one), e.Min(p, q)), hi: e.Where(inside(top), one, e.Max(p, q)) }];
  };

export const Sin: Op = {
  infer: same,
  vjp: chain((e, x) => e.node("Cos", [x])[0]!),
  interval: wave("Sin", Math.PI / 2),
  lines: none("a wave is neither convex nor S-shaped; intervals bound it"),
};

export const Cos: Op = {
  infer: same,
  vjp: chain((e, x) => e.Neg(e.node("Sin", [x])[0]!)),
  interval: wave("Cos", 0),
  lines: none("a wave is neither convex nor S-shaped; intervals bound it"),
};
