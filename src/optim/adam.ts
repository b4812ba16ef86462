import { decayedWeights } from "./decay.ts";
import { chain, type Transform } from "./transform.ts";

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** m̂/(√v̂ + ε), with bias-corrected moments. Kingma & Ba 2014, arXiv:1412.6980, Algorithm 1. */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Transform {
  return {
    slots: ["m", "v"],
    update(e, { updates, slots, count }) {
      const like = updates[0]!;
      const [b1, b2] = [e.scalar(beta1, like), e.scalar(beta2, like)];
      const [c1, c2] = [e.scalar(1 - beta1, like), e.scalar(1 - beta2, like)];
      const one = e.scalar(1, like);
      const m = updates.map((g, i) => e.Add(e.Mul(slots.m![i]!, b1), e.Mul(g, c1)));
      const v = updates.map((g, i) => e.Add(e.Mul(slots.v![i]!, b2), e.Mul(e.Mul(g, g), c2)));
      // both corrections are scalars: √v̂ = √v/√(1−β₂ᵗ), m̂ = m/(1−β₁ᵗ)
      const root = e.Sqrt(e.Sub(one, e.Pow(b2, count)));
      const scale = e.Div(root, e.Sub(one, e.Pow(b1, count)));
      const damp = e.Mul(root, e.scalar(epsilon, like));
      return { updates: m.map((x, i) => e.Mul(e.Div(x, e.Add(e.Sqrt(v[i]!), damp)), scale)), slots: { m, v } };
    },
  };
}

/** Adam with weight decay that is not scaled by the moments. Loshchilov & Hutter 2017, arXiv:1711.05101. */
export const adamW = ({ weightDecay = 0.01, ...options }: AdamOptions & { weightDecay?: number } = {}): Transform =>
  chain(adam(options), decayedWeights(weightDecay));
