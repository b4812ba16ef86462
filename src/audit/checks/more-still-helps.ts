import { apgdCe, apgdDlr, attack } from "../../attack/index.ts";
import { take } from "../../base/index.ts";
import { PRESETS } from "../ensemble.ts";
import { type Check, differentiable, judged, NO_GRADIENT, notRun } from "./check.ts";

/** Samples that are tried again. */
const MOST = 64;

/**
 * Twice the steps from new starting points, against what the cascade left: an attack that has converged finds nothing new (Carlini et al. 2019,
 * arXiv:1902.06705, §4.9: doubling the iterations must not change the result).
 */
export const moreStillHelps: Check = {
  name: "more-still-helps",
  title: "Twice the steps and new starts find no more",
  mend: "run the audit with the standard preset, and quote the accuracy as an upper bound only",
  async find({ model, data, result, epsilon, norm, run }) {
    if (!differentiable(model)) return notRun(NO_GRADIENT);
    const left = result.samples.filter((s) => s.robust).map((s) => s.index);
    // evenly over the data
    const chosen = left.length <= MOST ? left : Array.from({ length: MOST }, (_, k) => left[Math.floor((k * left.length) / MOST)]!);
    if (chosen.length === 0) return judged(false, "the cascade left nothing");
    const part = { x: take(data.x, chosen), labels: chosen.map((i) => data.labels[i]!) };
    const steps = 2 * PRESETS.standard.steps;
    let turned = new Set<number>();
    for (const again of [apgdCe({ steps }), apgdDlr({ steps })]) {
      const { samples } = await attack(model, part, { ...run, attack: again, norm, epsilon, seed: (run.seed ?? 0) + 1, restarts: 1 });
      turned = new Set([...turned, ...samples.filter((s) => s.success).map((s) => s.index)]);
    }
    return judged(
      turned.size > Math.max(1, 0.02 * chosen.length),
      `APGD-CE and APGD-DLR with ${steps} steps and a new start turned ${turned.size} of ${chosen.length} samples that the cascade left`,
    );
  },
};
