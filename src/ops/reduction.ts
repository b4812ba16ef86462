/** Reductions over axes (opset 18: axes are an input). */
import { axisOf, size } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { mask, moving } from "./algebra.ts";
import { affine, arg, type Call, composed, constantInts, int, none, type Op, zero } from "./op.ts";
import { guarded } from "./poison.ts";

/** Axes reduced; none given means all, unless the node says that none means none. */
function axesOf(call: Call): number[] {
  const rank = arg(call, 0).type.shape.length;
  const given = constantInts(call, 1);
  if (given && given.length > 0) return given.map((a) => axisOf(a, rank));
  return int(call, "noop_with_empty_axes", 0) === 1 ? [] : Array.from({ length: rank }, (_, i) => i);
}

const infer: Op["infer"] = (call) => {
  const { dtype, shape } = arg(call, 0).type;
  const axes = axesOf(call);
  const keep = int(call, "keepdims", 1) === 1;
  return [{ dtype, shape: shape.flatMap((d, i) => (axes.includes(i) ? (keep ? [1] : []) : [d])) }];
};

/** A reduced value with its axes back as 1, ready to broadcast against the input. */
const kept = (e: Emit, node: Call, v: Value): Value => {
  const axes = axesOf(node);
  return int(node, "keepdims", 1) === 1 || axes.length === 0 ? v : e.node("Unsqueeze", [v, e.ints(axes)])[0]!;
};

/** Elements that one output is made of. At this batch size: exact only over axes that are not the batch. */
const count = (call: Call): number => axesOf(call).reduce((n, a) => n * arg(call, 0).type.shape[a]!, 1);

/** The count as a value that follows a free batch. */
const countOf = (e: Emit, node: Node): Value => {
  const x = arg(node, 0);
  if (!axesOf(node).includes(0)) return e.scalar(count(node), x);
  const sizes = e.Gather(e.Shape(x), e.ints(axesOf(node)), { axis: 0 });
  const n = e.node("ReduceProd", [sizes], { keepdims: 0 })[0]!;
  return e.Cast(n, { to: x.type.dtype === "float64" ? 11 : 1 });
};

const spread = (e: Emit, node: Node, g: Value): Value => e.Expand(kept(e, node, g), e.Shape(arg(node, 0)));

const rest = (node: Node): null[] => node.inputs.slice(1).map(() => null);

export const ReduceSum: Op = {
  infer,
  vjp: (e, node, [dy]) => [spread(e, node, dy!), ...rest(node)],
  interval: moving(0),
  lines: affine,
  fold: foldReduce((xs) => xs.reduce((a, b) => a + b, 0)),
};

export const ReduceMean: Op = {
  infer,
  vjp: (e, node, [dy]) => [spread(e, node, e.Div(dy!, countOf(e, node))), ...rest(node)],
  interval: moving(0),
  lines: affine,
};

/** The extreme takes the gradient; where several share it, they share it evenly. */
const extreme = (pick: "Max" | "Min"): Op => ({
  infer,
  vjp: (e, node, [dy]) => {
    const x = arg(node, 0);
    const hit = mask(e, e.Equal(x, kept(e, node, node.outputs[0]!)), x);
    const ties = e.ReduceSum(hit, node.inputs[1] ?? null, { ...node.attrs, keepdims: 1 });
    return [e.Mul(hit, e.Div(kept(e, node, dy!), ties)), ...rest(node)];
  },
  interval: guarded(moving(0), (e, node, width) => e.ReduceSum(width, node.inputs[1] ?? null, node.attrs)),
  lines: composed,
  compose: pairwise(pick),
});

/** The extreme as a tree of pairwise extremes over the reduced axes. */
function pairwise(pick: "Max" | "Min"): (e: Emit, node: Node) => Value[] {
  return (e, node) => {
    let y = arg(node, 0);
    for (const axis of axesOf(node)) {
      while (y.type.shape[axis]! > 1) {
        const d = y.type.shape[axis]!;
        const half = Math.ceil(d / 2);
        const part = (from: number, to: number) => e.Slice(y, e.ints([from]), e.ints([to]), e.ints([axis]), e.ints([1]));
        // halves overlap by one where d is odd: an extreme does not mind
        y = e[pick](part(0, half), part(d - half, d));
      }
    }
    const axes = axesOf(node);
    return [int(node, "keepdims", 1) === 1 || axes.length === 0 ? y : e.Squeeze(y, e.ints(axes))];
  };
}

