import type { Transform } from "./transform.ts";

const identity: Transform = { slots: [], linear: true, update: (_, { updates }) => ({ updates }) };

/**
 * Stochastic gradient descent. m ← μm + g; update m, or g + μm with Nesterov's look-ahead
 * (Sutskever et al. 2013, in the form PyTorch uses).
 */
export function sgd({ momentum = 0, nesterov = false }: { momentum?: number; nesterov?: boolean } = {}): Transform {
  if (momentum === 0) return identity;
  return {
    slots: ["momentum"],
    update(e, { updates, slots }) {
      const mu = e.scalar(momentum, updates[0]!);
      const m = updates.map((g, i) => e.Add(e.Mul(slots.momentum![i]!, mu), g));
      return { updates: nesterov ? updates.map((g, i) => e.Add(g, e.Mul(m[i]!, mu))) : m, slots: { momentum: m } };
    },
  };
}
