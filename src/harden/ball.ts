import type { Emit, Value } from "../graph/index.ts";

/** An L∞ ball of radius ε, within the valid range of the data. */
export interface Ball {
  readonly epsilon: number;
  /** Default [0, 1]. */
  readonly range?: readonly [number, number];
}

/** The point of the ball around `x` nearest to `z`. */
export function inBall(e: Emit, x: Value, z: Value, { epsilon, range = [0, 1] }: Ball): Value {
  const eps = e.scalar(epsilon, x);
  const low = e.Max(e.Sub(x, eps), e.scalar(range[0], x));
  const high = e.Min(e.Add(x, eps), e.scalar(range[1], x));
  return e.Min(e.Max(z, low), high);
}
