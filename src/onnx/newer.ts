/** Operators that came after opset 21, said in its words, and one that only names a type. */
import { axisOf, fail, onnxType } from "../base/index.ts";
import type { Attrs, Emit, Value } from "../graph/index.ts";
import type { Rule } from "./upgrade.ts";

const number = (attrs: Attrs, name: string, otherwise: number): number => (attrs[name] as number | undefined) ?? otherwise;

/** x/√(mean x² + ε)·scale. Zhang & Sennrich 2019, arXiv:1910.07467. */
const rmsNormalization: Rule = (e, { inputs: [x, scale], attrs }) => {
  const rank = x!.type.shape.length;
  const from = axisOf(number(attrs, "axis", -1), rank);
  const axes = e.ints(Array.from({ length: rank - from }, (_, i) => from + i));
  const mean = e.ReduceMean(e.Mul(x!, x!), axes, { keepdims: 1 });
  return [e.Mul(e.Div(x!, e.Sqrt(e.Add(mean, e.scalar(number(attrs, "epsilon", 1e-5), x!)))), scale!)];
};

/** [batch, steps, heads·size] as [batch, heads, steps, size]; of rank 4 it is so already. */
function byHead(e: Emit, v: Value, heads: number): Value {
  const { shape } = v.type;
  if (shape.length === 4) return v;
  return e.Transpose(e.Reshape(v, e.ints([0, 0, heads, shape[2]! / heads])), { perm: [0, 2, 1, 3] });
}

/** Each head `times` times in a row: several queries share one key. Ainslie et al. 2023, arXiv:2305.13245. */
function repeatedHeads(e: Emit, v: Value, times: number): Value {
  if (times === 1) return v;
  const [, heads, steps, size] = v.type.shape as [number, number, number, number];
  const wide = e.Concat(...(Array.from({ length: times }, () => e.Unsqueeze(v, e.ints([2]))) as [Value]), { axis: 2 });
  return e.Reshape(wide, e.ints([0, heads * times, steps, size]));
}

/** softmax(Q·Kᵀ·scale + mask)·V. Vaswani et al. 2017, arXiv:1706.03762. */
const attention: Rule = (e, { inputs: [q, k, v, mask, ...past], attrs, outputs }) => {
  if (past.some(Boolean) || outputs > 1 || number(attrs, "qk_matmul_output_mode", 0) !== 0)
    fail({
      code: "operator-attribute",
      expected: "Attention of queries, keys and values, with one output",
      got: "a cache of earlier keys, or a second output",
      mend: "export the model without a key and value cache",
    });
  const flat = q!.type.shape.length === 3;
  const heads = flat ? number(attrs, "q_num_heads", 1) : q!.type.shape[1]!;
  const keyHeads = flat ? number(attrs, "kv_num_heads", heads) : k!.type.shape[1]!;
  const queries = byHead(e, q!, heads);
  const [keys, values] = [k!, v!].map((x) => repeatedHeads(e, byHead(e, x, keyHeads), heads / keyHeads)) as [Value, Value];
  const scale = number(attrs, "scale", 1 / Math.sqrt(queries.type.shape[3]!));
  let scores = e.Mul(e.MatMul(queries, e.Transpose(keys, { perm: [0, 1, 3, 2] })), e.scalar(scale, queries));
  const lowest = e.scalar(-3e38, scores);
  if (number(attrs, "is_causal", 0) === 1) {
    const ones = e.fill(1, scores.type.shape.slice(2), "float32");
    scores = e.Where(e.Cast(e.node("Trilu", [ones], { upper: 0 })[0]!, { to: onnxType.bool }), scores, lowest);
  }
  if (mask) scores = mask.type.dtype === "bool" ? e.Where(mask, scores, lowest) : e.Add(scores, mask);
  const cap = number(attrs, "softcap", 0);
  if (cap !== 0) scores = e.Mul(e.Tanh(e.Div(scores, e.scalar(cap, scores))), e.scalar(cap, scores));
  const mixed = e.MatMul(e.node("Softmax", [scores], { axis: -1 })[0]!, values);
  return [flat ? e.Reshape(e.Transpose(mixed, { perm: [0, 2, 1, 3] }), e.ints([0, 0, -1])) : mixed];
};

export const newer: Readonly<Record<string, Rule>> = {
  CastLike: (e, { inputs: [x, like] }) => [e.Cast(x!, { to: onnxType[like!.type.dtype] })],
  // x·σ(αx). Ramachandran et al. 2017, arXiv:1710.05941
  Swish: (e, { inputs: [x], attrs }) => {
    const alpha = number(attrs, "alpha", 1);
    return [e.Mul(x!, e.Sigmoid(alpha === 1 ? x! : e.Mul(x!, e.scalar(alpha, x!))))];
  },
  RMSNormalization: rmsNormalization,
  Attention: attention,
};
