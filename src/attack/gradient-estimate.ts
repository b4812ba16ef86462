/** ∇ of a score by finite differences along random directions: what NES and SPSA share. */
import { fold, type Key, type Tensor } from "../base/index.ts";
import type { Threat } from "./attack.ts";
import { boxOf, widths } from "./domain.ts";
import { eachRow, row } from "./iterate.ts";
import type { Questions } from "./questions.ts";

type Floats = Tensor<"float32">;

/** A random direction for one sample's numbers. */
export type Direction = (key: Key, n: number) => Float32Array;

/**
 * Ĝ = 1/m Σ (f(z + σu) − f(z − σu))/2σ · u over m pairs of points, for the samples `open`: two questions a pair. σ is a share of each feature's range w,
 * as if all ranges were 1: u moves a feature by σwu, and Ĝ is ∂f/∂(z/w) over w. Both points are cut to the box, and u is half of what is left
 * between them.
 */
export async function estimate(
  questions: Questions<number>,
  open: readonly number[],
  z: Floats,
  x: Floats,
  { keys, pairs, sigma, direction }: { keys: readonly Key[]; pairs: number; sigma: number; direction: Direction },
  { domain }: Threat,
): Promise<Floats> {
  const gradient = eachRow(z, () => {});
  const width = widths(domain);
  const first = new Map<number, { value: number; point: Float32Array }>();
  const draws = new Map<number, Float32Array>();
  await questions.put(
    open,
    2 * pairs,
    (out, i, j) => {
      const u = j % 2 === 0 ? direction(fold(keys[i]!, j >> 1), out.length) : draws.get(i)!;
      draws.set(i, u);
      const [at, { low, high }] = [row(z, i), boxOf(domain, row(x, i))];
      const length = j % 2 === 0 ? sigma : -sigma;
      for (let k = 0; k < out.length; k++) out[k] = Math.min(Math.max(at[k]! + length * width[k]! * u[k]!, low[k]!), high[k]!);
    },
    (value, i, j, point) => {
      if (j % 2 === 0) {
        first.set(i, { value, point });
        return;
      }
      const up = first.get(i)!;
      const slope = (up.value - value) / (2 * sigma * pairs);
      if (!Number.isFinite(slope)) return;
      const g = row(gradient, i);
      for (let k = 0; k < g.length; k++) g[k] = g[k]! + (slope * (up.point[k]! - point[k]!)) / (2 * sigma * width[k]! ** 2);
    },
  );
  return gradient;
}
