/** Padding, and its transpose. */
import { axisOf, fail, strides } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { moveElements, moving, reversed } from "./movement.ts";
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
      const inside = (from: number, to: number) => e.Slice(g, e.ints([from]), e.ints([to]), e.ints([axis]), e.ints([1]));
      if (mode === "constant" || p < 0 || q < 0) g = padAxis(e, inside(Math.max(p, 0), p + d), axis, Math.max(-p, 0), Math.max(-q, 0), d);
      else g = foldBack(e, node, inside, axis, d, p, q, mode);
    }
    // the fill value's gradient: everything that did not go to x
    const fill = node.inputs[2] ? e.Sub(e.ReduceSum(dy!, null, { keepdims: 0 }), e.ReduceSum(g, null, { keepdims: 0 })) : null;
    return [g, null, fill, null];
  },
  interval: moving(1),
  lines: affine,
  fold: ([x], call) => {
    if (text(call, "mode", "constant") !== "constant") return null;
    const { before } = padsOf(call);
    const [type] = Pad.infer(call);
    const s = strides(x!.shape);
    const fill = Number(call.inputs[2]?.data?.data[0] ?? 0);
    const out = moveElements(x!, type!.shape, (at) => {
      let k = 0;
      for (const [i, c] of at.entries()) {
        const j = c - before[i]!;
        if (j < 0 || j >= x!.shape[i]!) return -1;
        k += j * s[i]!;
      }
      return k;
    });
    // moveElements reads undefined outside: typed arrays store it as 0 or NaN, so fill again
    let i = 0;
    const at = type!.shape.map(() => 0);
    for (; i < out.data.length; i++) {
      if (at.some((c, a) => c < before[a]! || c >= before[a]! + x!.shape[a]!))
        out.data[i] = (typeof out.data[i] === "bigint" ? BigInt(fill) : fill) as never;
      for (let a = at.length - 1; a >= 0; a--) {
        if (++at[a]! < type!.shape[a]!) break;
        at[a] = 0;
      }
    }
    return [out];
  },
};

/** Undo a negative pad: zeros where x was cut off. */
const padAxis = (e: Emit, g: Value, axis: number, before: number, after: number, d: number): Value =>
  before + after === 0 && g.type.shape[axis] === d ? g : e.Pad(g, e.ints([before, after]), null, e.ints([axis]));

/** The transpose of reflecting or repeating an edge: what lies outside is added back onto what it copied. */
function foldBack(
  e: Emit,
  node: Node,
  inside: (from: number, to: number) => Value,
  axis: number,
  d: number,
  p: number,
  q: number,
  mode: string,
): Value {
  let g = inside(p, p + d);
  const add = (part: Value, at: number, n: number) => {
    g = e.Add(g, n === d ? part : e.Pad(part, e.ints([at, d - at - n]), null, e.ints([axis])));
  };
  if (mode === "edge") {
    const total = (v: Value) => e.ReduceSum(v, e.ints([axis]), { keepdims: 1 });
    if (p > 0) add(total(inside(0, p)), 0, 1);
    if (q > 0) add(total(inside(p + d, p + d + q)), d - 1, 1);
  } else if (mode === "reflect") {
    if (p > 0) add(reversed(e, inside(0, p), axis), 1, p);
    if (q > 0) add(reversed(e, inside(p + d, p + d + q), axis), d - 1 - q, q);
  } else
    fail({
      code: "operator-no-gradient",
      expected: "Pad in mode constant, edge or reflect",
      got: mode,
      mend: `replace the mode of ${node.name ?? "the node"} before exporting`,
    });
  return g;
}
