/** Normalised exponentials along one axis (opset 13). */
import { axisOf, tensor } from "../base/index.ts";
import type { Emit, Interval, Value } from "../graph/index.ts";
import { same } from "./algebra.ts";
import { arg, type Call, composed, int, type Op } from "./op.ts";

const axisInts = (e: Emit, call: Call): Value => e.ints([axisOf(int(call, "axis", -1), arg(call, 0).type.shape.length)]);

/** xⱼ − xᵢ, [.., i, j, ..]: `columns` minus `rows`. */
const differences = (e: Emit, columns: Value, rows: Value, axis: number): Value =>
  e.Sub(e.Unsqueeze(columns, e.ints([axis])), e.Unsqueeze(rows, e.ints([axis + 1])));

/**
 * ln yᵢ = −ln Σⱼ e^(xⱼ − xᵢ), where xᵢ − xᵢ = 0: least with xᵢ low and the rest high. The terms are added up, never
 * subtracted from a total: what one large term hides would be lost.
 */
function logEnclosure(e: Emit, node: Call, { lo, hi }: Interval): Interval {
  const rank = lo.type.shape.length;
  const axis = axisOf(int(node, "axis", -1), rank);
  const n = lo.type.shape[axis]!;
  const own = tensor(
    Array.from({ length: n * n }, (_, k) => Number(k % (n + 1) === 0)),
    [n, n, ...lo.type.shape.slice(axis + 1).map(() => 1)],
    "bool",
  );
  const log = (columns: Value, rows: Value) => {
    const d = e.Where(e.constant(own), e.scalar(0, columns), differences(e, columns, rows, axis));
    return e.Neg(e.node("ReduceLogSumExp", [d, e.ints([axis + 1])], { keepdims: 0 })[0]!);
  };
  return { lo: log(hi, lo), hi: log(lo, hi) };
}

export const Softmax: Op = {
  infer: same,
  // dx = y·(dy − Σ dy·y)
  vjp: (e, node, [dy]) => {
    const y = node.outputs[0]!;
    return [e.Mul(y, e.Sub(dy!, e.ReduceSum(e.Mul(dy!, y), axisInts(e, node), { keepdims: 1 })))];
  },
  interval: (e, node, [x]) => {
    const { lo, hi } = logEnclosure(e, node, x!);
    return [{ lo: e.Exp(lo), hi: e.Exp(hi) }];
  },
  lines: composed,
  // 1/Σⱼ e^(xⱼ − xᵢ): differences first, so that what is common cancels before it is bounded
  compose: (e, node) => {
    const x = arg(node, 0);
    const axis = axisOf(int(node, "axis", -1), x.type.shape.length);
    return [e.Reciprocal(e.ReduceSum(e.Exp(differences(e, x, x, axis)), e.ints([axis + 1]), { keepdims: 0 }))];
  },
};

export const LogSoftmax: Op = {
  infer: same,
  // dx = dy − softmax·Σ dy
  vjp: (e, node, [dy]) => [e.Sub(dy!, e.Mul(e.Exp(node.outputs[0]!), e.ReduceSum(dy!, axisInts(e, node), { keepdims: 1 })))],
  interval: (e, node, [x]) => [logEnclosure(e, node, x!)],
  lines: composed,
  compose: (e, node) => {
    const x = arg(node, 0);
    const axis = axisOf(int(node, "axis", -1), x.type.shape.length);
    return [e.Neg(e.Log(e.ReduceSum(e.Exp(differences(e, x, x, axis)), e.ints([axis + 1]), { keepdims: 0 })))];
  },
};
