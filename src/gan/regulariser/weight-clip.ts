import type { Regulariser } from "./regulariser.ts";

/** Each weight of the critic is cut to [−limit, limit] after its update. Arjovsky, Chintala & Bottou 2017, arXiv:1701.07875, Algorithm 1. */
export const weightClip = (limit = 0.01): Regulariser => ({
  name: "clip",
  project: (e, weight) => e.Min(e.Max(weight, e.scalar(-limit, weight)), e.scalar(limit, weight)),
});
