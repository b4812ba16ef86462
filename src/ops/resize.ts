/** Resizing as one interpolation matrix an axis: in the plane, y = A_h · x · A_wᵀ. */
import { fail, sameShape, tensor } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import { moving, transposed } from "./algebra.ts";
import { affine, arg, type Call, constantInts, int, type Op, text } from "./op.ts";

/** onnxruntime finds positions in float32, and rounding decides which pixel is nearest. */
const f32 = Math.fround;

function sizes(call: Call): number[] {
  const { shape } = arg(call, 0).type;
  const wanted = constantInts(call, 3);
  const scales = constantInts(call, 2);
  if (wanted && wanted.length > 0) return wanted;
  if (scales && scales.length > 0) return shape.map((d, i) => Math.floor(f32(d * scales[i]!)));
  return fail({
    code: "operator-attribute",
    expected: "Resize with constant scales or sizes for every axis",
    got: "neither",
    mend: "export with a fixed output size",
  });
}

const scaleOf = (call: Call, axis: number, from: number, to: number): number => {
  const scales = constantInts(call, 2);
  return scales && scales.length > 0 ? scales[axis]! : f32(to / from);
};

/** Position in the input of output pixel `i`. ONNX Resize, coordinate_transformation_mode. */
function source(mode: string, i: number, from: number, to: number, scale: number): number {
  switch (mode) {
    case "asymmetric":
      return f32(i / scale);
    case "align_corners":
      return to === 1 ? 0 : f32((i * (from - 1)) / (to - 1));
    case "pytorch_half_pixel":
      return to > 1 ? f32(f32((i + 0.5) / scale) - 0.5) : 0;
    case "half_pixel":
      return f32(f32((i + 0.5) / scale) - 0.5);
    default:
      return fail({
        code: "operator-attribute",
        expected: "half_pixel, pytorch_half_pixel, align_corners or asymmetric coordinates",
        got: mode,
        mend: "export Resize with one of those",
      });
  }
}

const nearest = (mode: string, x: number): number =>
  mode === "floor"
    ? Math.floor(x)
    : mode === "ceil"
      ? Math.ceil(x)
      : mode === "round_prefer_ceil"
        ? Math.floor(x + 0.5)
        : Math.ceil(x - 0.5);

/** [to, from]: row i holds the weights of output i. */
function matrix(call: Call, axis: number, from: number, to: number): number[] {
  const mode = text(call, "mode", "nearest");
  const coordinates = text(call, "coordinate_transformation_mode", "half_pixel");
  if ((mode !== "nearest" && mode !== "linear") || int(call, "antialias", 0) === 1)
    fail({
      code: "operator-attribute",
      expected: "Resize in mode nearest or linear, without antialias",
      got: mode,
      mend: "export with another interpolation",
    });
  const a = new Array<number>(to * from).fill(0);
  const clamp = (k: number) => Math.min(Math.max(k, 0), from - 1);
  for (let i = 0; i < to; i++) {
    const x = source(coordinates, i, from, to, scaleOf(call, axis, from, to));
    if (mode === "nearest") a[i * from + clamp(nearest(text(call, "nearest_mode", "round_prefer_floor"), x))] = 1;
    else {
      const low = Math.floor(x);
      a[i * from + clamp(low)]! += 1 - (x - low);
      a[i * from + clamp(low + 1)]! += x - low;
    }
  }
  return a;
}

/** Apply (or, with `back`, transpose-apply) the matrix of every axis that changes. */
function interpolate(e: Emit, call: Call, v: Value, back: boolean): Value {
  const from = arg(call, 0).type.shape;
  const to = sizes(call);
  const rank = from.length;
  // onnxruntime copies where no size changes
  if (sameShape(from, to)) return v;
  let y = v;
  from.forEach((d, axis) => {
    // a scale may move pixels though it rounds to the same size
    if (d === to[axis] && scaleOf(call, axis, d, d) === 1) return;
    const m = e.constant(tensor(matrix(call, axis, d, to[axis]!), [to[axis]!, d], v.type.dtype as "float32"));
    const a = back ? transposed(e, m) : m;
    if (axis === rank - 2) {
      y = e.MatMul(a, y);
      return;
    }
    // any other axis: as the last one
    const perm = from.map((_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
    const turned = axis === rank - 1 ? y : e.Transpose(y, { perm });
    const done = e.MatMul(turned, transposed(e, a));
    y = axis === rank - 1 ? done : e.Transpose(done, { perm });
  });
  return y;
}

export const Resize: Op = {
  infer: (call) => [{ dtype: arg(call, 0).type.dtype, shape: sizes(call) }],
  vjp: (e, node, [dy]) => [interpolate(e, node, dy!, true), ...node.inputs.slice(1).map(() => null)],
  // weights are never negative
  interval: moving(0),
  lines: affine,
  noFloat64: true,
  compose: (e, node) => [interpolate(e, node, arg(node, 0), false)],
};
