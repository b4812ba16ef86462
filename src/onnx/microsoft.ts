/** onnxruntime's own fusions that files are shipped with, undone. */
import { fail } from "../base/index.ts";
import type { Attrs, Emit, Value } from "../graph/index.ts";
import type { Rule } from "./upgrade.ts";

const number = (attrs: Attrs, name: string, otherwise: number): number => (attrs[name] as number | undefined) ?? otherwise;
const gelu = (e: Emit, x: Value, approximate: "none" | "tanh"): Value => e.node("Gelu", [x], { approximate })[0]!;

const turned = (e: Emit, v: Value, yes: number): Value => {
  const r = v.type.shape.length;
  return yes && r > 1 ? e.Transpose(v, { perm: [...Array.from({ length: r - 2 }, (_, i) => i), r - 1, r - 2] }) : v;
};

const skipLayerNormalization: Rule = (e, { inputs: [x, skip, gamma, beta, bias], attrs, outputs }) => {
  if (outputs > 1 && outputs < 4)
    fail({
      code: "operator-output",
      expected: "SkipLayerNormalization without the statistics of training",
      got: "mean or deviation among its outputs",
      mend: "optimise the model for inference",
    });
  const plain = e.Add(x!, skip!);
  const sum = bias ? e.Add(plain, bias) : plain;
  const [y] = e.node("LayerNormalization", [sum, gamma!, beta ?? null], { axis: -1, epsilon: number(attrs, "epsilon", 1e-12) });
  // the fourth output is the sum itself
  return outputs === 4 ? [y!, y!, y!, sum] : [y!];
};

export const microsoft: Readonly<Record<string, Rule>> = {
  "com.microsoft.Gelu": (e, { inputs: [x] }) => [gelu(e, x!, "none")],
  "com.microsoft.BiasGelu": (e, { inputs: [x, b] }) => [gelu(e, e.Add(x!, b!), "none")],
  "com.microsoft.FastGelu": (e, { inputs: [x, b] }) => [gelu(e, b ? e.Add(x!, b) : x!, "tanh")],
  "com.microsoft.QuickGelu": (e, { inputs: [x], attrs }) => [e.Mul(x!, e.Sigmoid(e.Mul(x!, e.scalar(number(attrs, "alpha", 1.702), x!))))],
  "com.microsoft.FusedMatMul": (e, { inputs: [a, b], attrs }) => {
    if (number(attrs, "transBatchA", 0) || number(attrs, "transBatchB", 0))
      fail({
        code: "operator-attribute",
        expected: "FusedMatMul of matrices by matrices",
        got: "transBatchA or transBatchB",
        mend: "save the model without a runtime's own fusions (graph optimisation “basic” or none)",
      });
    const y = e.MatMul(turned(e, a!, number(attrs, "transA", 0)), turned(e, b!, number(attrs, "transB", 0)));
    const alpha = number(attrs, "alpha", 1);
    return [alpha === 1 ? y : e.Mul(y, e.scalar(alpha, y))];
  },
  "com.microsoft.SkipLayerNormalization": skipLayerNormalization,
};
