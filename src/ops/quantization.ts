/** Floats as small whole numbers, and back. Jacob et al. 2018, arXiv:1712.05877. */
import { axisOf, type DType, dtypeOf, fail, onnxType } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { cotangentOf, moving, unbroadcast, zero } from "./algebra.ts";
import { arg, type Call, composed, int, none, type Op } from "./op.ts";

const RANGE: { readonly [D in DType]?: readonly [number, number] } = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};

/** A scale or zero point, one for all or one a channel of `axis`, ready to broadcast against `x`. */
function spread(e: Emit, call: Call, v: Value): Value {
  if (v.type.shape.length === 0) return v;
  const rank = arg(call, 0).type.shape.length;
  if (v.type.shape.length !== 1 || int(call, "block_size", 0) !== 0)
    fail({
      code: "operator-attribute",
      expected: "one scale for all, or one a channel",
      got: `scales of [${v.type.shape}] in ${call.op}`,
      mend: "quantise the model by channels or as a whole",
    });
  if (v.type.shape[0] === 1) return e.Squeeze(v, e.ints([0]));
  const after = rank - 1 - axisOf(int(call, "axis", 1), rank);
  return after === 0 ? v : e.Unsqueeze(v, e.ints(Array.from({ length: after }, (_, i) => i + 1)));
}

const asFloat = (e: Emit, v: Value, like: Value): Value =>
  v.type.dtype === like.type.dtype ? v : e.Cast(v, { to: onnxType[like.type.dtype] });

const quantizedType = (call: Call): DType => {
  const zeroPoint = call.inputs[2];
  const dtype = zeroPoint ? zeroPoint.type.dtype : dtypeOf(int(call, "output_dtype", 0) || onnxType.uint8);
  if (dtype && RANGE[dtype]) return dtype;
  return fail({
    code: "dtype-unsupported",
    expected: `quantised numbers of ${Object.keys(RANGE).join(", ")}`,
    got: dtype ?? `ONNX type ${call.attrs.output_dtype}`,
    mend: "quantise the model to 8 or 16 bits",
  });
};

/** clamp(round(x/scale) + zero point) */
function quantized(e: Emit, node: Node): Value {
  const [x, scale, zeroPoint] = node.inputs;
  const dtype = quantizedType(node);
  const [least, most] = RANGE[dtype]!;
  const rounded = e.node("Round", [e.Div(x!, spread(e, node, scale!))])[0]!;
  const y = zeroPoint ? e.Add(rounded, asFloat(e, spread(e, node, zeroPoint), x!)) : rounded;
  return e.Cast(e.Min(e.Max(y, e.scalar(least, y)), e.scalar(most, y)), { to: onnxType[dtype] });
}

export const QuantizeLinear: Op = {
  quantises: true,
  infer: (call) => [{ dtype: quantizedType(call), shape: arg(call, 0).type.shape }],
  vjp: zero,
  // of the composition: rounding as the identity, the clamp exactly
  surrogate: composed,
  // a whole number cannot be NaN: what is not known is everything
  interval: (e, node, [x, ...rest]) => {
    const known = (v: Value, end: number) => e.Where(e.Equal(v, v), v, e.scalar(end, v));
    return moving(0)(e, node, [{ lo: known(x!.lo, -1e30), hi: known(x!.hi, 1e30) }, ...rest]);
  },
  lines: none("a step has no useful line"),
  noFloat64: true,
  compose: (e, node) => [quantized(e, node)],
};

/** (x − zero point)·scale */
function dequantized(e: Emit, node: Node): Value {
  const [x, scale, zeroPoint] = node.inputs;
  const factor = spread(e, node, scale!);
  const whole = asFloat(e, x!, factor);
  return e.Mul(zeroPoint ? e.Sub(whole, asFloat(e, spread(e, node, zeroPoint), factor)) : whole, factor);
}

export const DequantizeLinear: Op = {
  quantises: true,
  infer: (call) => [{ dtype: arg(call, 1).type.dtype, shape: arg(call, 0).type.shape }],
  // the whole numbers are taken as the floats they are
  vjp: (e, node, [dy]) => {
    const [x, scale, zeroPoint] = node.inputs;
    const factor = spread(e, node, scale!);
    const whole = asFloat(e, x!, factor);
    const centred = zeroPoint ? e.Sub(whole, asFloat(e, spread(e, node, zeroPoint), factor)) : whole;
    const dScale = unbroadcast(e, e.Mul(dy!, centred), factor);
    return [cotangentOf(e, e.Mul(dy!, factor), x!), e.Reshape(dScale, e.ints(scale!.type.shape)), null];
  },
  interval: composed,
  lines: none("what it scales is whole numbers, whose bounds are steps"),
  noFloat64: true,
  compose: (e, node) => [dequantized(e, node)],
};

/** To uint8, with scale and zero point from the least and the largest number (0 among them). */
export const DynamicQuantizeLinear: Op = {
  quantises: true,
  infer: (call) => [
    { dtype: "uint8", shape: arg(call, 0).type.shape },
    { dtype: arg(call, 0).type.dtype, shape: [] },
    { dtype: "uint8", shape: [] },
  ],
  // the scale has a true gradient; the whole numbers have none
  vjp: composed,
  interval: none("its steps are as wide as the data that it rounds"),
  lines: none("its steps are as wide as the data that it rounds"),
  noFloat64: true,
  compose: (e, node) => {
    const x = arg(node, 0);
    const o = e.scalar(0, x);
    const [least, most] = [e.Min(o, e.ReduceMin(x, null, { keepdims: 0 })), e.Max(o, e.ReduceMax(x, null, { keepdims: 0 }))];
    const range = e.Mul(e.Sub(most, least), e.scalar(1 / 255, x));
    // of nothing but zeros the scale is 1
    const scale = e.Where(e.Equal(range, o), e.scalar(1, x), range);
    const offset = e.node("Round", [e.Neg(e.Div(least, scale))])[0]!;
    const clamp = (v: Value) => e.Min(e.Max(v, o), e.scalar(255, x));
    const zeroPoint = clamp(offset);
    const y = clamp(e.Add(e.node("Round", [e.Div(x, scale)])[0]!, zeroPoint));
    return [e.Cast(y, { to: onnxType.uint8 }), scale, e.Cast(zeroPoint, { to: onnxType.uint8 })];
  },
};
