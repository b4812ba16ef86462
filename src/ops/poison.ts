/** Enclosures that are no enclosures, because something overflowed or is undefined: they are NaN, and have to stay it. */
import type { Emit, Node, Value } from "../graph/index.ts";
import { isConstantBox } from "./algebra.ts";
import type { IntervalRule } from "./op.ts";

/**
 * Of a function that is infinite or undefined somewhere: where a box reaches that far, both its ends are NaN, which no later bound
 * turns into a claim. An infinite end would not do: 1/x − 1/x is undefined at 0, and what a sigmoid makes of [−∞, ∞] is [0, 1].
 */
export const finite =
  (rule: IntervalRule): IntervalRule =>
  (e, node, x) =>
    rule(e, node, x).map(({ lo, hi }) => {
      const poison = e.Mul(e.Sub(hi, lo), e.scalar(0, lo));
      return { lo: e.Add(lo, poison), hi: e.Add(hi, poison) };
    });

/**
 * For operators whose kernels take NaN for a small number, or for none: an enclosure that overflowed would come out of them as
 * a claim. Adds 0·Σ(widths), which is NaN where a width is infinite or NaN, and else nothing.
 * @param sum the widths, summed over what each output sees at least
 */
export const guarded =
  (rule: IntervalRule, sum: (e: Emit, node: Node, width: Value) => Value): IntervalRule =>
  (e, node, x) => {
    const found = rule(e, node, x);
    if (isConstantBox(x[0])) return found;
    const width = e.Sub(x[0]!.hi, x[0]!.lo);
    const poison = e.Mul(sum(e, node, width), e.scalar(0, width));
    return found.map(({ lo, hi }) => ({ lo: e.Add(lo, poison), hi: e.Add(hi, poison) }));
  };

/** Of elementwise operators: each output sees its own input. */
export const eachAlone = (_e: Emit, _node: Node, width: Value): Value => width;
