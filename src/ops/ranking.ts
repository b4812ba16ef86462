/** The largest elements and where they are; indices as unit vectors. */
import { axisOf, onnxType, tensor } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import { isConstantBox, same, zero, zerosLike } from "./algebra.ts";
import { arg, type Call, composed, constantInts, int, none, type Op } from "./op.ts";

const axis = (call: Call, otherwise = -1): number => axisOf(int(call, "axis", otherwise), arg(call, 0).type.shape.length);

/** 0, 1, …, n − 1 along `axis` of `rank`. */
const numbered = (e: Emit, n: number, at: number, rank: number): Value =>
  e.constant(
    tensor(
      Array.from({ length: n }, (_, i) => i),
      Array.from({ length: rank }, (_, i) => (i === at ? n : 1)),
      "int64",
    ),
  );

export const TopK: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    const found = shape.map((d, i) => (i === axis(call) ? constantInts(call, 1)![0]! : d));
    return [
      { dtype, shape: found },
      { dtype: "int64", shape: found },
    ];
  },
  // to the elements that were taken
  vjp: (e, node, [dy]) => [
    dy ? e.ScatterElements(zerosLike(e, arg(node, 0)), node.outputs[1]!, dy, { axis: axis(node), reduction: "add" }) : null,
    null,
  ],
  // the k-th largest rises with every element; where it lies is anywhere
  interval: (e, node, [x, k]) => {
    const [lo, hi] = [x!.lo, x!.hi].map((v) => e.node("TopK", [v, k!.lo], { ...node.attrs, sorted: 1 }));
    if (isConstantBox(x)) return node.outputs.map((_, i) => ({ lo: lo![i]!, hi: lo![i]! }));
    const width = e.ReduceSum(e.Sub(x!.hi, x!.lo), e.ints([axis(node)]), { keepdims: 1 });
    const poison = e.Mul(width, e.scalar(0, width));
    const at = lo![1]!;
    const [least, most] = [0, x!.lo.type.shape[axis(node)]! - 1].map((i) => e.Add(e.Sub(at, at), e.scalar(i, "int64")));
    return [
      { lo: e.Add(lo![0]!, poison), hi: e.Add(hi![0]!, poison) },
      { lo: least!, hi: most! },
    ];
  },
  lines: none("which element comes first changes inside the box"),
};

/** 1 at the first largest element along `axis`, else 0. */
export const Hardmax: Op = {
  infer: same,
  vjp: zero,
  interval: none("which element is largest changes inside the box"),
  lines: none("which element is largest changes inside the box"),
  noFloat64: true,
  compose: (e, node) => {
    const x = arg(node, 0);
    const rank = x.type.shape.length;
    const [first] = e.node("ArgMax", [x], { axis: axis(node), keepdims: 1 });
    return [e.Cast(e.Equal(first!, numbered(e, x.type.shape[axis(node)]!, axis(node), rank)), { to: onnxType[x.type.dtype] })];
  },
};

/** `values` = [off, on] along a new axis: on at the index, off elsewhere. */
export const OneHot: Op = {
  infer: (call) => {
    const { shape } = arg(call, 0).type;
    const at = axisOf(int(call, "axis", -1), shape.length + 1);
    const depth = constantInts(call, 1)![0]!;
    return [{ dtype: arg(call, 2).type.dtype, shape: [...shape.slice(0, at), depth, ...shape.slice(at)] }];
  },
  vjp: composed,
  interval: composed,
  lines: none("its two values do not depend on the batch"),
  noFloat64: true,
  compose: (e, node) => {
    const [indices, , values] = node.inputs as [Value, Value, Value];
    const rank = indices.type.shape.length + 1;
    const at = axisOf(int(node, "axis", -1), rank);
    const depth = constantInts(node, 1)![0]!;
    const whole = indices.type.dtype === "int64" ? indices : e.Cast(indices, { to: onnxType.int64 });
    const from0 = e.Where(e.Less(whole, e.scalar(0, whole)), e.Add(whole, e.scalar(depth, whole)), whole);
    const on = e.Equal(e.Unsqueeze(from0, e.ints([at])), numbered(e, depth, at, rank));
    const value = (k: number) => e.Gather(values, e.scalar(k, "int64"), { axis: 0 });
    return [e.Where(on, value(1), value(0))];
  },
};
