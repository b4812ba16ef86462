/** Elements chosen or placed by index. */
import { axisOf, fail, size, strides } from "../base/index.ts";
import type { Value } from "../graph/index.ts";
import { moving, zerosLike } from "./algebra.ts";
import { moveElements } from "./movement.ts";
import { affine, arg, int, type Op, text } from "./op.ts";

/** Rows chosen by index along one axis. */
export const Gather: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    const axis = axisOf(int(call, "axis", 0), shape.length);
    return [{ dtype, shape: [...shape.slice(0, axis), ...arg(call, 1).type.shape, ...shape.slice(axis + 1)] }];
  },
  // scatter-add along the axis, indices spread over the other axes
  vjp: (e, node, [dy]) => {
    const [x, indices] = node.inputs as [Value, Value];
    const axis = axisOf(int(node, "axis", 0), x.type.shape.length);
    const outer = x.type.shape.slice(0, axis);
    const inner = x.type.shape.slice(axis + 1);
    const count = size(indices.type.shape);
    const flat = e.Reshape(dy!, e.ints([...outer.map((d, i) => (i === 0 ? 0 : d)), count, ...inner]));
    const line = e.Reshape(indices, e.ints([...outer.map(() => 1), count, ...inner.map(() => 1)]));
    return [e.ScatterElements(zerosLike(e, x), e.Expand(line, e.Shape(flat)), flat, { axis, reduction: "add" }), null];
  },
  interval: moving(0),
  lines: affine,
  fold: ([x, indices], call) => {
    const [type] = Gather.infer(call);
    const axis = axisOf(int(call, "axis", 0), x!.shape.length);
    const rank = indices!.shape.length;
    const [s, t] = [strides(x!.shape), strides(indices!.shape)];
    return [
      moveElements(x!, type!.shape, (at) => {
        const i = Number(indices!.data[at.slice(axis, axis + rank).reduce((n, c, j) => n + c * t[j]!, 0)]);
        const row = i < 0 ? i + x!.shape[axis]! : i;
        return [...at.slice(0, axis), row, ...at.slice(axis + rank)].reduce((n, c, j) => n + c * s[j]!, 0);
      }),
    ];
  },
};

export const GatherElements: Op = {
  infer: (call) => [{ dtype: arg(call, 0).type.dtype, shape: arg(call, 1).type.shape }],
  vjp: (e, node, [dy]) => {
    const [x, indices] = node.inputs as [Value, Value];
    return [e.ScatterElements(zerosLike(e, x), indices, dy!, { axis: int(node, "axis", 0), reduction: "add" }), null];
  },
  interval: moving(0),
  lines: affine,
};

/** Data with updates placed (`none`, indices distinct) or added (`add`) by index along one axis. */
export const ScatterElements: Op = {
  infer: (call) => {
    const reduction = text(call, "reduction", "none");
    if (reduction !== "none" && reduction !== "add")
      fail({
        code: "operator-attribute",
        expected: "ScatterElements that places or adds",
        got: `reduction “${reduction}”`,
        mend: "cut the model before this node, or replace it at export",
      });
    return [arg(call, 0).type];
  },
  vjp: (e, node, [dy]) => {
    const [, indices] = node.inputs as [Value, Value];
    const axis = int(node, "axis", 0);
    const updates = e.GatherElements(dy!, indices, { axis });
    if (text(node, "reduction", "none") === "add") return [dy!, null, updates];
    return [e.ScatterElements(dy!, indices, zerosLike(e, updates), { axis, reduction: "none" }), null, updates];
  },
  interval: moving(0, 2),
  lines: affine,
};
