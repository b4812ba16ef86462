/** Pixels read at places that a grid says. Jaderberg et al. 2015, arXiv:1506.02025. */
import { fail, onnxType } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { arg, type Call, composed, int, none, type Op, text } from "./op.ts";

function check(call: Call): void {
  const [mode, padding] = [text(call, "mode", "linear"), text(call, "padding_mode", "zeros")];
  if (arg(call, 0).type.shape.length !== 4 || (mode !== "linear" && mode !== "nearest") || (padding !== "zeros" && padding !== "border"))
    fail({
      code: "operator-attribute",
      expected: "GridSample of [N, C, H, W], linear or nearest, padded by zeros or the border",
      got: `rank ${arg(call, 0).type.shape.length}, ${mode}, ${padding}`,
      mend: "export the model with one of those modes",
    });
}

/** The whole-numbered places around the grid's, and their weights. */
function sampled(e: Emit, node: Node): Value {
  const [x, given] = node.inputs as [Value, Value];
  const grid = given.type.dtype === x.type.dtype ? given : e.Cast(given, { to: onnxType[x.type.dtype] });
  const [, channels, height, width] = x.type.shape as [number, number, number, number];
  const [, rows, columns] = grid.type.shape as [number, number, number, number];
  const number = (v: number) => e.scalar(v, grid);
  const clamp = (v: Value, n: number) => e.Min(e.Max(v, number(0)), number(n - 1));
  const border = text(node, "padding_mode", "zeros") === "border";
  /** From [−1, 1] to pixels: the ends are the corners' centres, or their outer edges. */
  const place = (k: number, n: number): Value => {
    const g = e.Squeeze(e.Slice(grid, e.ints([k]), e.ints([k + 1]), e.ints([3]), e.ints([1])), e.ints([3]));
    const aligned = int(node, "align_corners", 0) === 1;
    const from0 = e.Mul(e.Add(g, number(1)), number((aligned ? n - 1 : n) / 2));
    const v = aligned ? from0 : e.Sub(from0, number(0.5));
    return border ? clamp(v, n) : v;
  };
  const [u, v] = [place(0, width), place(1, height)];
  const flat = e.Reshape(x, e.ints([0, 0, height * width]));
  const spread = e.Concat(e.Slice(e.Shape(x), e.ints([0]), e.ints([2]), e.ints([0]), e.ints([1])), e.ints([rows * columns]), { axis: 0 });
  const at = (column: Value, row: Value): Value => {
    const [c, r] = [clamp(column, width), clamp(row, height)];
    const index = e.Cast(e.Add(e.Mul(r, number(width)), c), { to: onnxType.int64 });
    const found = e.GatherElements(flat, e.Expand(e.Reshape(index, e.ints([0, 1, rows * columns])), spread), { axis: 2 });
    const pixels = e.Reshape(found, e.ints([0, channels, rows, columns]));
    const inside = e.Cast(e.And(e.Equal(c, column), e.Equal(r, row)), { to: onnxType[x.type.dtype] });
    return e.Mul(pixels, e.Unsqueeze(inside, e.ints([1])));
  };
  if (text(node, "mode", "linear") === "nearest") return at(e.node("Round", [u])[0]!, e.node("Round", [v])[0]!);
  const [left, top] = [e.Floor(u), e.Floor(v)];
  const one = number(1);
  const [right, bottom] = [e.Add(left, one), e.Add(top, one)];
  const [a, b] = [e.Sub(u, left), e.Sub(v, top)];
  const part = (c: Value, r: Value, p: Value, q: Value) => e.Mul(at(c, r), e.Unsqueeze(e.Mul(p, q), e.ints([1])));
  return [
    part(left, top, e.Sub(one, a), e.Sub(one, b)),
    part(right, top, a, e.Sub(one, b)),
    part(left, bottom, e.Sub(one, a), b),
    part(right, bottom, a, b),
  ].reduce((p, q) => e.Add(p, q));
}

export const GridSample: Op = {
  infer: (call) => {
    check(call);
    const { dtype, shape } = arg(call, 0).type;
    return [{ dtype, shape: [shape[0]!, shape[1]!, ...arg(call, 1).type.shape.slice(1, 3)] }];
  },
  vjp: composed,
  interval: none("which pixels it reads depends on its grid"),
  lines: none("which pixels it reads depends on its grid"),
  noFloat64: true,
  compose: (e, node) => [sampled(e, node)],
};
