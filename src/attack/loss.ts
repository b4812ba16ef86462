/** Losses as values, of each sample, [N]: what an attack on logits [N, K] climbs. `labels` and `others` are int64 [N]. */
import type { Emit, Value } from "../graph/index.ts";
import { crossEntropy as entropy, oneHot } from "../nn/index.ts";

export interface Loss {
  readonly name: string;
  /** Rises as the sample leaves its label (or, where the loss names `others`, nears that class). */
  emit(e: Emit, logits: Value, labels: Value, others: Value): Value;
}

const overClasses = (e: Emit): Value => e.ints([1]);

/** z_c of each sample's class c, [N]. */
const picked = (e: Emit, logits: Value, classes: Value): Value =>
  e.ReduceSum(e.Mul(logits, oneHot(e, classes, logits)), overClasses(e), { keepdims: 0 });

/** max over j ≠ c of z_j, [N]. */
const rival = (e: Emit, logits: Value, classes: Value): Value => {
  const own = e.Greater(oneHot(e, classes, logits), e.scalar(0.5, logits));
  return e.ReduceMax(e.Where(own, e.scalar(-3e38, logits), logits), overClasses(e), { keepdims: 0 });
};

/** J(x, y) = log Σⱼ exp z_j − z_y. */
export const crossEntropy: Loss = { name: "cross-entropy", emit: (e, z, y) => entropy(e, z, y) };

/** max_{j≠y} z_j − z_y: above 0 where the label is left. Carlini & Wagner 2017 (arXiv:1608.04644), f₆ without its floor. */
export const margin: Loss = { name: "margin", emit: (e, z, y) => e.Sub(rival(e, z, y), picked(e, z, y)) };

/** z_t − z_y for the class t of `others`: rises towards it. */
export const difference: Loss = { name: "difference", emit: (e, z, y, t) => e.Sub(picked(e, z, t), picked(e, z, y)) };

/** z_t of the class of `others` alone. */
export const logit: Loss = { name: "logit", emit: (e, z, _, t) => picked(e, z, t) };

/** Σⱼ z_j. */
export const logitSum: Loss = { name: "logit-sum", emit: (e, z) => e.ReduceSum(z, overClasses(e), { keepdims: 0 }) };

/** The k-th largest logits, k = 1…count, each [N]: by taking the largest away; ties are taken one by one. */
function largest(e: Emit, logits: Value, count: number): Value[] {
  const out: Value[] = [];
  let left = logits;
  for (let k = 0; k < count; k++) {
    const at = e.node("ArgMax", [left], { axis: 1, keepdims: 0 })[0]!;
    out.push(picked(e, logits, at));
    left = e.Where(e.Greater(oneHot(e, at, logits), e.scalar(0.5, logits)), e.scalar(-3e38, logits), left);
  }
  return out;
}

const TINY = 1e-12;

/**
 * Difference of logits ratio: −(z_y − max_{j≠y} z_j)/(z_π1 − z_π3), π sorting downwards. Croce & Hein 2020 (arXiv:2003.01690), eq. (6).
 * With two classes there is no third: the margin itself.
 */
export const dlr: Loss = {
  name: "dlr",
  emit(e, z, y) {
    const lead = margin.emit(e, z, y, y);
    if (z.type.shape[1]! < 3) return lead;
    const [first, , third] = largest(e, z, 3);
    return e.Div(lead, e.Add(e.Sub(first!, third!), e.scalar(TINY, z)));
  },
};

/**
 * Its targeted form: −(z_y − z_t)/(z_π1 − (z_π3 + z_π4)/2), eq. (7) there, towards the class of `others`. With three classes z_π3 takes the place of the mean,
 * with two the difference itself is left.
 */
export const dlrTargeted: Loss = {
  name: "dlr-targeted",
  emit(e, z, y, t) {
    const lead = difference.emit(e, z, y, t);
    const classes = z.type.shape[1]!;
    if (classes < 3) return lead;
    const [first, , third, fourth] = largest(e, z, Math.min(classes, 4));
    const low = fourth ? e.Mul(e.Add(third!, fourth), e.scalar(0.5, z)) : third!;
    return e.Div(lead, e.Add(e.Sub(first!, low), e.scalar(TINY, z)));
  },
};

/** −loss: towards the label, for targeted attacks. */
export const negated = (loss: Loss): Loss => ({ name: `−${loss.name}`, emit: (e, ...about) => e.Neg(loss.emit(e, ...about)) });

/**
 * log Σ_{j≠y} exp z_j − z_y = log((1 − p_y)/p_y): the odds of leaving the label. Climbs as cross-entropy does (its gradient is cross-entropy's over 1 − p_y), and
 * does not flatten where the model is sure.
 */
export const odds: Loss = {
  name: "odds",
  emit(e, z, y) {
    const own = e.Greater(oneHot(e, y, z), e.scalar(0.5, z));
    const top = rival(e, z, y);
    const above = e.Sub(z, e.Reshape(top, e.ints([-1, 1])));
    const others = e.Where(own, e.scalar(0, z), e.Exp(e.Where(own, e.scalar(0, z), above)));
    return e.Sub(e.Add(top, e.Log(e.ReduceSum(others, overClasses(e), { keepdims: 0 }))), picked(e, z, y));
  },
};
