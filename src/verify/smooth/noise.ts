/** The noise that a model is smoothed with, and how surely. */
import { fail } from "../../base/index.ts";

/** As in the paper. */
export const ALPHA = 0.001;

export interface Noise {
  /** Standard deviation of the normal noise on every number of the input, in the data's units. */
  readonly sigma: number;
  /** α: how often, at most, an answer may be wrong by the chance of the noise. Default 0.001. */
  readonly alpha?: number;
  readonly seed?: number;
  /** Noisy inputs that the model is asked about at a time; default what 16 MiB hold, at most 1,000. The votes do not depend on it. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

export function need(ok: boolean, code: string, expected: string, got: unknown, mend: string): void {
  if (!ok) fail({ code, expected, got: `${got}`, mend });
}

/** @throws sigma, alpha, batch */
export function checkNoise({ sigma, alpha = ALPHA, batch = 1 }: Noise): void {
  need(sigma > 0 && sigma < Number.POSITIVE_INFINITY, "sigma", "a noise σ > 0", sigma, "pass --sigma in the units of the data");
  need(alpha > 0 && alpha < 1, "alpha", "a chance α > 0 and < 1", alpha, "pass --alpha 0.001");
  need(Number.isInteger(batch) && batch >= 1, "batch", "a whole batch size ≥ 1", batch, "pass 1 or more");
}

/** @throws draws */
export const needDraws = (draws: number, least: number, alpha: number): void =>
  need(
    Number.isInteger(draws) && draws >= least,
    "draws",
    `a whole number of noisy copies ≥ ${least}: fewer prove nothing at α = ${alpha}`,
    draws,
    `pass --samples ${least} or more`,
  );
