import type { Transform } from "./transform.ts";

/** Scale all gradients together so that their joint L2 norm is at most `norm`. Pascanu et al. 2012, arXiv:1211.5063. */
export const clipByGlobalNorm = (norm: number): Transform => ({
  slots: [],
  update(e, { updates }) {
    const squares = updates.map((g) => e.ReduceSum(e.Mul(g, g), null, { keepdims: 0 }));
    const length = e.Sqrt(squares.reduce((a, b) => e.Add(a, b)));
    const limit = e.scalar(norm, length);
    const scale = e.Div(limit, e.Max(length, limit));
    return { updates: updates.map((g) => e.Mul(g, scale)) };
  },
});

/** Cut each element of the gradient to [−limit, limit]. */
export const clipByValue = (limit: number): Transform => ({
  slots: [],
  update: (e, { updates }) => ({ updates: updates.map((g) => e.Min(e.Max(g, e.scalar(-limit, g)), e.scalar(limit, g))) }),
});
