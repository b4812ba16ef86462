/** Gradients at the probe, as checks compare them. */
import { type GradientVictim, type Loss, row, victimOf } from "../../attack/index.ts";
import type { GradientModel } from "../../model/index.ts";
import type { Findings } from "./check.ts";

/** Runs `use` with the model's gradients, and lets go of them. */
export async function withSlopes<T>(model: GradientModel, run: Findings["run"], use: (victim: GradientVictim) => Promise<T>): Promise<T> {
  const meter = victimOf(model, "gradient", run);
  try {
    return await use(meter.victim);
  } finally {
    await meter.release();
  }
}

/** max |∂loss/∂xⱼ| of each probe sample: 0 where nothing moves it, NaN or ∞ where it is none. */
export async function steepness(victim: GradientVictim, loss: Loss, { x, labels }: Findings["probe"]): Promise<number[]> {
  const { gradient } = await victim.slopes(loss, x, labels);
  return Array.from({ length: x.shape[0]! }, (_, i) =>
    row(gradient, i).reduce((m, g) => (Number.isNaN(m) || Number.isNaN(g) ? Number.NaN : Math.max(m, Math.abs(g))), 0),
  );
}

/** Less than this moves nothing that float32 can hold. */
export const VANISHED = 1e-30;
/** More overflows float32 when it is squared and summed over a picture. */
export const EXPLODED = 1e15;
