/** Interval bound propagation, as graph → graph. Gowal et al. 2018, arXiv:1810.12715. */
import { fail } from "../base/index.ts";
import { type Emit, type Interval, order, type Value } from "../graph/index.ts";
import { ops } from "../ops/index.ts";
import { composed, isGap } from "../ops/op.ts";

/**
 * Enclose every value that `outputs` need, given the enclosures in `box` (of the inputs). Values that depend on
 * nothing perturbed are their own enclosure (`lo === hi`). Returns the box, completed.
 */
export function intervals(e: Emit, outputs: readonly Value[], box: Map<Value, Interval>): Map<Value, Interval> {
  const get = (v: Value | null): Interval | null => (v === null ? null : (box.get(v) ?? { lo: v, hi: v }));
  for (const node of order(outputs)) {
    if (node.outputs.every((o) => box.has(o))) continue;
    const x = node.inputs.map(get);
    if (x.every((i) => i === null || i.lo === i.hi)) {
      // through the substituted inputs: a box may fix an input to another value
      const moved = node.inputs.some((v, i) => v !== null && x[i]!.lo !== v);
      const y = moved
        ? e.node(
            node.op,
            x.map((i) => i?.lo ?? null),
            node.attrs,
          )
        : node.outputs;
      node.outputs.forEach((o, i) => {
        box.set(o, { lo: y[i]!, hi: y[i]! });
      });
      continue;
    }
    const { interval, compose } = ops[node.op]!;
    if (isGap(interval))
      fail({
        code: "operator-no-interval",
        expected: "operators that can be enclosed",
        got: `${node.op}${node.name ? ` (node "${node.name}")` : ""}: ${interval.gap}`,
        mend: "cut the model before this node, or attack it instead of proving it",
      });
    if (interval === composed) {
      const inner = compose!(e, node);
      intervals(e, inner, box);
      node.outputs.forEach((o, i) => {
        box.set(o, get(inner[i]!)!);
      });
    } else {
      const y = interval(e, node, x);
      node.outputs.forEach((o, i) => {
        box.set(o, y[i]!);
      });
    }
  }
  return box;
}
