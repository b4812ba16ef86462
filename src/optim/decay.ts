import type { Transform } from "./transform.ts";

/** Add λ·p to the updates. Before `sgd` this is L2 regularisation; after `adam`, decoupled weight decay. */
export const decayedWeights = (lambda: number): Transform => ({
  slots: [],
  update: (e, { updates, params }) => ({
    updates: lambda === 0 ? updates : updates.map((g, i) => e.Add(g, e.Mul(params[i]!, e.scalar(lambda, g)))),
  }),
});