export const ReduceMax: Op = extreme("Max");
export const ReduceMin: Op = extreme("Min");

const throughSum = (f: (e: Emit, x: Value) => Value, after?: (e: Emit, s: Value) => Value) => (e: Emit, node: Node) => {
  const s = e.ReduceSum(f(e, arg(node, 0)), node.inputs[1] ?? null, node.attrs);
  return [after ? after(e, s) : s];
};

export const ReduceL1: Op = {
  infer,
  vjp: (e, node, [dy]) => [e.Mul(kept(e, node, dy!), e.Sign(arg(node, 0))), ...rest(node)],
  interval: composed,
  lines: composed,
  compose: throughSum((e, x) => e.Abs(x)),
};

const square = (e: Emit, x: Value): Value => e.Pow(x, e.scalar(2, x));

export const ReduceSumSquare: Op = {
  infer,
  vjp: (e, node, [dy]) => [e.Mul(kept(e, node, dy!), e.Mul(arg(node, 0), e.scalar(2, dy!))), ...rest(node)],
  interval: composed,
  lines: composed,
  compose: throughSum(square),
};

export const ReduceL2: Op = {
  infer,
  // x/‖x‖, and 0 at the origin
  vjp: (e, node, [dy]) => {
    const y = node.outputs[0]!;
    const safe = e.Max(y, e.scalar(1e-30, y));
    return [e.Mul(arg(node, 0), kept(e, node, e.Div(dy!, safe))), ...rest(node)];
  },
  interval: composed,
  lines: composed,
  compose: throughSum(square, (e, s) => e.Sqrt(s)),
};

export const ReduceLogSumExp: Op = {
  infer,
  vjp: (e, node, [dy]) => [e.Mul(kept(e, node, dy!), e.Exp(e.Sub(arg(node, 0), kept(e, node, node.outputs[0]!)))), ...rest(node)],
  interval: moving(0),
  lines: composed,
  compose: (e, node) => {
    const x = arg(node, 0);
    const keeping = { ...node.attrs, keepdims: 1 } as const;
    const top = e.ReduceMax(x, node.inputs[1] ?? null, keeping);
    const sum = e.ReduceSum(e.Exp(e.Sub(x, top)), node.inputs[1] ?? null, keeping);
    const y = e.Add(top, e.Log(sum));
    const axes = axesOf(node);
    return [int(node, "keepdims", 1) === 1 || axes.length === 0 ? y : e.Squeeze(y, e.ints(axes))];
  },
};

export const ReduceLogSum: Op = {
  infer,
  vjp: composed,
  interval: composed,
  lines: composed,
  compose: throughSum(
    (_, x) => x,
    (e, s) => e.Log(s),
  ),
};

export const ReduceProd: Op = {
  infer,
  vjp: none("products of many numbers have no stable gradient by division"),
  interval: none("not a product of two"),
  lines: none("not a product of two"),
  fold: foldReduce((xs) => xs.reduce((a, b) => a * b, 1)),
};

/** Fold where everything is reduced to one number: shape arithmetic. */
function foldReduce(f: (xs: number[]) => number): NonNullable<Op["fold"]> {
  return ([x], call) => {
    const [type] = infer(call);
    if (size(type!.shape) !== 1) return null;
    const y = f(Array.from(x!.data as ArrayLike<number | bigint>, Number));
    const data = x!.data.slice(0, 1);
    data[0] = (typeof data[0] === "bigint" ? BigInt(Math.trunc(y)) : y) as never;
    return [{ dtype: x!.dtype, shape: type!.shape, data }];
  };
}

const chosen: Pick<Op, "vjp" | "interval" | "lines"> = {
  vjp: zero,
  interval: none("an index has no useful enclosure"),
  lines: none("an index has no line"),
};

const indexType: Op["infer"] = (call) => {
  const { shape } = arg(call, 0).type;
  const axis = axisOf(int(call, "axis", 0), shape.length);
  const keep = int(call, "keepdims", 1) === 1;
  return [{ dtype: "int64", shape: shape.flatMap((d, i) => (i === axis ? (keep ? [1] : []) : [d])) }];
};

export const ArgMax: Op = { infer: indexType, ...chosen };
export const ArgMin: Op = { infer: indexType, ...chosen };
