import type { Transform } from "./transform.ts";

/** g/(√v + ε), v ← ρv + (1−ρ)g². Hinton, Srivastava & Swersky 2012, lecture 6e. */
export function rmsprop({ decay = 0.99, epsilon = 1e-8 }: { decay?: number; epsilon?: number } = {}): Transform {
  return {
    slots: ["v"],
    update(e, { updates, slots }) {
      const like = updates[0]!;
      const v = updates.map((g, i) => e.Add(e.Mul(slots.v![i]!, e.scalar(decay, like)), e.Mul(e.Mul(g, g), e.scalar(1 - decay, like))));
      return { updates: updates.map((g, i) => e.Div(g, e.Add(e.Sqrt(v[i]!), e.scalar(epsilon, like)))), slots: { v } };
    },
  };
}
