/** Elements chosen or placed by whole coordinates. */
import { fail, size } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { moving, zerosLike } from "./algebra.ts";
import { affine, arg, type Call, int, none, type Op, text } from "./op.ts";

const batchDims = (call: Call): number => int(call, "batch_dims", 0);

/** Indices that say the coordinates of the leading `batch_dims` axes too. */
function complete(e: Emit, node: Node): Value {
  const [x, indices] = node.inputs as [Value, Value];
  const leading = Array.from({ length: batchDims(node) }, (_, axis) => {
    const size = e.Squeeze(e.Slice(e.Shape(x), e.ints([axis]), e.ints([axis + 1]), e.ints([0]), e.ints([1])), e.ints([0]));
    const [count] = e.node("Range", [e.scalar(0, "int64"), size, e.scalar(1, "int64")]);
    const spread = indices.type.shape.flatMap((_d, i) => (i === axis ? [] : [i]));
    const one = e.Slice(indices, e.ints([0]), e.ints([1]), e.ints([-1]), e.ints([1]));
    return e.Expand(e.Unsqueeze(count!, e.ints(spread)), e.Shape(one));
  });
  return leading.length === 0 ? indices : e.Concat(...(leading as [Value]), indices, { axis: -1 });
}

export const GatherND: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    const indices = arg(call, 1).type.shape;
    return [{ dtype, shape: [...indices.slice(0, -1), ...shape.slice(batchDims(call) + indices.at(-1)!)] }];
  },
  vjp: (e, node, [dy]) => [e.node("ScatterND", [zerosLike(e, arg(node, 0)), complete(e, node), dy!], { reduction: "add" })[0]!, null],
  interval: moving(0),
  lines: affine,
};

/** Data with updates placed (`none`, indices distinct) or added (`add`). */
export const ScatterND: Op = {
  infer: (call) => {
    const reduction = text(call, "reduction", "none");
    if (reduction !== "none" && reduction !== "add")
      fail({
        code: "operator-attribute",
        expected: "ScatterND that places or adds",
        got: `reduction “${reduction}”`,
        mend: "cut the model before this node, or replace it at export",
      });
    return [arg(call, 0).type];
  },
  vjp: (e, node, [dy]) => {
    const [, indices, given] = node.inputs as [Value, Value, Value];
    const [updates] = e.node("GatherND", [dy!, indices]);
    if (text(node, "reduction", "none") === "add" || size(given.type.shape) === 0) return [dy!, null, updates!];
    return [e.node("ScatterND", [dy!, indices, zerosLike(e, updates!)])[0]!, null, updates!];
  },
  interval: moving(0, 2),
  lines: none("its coordinates begin with axis 0, where linear bounds keep their rows"),
};
