/** Channels to pixels and back. */
import type { Emit, Node, Value } from "../graph/index.ts";
import { increasing } from "./algebra.ts";
import { affine, arg, int, type Op, text } from "./op.ts";

/** Depth-to-space and back, as reshape and transpose. */
function blocks(e: Emit, x: Value, node: Node): Value {
  const b = int(node, "blocksize", 2);
  const [, c, h, w] = x.type.shape as [number, number, number, number];
  const crd = text(node, "mode", "DCR") === "CRD";
  const split = e.Reshape(x, e.ints(crd ? [0, c / (b * b), b, b, h, w] : [0, b, b, c / (b * b), h, w]));
  return e.Reshape(e.Transpose(split, { perm: crd ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2] }), e.ints([0, c / (b * b), h * b, w * b]));
}

function unblocks(e: Emit, y: Value, node: Node): Value {
  const b = int(node, "blocksize", 2);
  const [, c, h, w] = y.type.shape as [number, number, number, number];
  const crd = text(node, "mode", "DCR") === "CRD";
  const split = e.Reshape(y, e.ints([0, c, h / b, b, w / b, b]));
  return e.Reshape(e.Transpose(split, { perm: crd ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4] }), e.ints([0, c * b * b, h / b, w / b]));
}

export const DepthToSpace: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    const b = int(call, "blocksize", 2);
    return [{ dtype, shape: [shape[0]!, shape[1]! / (b * b), shape[2]! * b, shape[3]! * b] }];
  },
  vjp: (e, node, [dy]) => [unblocks(e, dy!, node)],
  interval: increasing,
  lines: affine,
  noFloat64: true,
  compose: (e, node) => [blocks(e, arg(node, 0), node)],
};

export const SpaceToDepth: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    const b = int(call, "blocksize", 2);
    return [{ dtype, shape: [shape[0]!, shape[1]! * b * b, shape[2]! / b, shape[3]! / b] }];
  },
  vjp: (e, node, [dy]) => [blocks(e, dy!, node)],
  interval: increasing,
  lines: affine,
  noFloat64: true,
  compose: (e, node) => [unblocks(e, arg(node, 0), node)],
};
