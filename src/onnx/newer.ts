/** Operators that came after opset 21, said in its words, and others that a few words of the table say. */
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

/** Of sequences that are all as long as their axis: the axis the other way round. */
const reverseSequence: Rule = (e, { inputs: [x, lengths], attrs }) => {
  const axis = number(attrs, "time_axis", 0);
  const known = lengths!.data ?? lengths!.known;
  const steps = x!.type.shape[axis]!;
  if (!known || Array.from(known.data as ArrayLike<number | bigint>, Number).some((n) => n !== steps))
    fail({
      code: "operator-attribute",
      expected: `ReverseSequence of whole sequences, ${steps} steps each`,
      got: known ? `[${known.data}]` : "lengths computed from the data",
      mend: "export the model for sequences of one length",
    });
  return [e.Slice(x!, e.ints([-1]), e.ints([-(2 ** 31)]), e.ints([axis]), e.ints([-1]))];
};

export const newer: Readonly<Record<string, Rule>> = {
  CastLike: (e, { inputs: [x, like] }) => [e.Cast(x!, { to: onnxType[like!.type.dtype] })],
  // x·σ(αx). Ramachandran et al. 2017, arXiv:1710.05941
  Swish: (e, { inputs: [x], attrs }) => {
    const alpha = number(attrs, "alpha", 1);
    return [e.Mul(x!, e.Sigmoid(alpha === 1 ? x! : e.Mul(x!, e.scalar(alpha, x!))))];
  },
  GlobalLpPool: (e, { inputs: [x], attrs }) => {
    const axes = e.ints(x!.type.shape.slice(2).map((_, i) => i + 2));
    const p = number(attrs, "p", 2);
    if (p <= 2) return e.node(p === 1 ? "ReduceL1" : "ReduceL2", [x!, axes], { keepdims: 1 });
    const sum = e.ReduceSum(e.Pow(e.Abs(x!), e.scalar(p, x!)), axes, { keepdims: 1 });
    return [e.Pow(sum, e.scalar(1 / p, x!))];
  },
  ReverseSequence: reverseSequence,
  RMSNormalization: rmsNormalization,
  // towards 0 by `bias`, and to 0 within λ
  Shrink: (e, { inputs: [x], attrs }) => {
    const [lambda, bias] = [number(attrs, "lambd", 0.5), number(attrs, "bias", 0)].map((v) => e.scalar(v, x!)) as [Value, Value];
    const above = e.Where(e.Greater(x!, lambda), e.Sub(x!, bias), e.scalar(0, x!));
    return [e.Where(e.Less(x!, e.Neg(lambda)), e.Add(x!, bias), above)];
  },
  Attention: attention,
};
