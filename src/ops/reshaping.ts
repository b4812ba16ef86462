/** The same numbers in the same order, in another shape. */
import { arrays, axisOf, type Shape as Dims, fail, size, type Tensor, tensor } from "../base/index.ts";
import { moving, same, unbroadcast } from "./algebra.ts";
import { affine, arg, type Call, constantInts, int, none, type Op, type Vjp, zero } from "./op.ts";

/** Pull back by giving the cotangent the input's own shape, read at run time so that the batch stays free. */
const restore: Vjp = (e, node, [dy]) => node.inputs.map((x, i) => (i === 0 ? e.Reshape(dy!, e.Shape(x!)) : null));

const relabel =
  (shape: (call: Call) => Dims): NonNullable<Op["fold"]> =>
  ([x], call) => [{ ...x!, shape: shape(call) }];

/** A view: one input that moves, shape from `shape`. */
const view = (shape: (call: Call) => number[]): Op => ({
  infer: (call) => [{ dtype: arg(call, 0).type.dtype, shape: shape(call) }],
  vjp: restore,
  interval: moving(0),
  lines: affine,
  fold: relabel(shape),
});

function reshaped(call: Call): number[] {
  const from = arg(call, 0).type.shape;
  const wanted = constantInts(call, 1)!;
  const keepZero = int(call, "allowzero", 0) === 1;
  const shape = wanted.map((d, i) => (d === 0 && !keepZero ? from[i]! : d));
  const free = shape.indexOf(-1);
  if (free >= 0) shape[free] = size(from) / -size(shape);
  if (size(shape) !== size(from))
    fail({
      code: "shape-reshape",
      expected: `a shape that holds ${size(from)} values`,
      got: `[${wanted}] for an input of [${from}]`,
      mend: "check the input size; a model exported with a fixed batch takes only that batch",
    });
  return shape;
}

const shapeSlice = (call: Call): number[] => {
  const dims = arg(call, 0).type.shape;
  const end = call.attrs.end as number | undefined;
  return dims.slice(int(call, "start", 0), end);
};

export const Reshape: Op = view(reshaped);

export const Flatten: Op = view((call) => {
  const shape = arg(call, 0).type.shape;
  const raw = int(call, "axis", 1);
  const axis = raw < 0 ? raw + shape.length : raw;
  return [size(shape.slice(0, axis)), size(shape.slice(axis))];
});

export const Squeeze: Op = view((call) => {
  const { shape } = arg(call, 0).type;
  const axes = constantInts(call, 1)?.map((a) => axisOf(a, shape.length));
  return shape.filter((d, i) => (axes ? !axes.includes(i) : d !== 1));
});

export const Unsqueeze: Op = view((call) => {
  const { shape } = arg(call, 0).type;
  const given = constantInts(call, 1)!;
  const rank = shape.length + given.length;
  const axes = given.map((a) => axisOf(a, rank));
  const rest = [...shape];
  return Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!));
});

export const Identity: Op = {
  infer: same,
  vjp: (_, __, [dy]) => [dy!],
  interval: (_, __, [x]) => [x!],
  lines: affine,
  fold: ([x]) => [x!],
};

/** Broadcast to a shape. */
export const Expand: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    const to = constantInts(call, 1)!;
    const rank = Math.max(shape.length, to.length);
    const at = (s: Dims, i: number) => s[i - rank + s.length] ?? 1;
    return [{ dtype, shape: Array.from({ length: rank }, (_, i) => (at(shape, i) === 1 ? at(to, i) : at(shape, i))) }];
  },
  vjp: (e, { inputs: [x] }, [dy]) => [unbroadcast(e, dy!, x!), null],
  interval: moving(0),
  lines: affine,
  fold: ([x], call) => {
    const [type] = Expand.infer(call);
    return size(type!.shape) <= 4096 && size(x!.shape) === 1 ? [filled(x!, type!.shape)] : null;
  },
};

/** A one-element tensor repeated over a shape. */
export function filled(x: Tensor, shape: Dims): Tensor {
  const data = new arrays[x.dtype](size(shape));
  (data as Float32Array).fill(x.data[0] as number);
  return { dtype: x.dtype, shape, data };
}

/** How many elements a value has: as its shape, a node whose value is known. */
export const Size: Op = {
  infer: () => [{ dtype: "int64", shape: [] }],
  vjp: zero,
  interval: (e, _, [x]) => {
    const [s] = e.node("Size", [x!.lo]);
    return [{ lo: s!, hi: s! }];
  },
  lines: none("a shape does not depend on the data"),
  still: true,
  known: (call) => [tensor([size(arg(call, 0).type.shape)], [], "int64")],
};

/** The shape of a value: a node, so that a file's batch stays free, whose value is known at this one. */
export const Shape: Op = {
  infer: (call) => [{ dtype: "int64", shape: [shapeSlice(call).length] }],
  vjp: zero,
  interval: (e, node, [x]) => {
    const s = e.node("Shape", [x!.lo], node.attrs)[0]!;
    return [{ lo: s, hi: s }];
  },
  lines: none("a shape does not depend on the data"),
  still: true,
  known: (call) => [tensor(shapeSlice(call), [shapeSlice(call).length], "int64")],
};
