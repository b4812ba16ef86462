/** Padding, and its transpose. */
import { axisOf, fail, isBig, strides } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { moving, padAxes } from "./algebra.ts";
import { moveElements, reversed } from "./movement.ts";
import { affine, arg, type Call, constantInts, type Op, text } from "./op.ts";

/** Amounts before and after, on every axis. */
function padsOf(call: Call): { before: number[]; after: number[] } {
  const rank = arg(call, 0).type.shape.length;
  const pads = constantInts(call, 1)!;
  const axes = constantInts(call, 3)?.map((a) => axisOf(a, rank)) ?? Array.from({ length: rank }, (_, i) => i);
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  axes.forEach((axis, i) => {
    before[axis] = pads[i]!;
    after[axis] = pads[i + axes.length]!;
  });
  return { before, after };
}

export const Pad: Op = {
  infer: (call) => {
    const { before, after } = padsOf(call);
    const { dtype, shape } = arg(call, 0).type;
    return [{ dtype, shape: shape.map((d, i) => d + before[i]! + after[i]!) }];
  },
  vjp: (e, node, [dy]) => {
    const { before, after } = padsOf(node);
    const mode = text(node, "mode", "constant");
    let g = dy!;
    for (const [axis, d] of arg(node, 0).type.shape.entries()) {
      const [p, q] = [before[axis]!, after[axis]!];
      if (p === 0 && q === 0) continue;
      g = fromWithin(e, mode === "constant" ? middle(e, g, axis, p, q) : foldBack(e, node, g, axis, d, p, q, mode), axis, d, p, q);
    }
    // the fill value's gradient: everything that did not go to x
    const fill = node.inputs[2] ? e.Sub(e.ReduceSum(dy!, null, { keepdims: 0 }), e.ReduceSum(g, null, { keepdims: 0 })) : null;
    return [g, null, fill, null];
  },
  interval: moving(0, 2),
  lines: affine,
  // as `padAxes` says
  respell: (e, node) => {
    if (!node.inputs[3]) return null;
    const { before, after } = padsOf(node);
    return e.node("Pad", [node.inputs[0]!, e.ints([...before, ...after]), node.inputs[2] ?? null], node.attrs, node.name);
  },
  fold: ([x, , value], call) => {
    if (text(call, "mode", "constant") !== "constant") return null;
    const { before } = padsOf(call);
    const [type] = Pad.infer(call);
    const s = strides(x!.shape);
    const from = (at: number[]) => {
      const k = at.map((c, i) => c - before[i]!);
      return k.every((c, i) => c >= 0 && c < x!.shape[i]!) ? k.reduce((n, c, i) => n + c * s[i]!, 0) : -1;
    };
    return [moveElements(x!, type!.shape, from, value?.data[0] ?? (isBig(x!.dtype) ? 0n : 0))];
  },
};

const along = (e: Emit, g: Value, axis: number, from: number, to: number): Value =>
  e.Slice(g, e.ints([from]), e.ints([to]), e.ints([axis]), e.ints([1]));

/** What of the cotangent lies on x itself, or on what a negative pad left of it. */
const middle = (e: Emit, g: Value, axis: number, p: number, q: number): Value => {
  const n = g.type.shape[axis]!;
  return p > 0 || q > 0 ? along(e, g, axis, Math.max(p, 0), n - Math.max(q, 0)) : g;
};

/** Undo a negative pad: zeros where x was cut off. */
const fromWithin = (e: Emit, g: Value, axis: number, d: number, p: number, q: number): Value =>
  g.type.shape[axis] === d ? g : padAxes(e, g, [axis], [Math.max(-p, 0)], [Math.max(-q, 0)]);

/** The transpose of reflecting, repeating an edge, or going round: what lies outside is added back onto what it copied. */
function foldBack(e: Emit, node: Node, dy: Value, axis: number, size: number, before: number, after: number, mode: string): Value {
  const [p, q] = [Math.max(before, 0), Math.max(after, 0)];
  // negative pads cut first, and what is left is copied from
  const d = size + Math.min(before, 0) + Math.min(after, 0);
  const inside = (from: number, to: number) => along(e, dy, axis, from, to);
  let g = middle(e, dy, axis, p, q);
  const add = (part: Value, at: number, n: number) => {
    g = e.Add(g, n === d ? part : padAxes(e, part, [axis], [at], [d - at - n]));
  };
  const known = mode === "edge" || (mode === "reflect" && Math.max(p, q) < d) || (mode === "wrap" && Math.max(p, q) <= d);
  if (!known)
    fail({
      code: "operator-no-gradient",
      expected: "Pad in mode constant, edge, reflect or wrap, by no more than the input holds",
      got: `${mode} of ${d} by ${p} and ${q}`,
      mend: `replace the mode of ${node.name ?? "the node"} before exporting`,
    });
  if (mode === "edge") {
    const total = (v: Value) => e.ReduceSum(v, e.ints([axis]), { keepdims: 1 });
    if (p > 0) add(total(inside(0, p)), 0, 1);
    if (q > 0) add(total(inside(p + d, p + d + q)), d - 1, 1);
  } else if (mode === "reflect") {
    if (p > 0) add(reversed(e, inside(0, p), axis), 1, p);
    if (q > 0) add(reversed(e, inside(p + d, p + d + q), axis), d - 1 - q, q);
  } else {
    if (p > 0) add(inside(0, p), d - p, p);
    if (q > 0) add(inside(p + d, p + d + q), 0, q);
  }
  return g;
}
