/** Normalised exponentials along one axis (opset 13). */
import { axisOf } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import { same } from "./algebra.ts";
import { arg, type Call, composed, int, type Op } from "./op.ts";

const axisInts = (e: Emit, call: Call): Value => e.ints([axisOf(int(call, "axis", -1), arg(call, 0).type.shape.length)]);

export const Softmax: Op = {
  infer: same,
  // dx = y·(dy − Σ dy·y)
  vjp: (e, node, [dy]) => {
    const y = node.outputs[0]!;
    return [e.Mul(y, e.Sub(dy!, e.ReduceSum(e.Mul(dy!, y), axisInts(e, node), { keepdims: 1 })))];
  },
  // yᵢ = eˣⁱ/(eˣⁱ + Σⱼ≠ᵢ eˣʲ): least with xᵢ low and the rest high
  interval: (e, node, [x]) => {
    const axes = axisInts(e, node);
    const top = e.ReduceMax(x!.hi, axes, { keepdims: 1 });
    const [p, q] = [e.Exp(e.Sub(x!.lo, top)), e.Exp(e.Sub(x!.hi, top))];
    const others = (own: Value, all: Value) => e.Relu(e.Sub(e.ReduceSum(all, axes, { keepdims: 1 }), own));
    const tiny = e.scalar(1e-30, p);
    return [{ lo: e.Div(p, e.Add(e.Max(p, tiny), others(q, q))), hi: e.Div(q, e.Max(e.Add(q, others(p, p)), tiny)) }];
  },
  lines: composed,
  // 1/Σⱼ e^(xⱼ − xᵢ): differences first, so that what is common cancels before it is bounded
  compose: (e, node) => {
    const x = arg(node, 0);
    const rank = x.type.shape.length;
    const axis = axisOf(int(node, "axis", -1), rank);
    const rows = e.node("Unsqueeze", [x, e.ints([axis + 1])])[0]!;
    const columns = e.node("Unsqueeze", [x, e.ints([axis])])[0]!;
    return [e.Reciprocal(e.ReduceSum(e.Exp(e.Sub(columns, rows)), e.ints([axis + 1]), { keepdims: 0 }))];
  },
};

export const LogSoftmax: Op = {
  infer: same,
  // dx = dy − softmax·Σ dy
  vjp: (e, node, [dy]) => [e.Sub(dy!, e.Mul(e.Exp(node.outputs[0]!), e.ReduceSum(dy!, axisInts(e, node), { keepdims: 1 })))],
  interval: (e, node, x) => {
    const [y] = (Softmax.interval as Extract<Op["interval"], (...args: never[]) => unknown>)(e, node, x);
    const floor = e.scalar(1e-37, y!.lo);
    // below float32's least normal number the logarithm is bounded by the spread of the inputs instead
    const axes = axisInts(e, node);
    const count = Math.log(x[0]!.lo.type.shape.at(axisOf(int(node, "axis", -1), x[0]!.lo.type.shape.length))!);
    const spread = e.Sub(e.Sub(x[0]!.lo, e.ReduceMax(x[0]!.hi, axes, { keepdims: 1 })), e.scalar(count, floor));
    return [
      {
        lo: e.Where(e.Greater(y!.lo, floor), e.Max(e.Log(e.Max(y!.lo, floor)), spread), spread),
        hi: e.Min(e.Log(e.Max(y!.hi, floor)), e.scalar(0, floor)),
      },
    ];
  },
  lines: composed,
  compose: (e, node) => {
    const x = arg(node, 0);
    const axis = axisOf(int(node, "axis", -1), x.type.shape.length);
    const rows = e.node("Unsqueeze", [x, e.ints([axis + 1])])[0]!;
    const columns = e.node("Unsqueeze", [x, e.ints([axis])])[0]!;
    return [e.Neg(e.Log(e.ReduceSum(e.Exp(e.Sub(columns, rows)), e.ints([axis + 1]), { keepdims: 0 })))];
  },
};
