import type { Emit, Value } from "../graph/index.ts";

/** Exponential moving average of parameters: a ← d·a + (1−d)·p. Polyak & Juditsky 1992. */
export const ema = (e: Emit, average: Value, param: Value, decay: number): Value =>
  e.Add(e.Mul(average, e.scalar(decay, param)), e.Mul(param, e.scalar(1 - decay, param)));
