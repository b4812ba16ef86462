/** Is a number infinite, or none? */
import type { Emit, Value } from "../graph/index.ts";
import { zero } from "./algebra.ts";
import { arg, none, type Op } from "./op.ts";

const noLines = none("a truth value has no line");
const infer: Op["infer"] = (call) => [{ dtype: "bool", shape: arg(call, 0).type.shape }];
const lost = (e: Emit, v: Value): Value => e.node("IsNaN", [v])[0]!;

export const IsNaN: Op = {
  infer,
  vjp: zero,
  // a box with two ends holds numbers only; an end that was lost says nothing
  interval: (e, _, [x]) => [{ lo: e.Less(x!.lo, x!.lo), hi: e.Or(lost(e, x!.lo), lost(e, x!.hi)) }],
  lines: noLines,
};

export const IsInf: Op = {
  infer,
  vjp: zero,
  interval: (e, node, [x]) => {
    const [lo, hi] = [x!.lo, x!.hi].map((v) => e.node("IsInf", [v], node.attrs)[0]!);
    const anywhere = e.Or(lost(e, x!.lo), lost(e, x!.hi));
    return [{ lo: e.And(e.Equal(x!.lo, x!.hi), lo!), hi: e.Or(anywhere, e.Or(lo!, hi!)) }];
  },
  lines: noLines,
};
