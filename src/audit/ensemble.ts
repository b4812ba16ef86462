/** Which attacks an audit runs, in order. Parameter-free: norm, ε and what the model gives decide all. */
import { type Attack, apgdCe, apgdTargeted, fab, hopSkipJump, square } from "../attack/index.ts";
import { type Access, gives, type LabelModel } from "../model/index.ts";

export interface Stage {
  readonly name: string;
  readonly attack: Attack;
  /** What it is and with what budget, for reports. */
  readonly recipe: string;
  /** Follows gradients of the model. */
  readonly whiteBox: boolean;
}

export interface Ensemble {
  readonly name: string;
  readonly version: number;
  readonly recipe: string;
  readonly stages: readonly Stage[];
}

/** Budgets: those of AutoAttack's `standard`, or a twentieth for a first look. */
export const PRESETS = {
  standard: { steps: 100, targets: 9, queries: 5000 },
  quick: { steps: 20, targets: 3, queries: 250 },
} as const;
export type Preset = keyof typeof PRESETS;

const stage = <A extends Access>(name: string, attack: Attack<A>, recipe: string): Stage => ({
  name,
  attack: attack as unknown as Attack,
  recipe,
  whiteBox: attack.access === "gradient",
});

/**
 * The cascade for a model; each stage attacks only what the stages before it left. With gradients it has the attacks, the order and the
 * budgets of AutoAttack's `standard` (Croce & Hein 2020, arXiv:2003.01690, §5), in our implementation, with fewer targets where the model has fewer than ten
 * other classes: it is named ours, not theirs. Without gradients it asks only.
 */
export function ensembleFor(model: LabelModel, preset: Preset = "standard"): Ensemble {
  const { steps, targets, queries } = PRESETS[preset];
  const others = Math.min(targets, model.classes - 1);
  const stages: Stage[] = [];
  if (gives(model, "gradient"))
    stages.push(
      stage("apgd-ce", apgdCe({ steps }), `APGD-CE, ${steps} steps`),
      stage("apgd-t", apgdTargeted({ steps, classes: others }), `APGD-T, ${others} targets × ${steps} steps`),
      stage("fab-t", fab({ steps, classes: others, stopWithin: true }), `FAB-T, ${others} targets × ${steps} steps`),
    );
  if (gives(model, "scores")) stages.push(stage("square", square({ queries }), `Square, ${queries} queries`));
  if (!gives(model, "scores")) stages.push(stage("hop-skip-jump", hopSkipJump({ queries }), `HopSkipJump, ${queries} queries`));
  return {
    name: `counterfoil-${preset}`,
    version: 1,
    recipe: stages.map((s) => s.recipe).join(" → "),
    stages,
  };
}
