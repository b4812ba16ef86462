/** Arithmetic on quantised numbers, said as arithmetic on the floats that they stand for. Equal to the kernels but where rounding ties. */
import { onnxType } from "../base/index.ts";
import type { Attrs, Emit, Value } from "../graph/index.ts";
import type { Rule } from "./upgrade.ts";

type In = Value | null | undefined;

const dequantized = (e: Emit, x: In, scale: In, zeroPoint: In, attrs: Attrs = {}): Value =>
  e.node("DequantizeLinear", [x!, scale!, zeroPoint ?? null], attrs)[0]!;
const quantized = (e: Emit, y: Value, scale: In, zeroPoint: In): Value => e.node("QuantizeLinear", [y, scale!, zeroPoint ?? null])[0]!;

/** Whole numbers less their zero point, as floats. */
const centred = (e: Emit, x: In, zeroPoint: In): Value => {
  const v = e.Cast(x!, { to: onnxType.float32 });
  return zeroPoint ? e.Sub(v, e.Cast(zeroPoint, { to: onnxType.float32 })) : v;
};

const binary =
  (op: "Add" | "Mul"): Rule =>
  (e, { inputs: [a, as, az, b, bs, bz, ys, yz] }) => [quantized(e, e[op](dequantized(e, a, as, az), dequantized(e, b, bs, bz)), ys, yz)];

const unary =
  (f: (e: Emit, x: Value, attrs: Attrs) => Value): Rule =>
  (e, { inputs: [x, xs, xz, ys, yz], attrs }) => [quantized(e, f(e, dequantized(e, x, xs, xz), attrs), ys, yz)];

/** Weights with one scale for all, or one a filter. */
const filters = (e: Emit, w: In, scale: In, zeroPoint: In): Value => dequantized(e, w, scale, zeroPoint, { axis: 0 });

export const integer: Readonly<Record<string, Rule>> = {
  QLinearConv: (e, { inputs: [x, xs, xz, w, ws, wz, ys, yz, bias], attrs }) => {
    const b = bias ? e.Mul(e.Cast(bias, { to: onnxType.float32 }), e.Mul(xs!, ws!)) : null;
    return [quantized(e, e.Conv(dequantized(e, x, xs, xz), filters(e, w, ws, wz), b, attrs), ys, yz)];
  },
  QLinearMatMul: (e, { inputs: [a, as, az, b, bs, bz, ys, yz] }) => [
    quantized(e, e.MatMul(dequantized(e, a, as, az), dequantized(e, b, bs, bz, { axis: -1 })), ys, yz),
  ],
  // exact below 2²⁴
  MatMulInteger: (e, { inputs: [a, b, az, bz] }) => [e.Cast(e.MatMul(centred(e, a, az), centred(e, b, bz)), { to: onnxType.int32 })],
  ConvInteger: (e, { inputs: [x, w, xz, wz], attrs }) => [
    e.Cast(e.Conv(centred(e, x, xz), centred(e, w, wz), null, attrs), { to: onnxType.int32 }),
  ],
  "com.microsoft.QLinearAdd": binary("Add"),
  "com.microsoft.QLinearMul": binary("Mul"),
  "com.microsoft.QLinearSigmoid": unary((e, x) => e.Sigmoid(x)),
  "com.microsoft.QLinearLeakyRelu": unary((e, x, attrs) => e.node("LeakyRelu", [x], attrs)[0]!),
  "com.microsoft.QLinearGlobalAveragePool": unary((e, x) => e.node("GlobalAveragePool", [x])[0]!),
  "com.microsoft.QLinearAveragePool": unary((e, x, attrs) => e.node("AveragePool", [x], attrs)[0]!),
  "com.microsoft.QLinearSoftmax": unary((e, x, attrs) => e.node("Softmax", [x], { axis: (attrs.axis as number | undefined) ?? -1 })[0]!),
  "com.microsoft.QLinearConcat": (e, { inputs: [ys, yz, ...parts], attrs }) => {
    const floats = Array.from({ length: parts.length / 3 }, (_, i) => dequantized(e, parts[3 * i], parts[3 * i + 1], parts[3 * i + 2]));
    return [quantized(e, e.Concat(...(floats as [Value]), { axis: attrs.axis as number }), ys, yz)];
  },
  "com.microsoft.QGemm": (e, { inputs: [a, as, az, b, bs, bz, c, ys, yz], attrs }) => {
    const transB = (attrs.transB as number | undefined) ?? 0;
    const B = dequantized(e, b, bs, bz, { axis: transB ? 0 : 1 });
    const C = c ? e.Mul(e.Cast(c, { to: onnxType.float32 }), e.Mul(as!, bs!)) : null;
    const [y] = e.node("Gemm", [dequantized(e, a, as, az), B, C], attrs);
    return [ys ? quantized(e, y!, ys, yz) : y!];
  },
  "com.microsoft.QuantizeLinear": (e, { inputs, attrs }) => e.node("QuantizeLinear", inputs, attrs),
  "com.microsoft.DequantizeLinear": (e, { inputs, attrs }) => e.node("DequantizeLinear", inputs, attrs),
};
