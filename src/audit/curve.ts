/** Two curves: accuracy against the work that was done, and against ε. */
import { type AttackOptions, apgdCe, attack, type Data } from "../attack/index.ts";
import type { GradientModel } from "../model/index.ts";
import type { SampleRecord } from "./cascade.ts";

export type Point = readonly [x: number, accuracy: number];

/**
 * Robust accuracy against gradient evaluations a sample: what an attacker who stops after so many would have found. Attacks ask no more about a sample
 * that is turned, so its passes are those it took.
 */
export function anytime(samples: readonly SampleRecord[]): Point[] {
  const n = Math.max(samples.length, 1);
  let standing = samples.filter((s) => s.predicted === s.label).length;
  const points: Point[] = [[0, standing / n]];
  const turned = samples.filter((s) => s.turnedBy !== null).sort((a, b) => a.backwards - b.backwards);
  for (const [k, { backwards }] of turned.entries()) {
    standing--;
    if (turned[k + 1]?.backwards !== backwards) points.push([backwards, standing / n]);
  }
  const most = samples.reduce((m, s) => Math.max(m, s.backwards), 0);
  if (most > points.at(-1)![0]) points.push([most, standing / n]);
  return points;
}

/** ε of the curve, as shares of the audit's; in L∞ no wider than the data. */
export const SHARES = [0, 0.25, 0.5, 1, 1.5, 2] as const;

/** Accuracy under APGD-CE, each ε attacked on its own. */
export async function againstEpsilon(
  model: GradientModel,
  data: Data,
  epsilon: number,
  options: Omit<AttackOptions, "attack" | "epsilon"> & { readonly range: readonly [number, number] },
  steps: number,
): Promise<Point[]> {
  const widest = options.norm?.name === "linf" ? options.range[1] - options.range[0] : Number.POSITIVE_INFINITY;
  const points: Point[] = [];
  for (const at of new Set(SHARES.map((share) => Math.min(epsilon * share, widest)))) {
    const { robustAccuracy } = await attack(model, data, { ...options, attack: apgdCe({ steps }), epsilon: at, onProgress: undefined });
    points.push([at, robustAccuracy]);
  }
  return points;
}
