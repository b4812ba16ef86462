/** Losses on a batch. Labels are int64 [N]; logits [N, classes]. */
import type { Emit, Value } from "../graph/index.ts";

/** 1 at the label's column, 0 elsewhere: [N, classes]. */
export function oneHot(e: Emit, labels: Value, logits: Value): Value {
  const classes = logits.type.shape.at(-1)!;
  const columns = e.ints(Array.from({ length: classes }, (_, i) => i));
  const hit = e.Equal(e.Reshape(labels, e.ints([-1, 1])), columns);
  return e.Where(hit, e.scalar(1, logits), e.scalar(0, logits));
}

/** log Σ exp over classes, [N, 1], shifted by the maximum so that nothing overflows. */
export function logSumExp(e: Emit, logits: Value): Value {
  const max = e.ReduceMax(logits, e.ints([1]), { keepdims: 1 });
  return e.Add(max, e.Log(e.ReduceSum(e.Exp(e.Sub(logits, max)), e.ints([1]), { keepdims: 1 })));
}

/** Cross-entropy of each sample, [N]: log Σⱼ exp(zⱼ) − z_label. */
export function crossEntropy(e: Emit, logits: Value, labels: Value): Value {
  const picked = e.ReduceSum(e.Mul(logits, oneHot(e, labels, logits)), e.ints([1]), { keepdims: 1 });
  return e.Reshape(e.Sub(logSumExp(e, logits), picked), e.ints([-1]));
}

/** −log σ(z) where `real`, −log(1 − σ(z)) where not, of each sample: softplus(∓z), in the form that does not overflow. */
export function logistic(e: Emit, z: Value, real: boolean): Value {
  const s = real ? e.Neg(z) : z;
  // softplus(s) = max(s, 0) + log(1 + exp(−|s|))
  return e.Add(e.Relu(s), e.Log(e.Add(e.Exp(e.Neg(e.Abs(s))), e.scalar(1, s))));
}

export const mean = (e: Emit, v: Value): Value => e.ReduceMean(v, null, { keepdims: 0 });
export const sum = (e: Emit, v: Value): Value => e.ReduceSum(v, null, { keepdims: 0 });

/** How many logits have their largest at the label, as a float scalar. */
export function correct(e: Emit, logits: Value, labels: Value): Value {
  const best = e.node("ArgMax", [logits], { axis: 1, keepdims: 0 })[0]!;
  const hit = e.Equal(best, labels);
  return sum(e, e.Where(hit, e.scalar(1, logits), e.scalar(0, logits)));
}
