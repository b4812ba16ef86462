import { fold, type Key } from "../base/index.ts";
import { type ApgdSchedule, bring, type Climbed, climb, edgeStart } from "./apgd-climb.ts";
import type { Attack, Threat } from "./attack.ts";
import { rivals } from "./iterate.ts";
import { crossEntropy, dlr, dlrTargeted, type Loss, negated } from "./loss.ts";
import { type Question, type Search, searchEach } from "./one-search.ts";
import { checkedSteps } from "./pgd.ts";

export type ApgdOptions = ApgdSchedule;

/**
 * ε of each stage in units of ε, and its share of the iterations. In L1 a larger ball is easier to climb in: 3ε, 2ε, ε, each from the last one's
 * best point. arXiv:2103.01208, §3.3.
 */
const SINGLE = [[1, 1]] as const;
const SHRINKING = [
  [3, 0.3],
  [2, 0.3],
  [1, 0.4],
] as const;

/** One run from a random point of the edge of the (first) ball. */
function* run(x: Float32Array, key: Key, threat: Threat, schedule: ApgdSchedule, ask: (z: Float32Array) => Question): Search<Climbed> {
  const stages = threat.norm.name === "l1" ? SHRINKING : SINGLE;
  const ball = (times: number): Threat => ({ ...threat, epsilon: times * threat.epsilon });
  let z = edgeStart(x, key, ball(stages[0][0]));
  let climbed: Climbed | undefined;
  for (const [times, part] of stages) {
    const steps = Math.max(1, Math.round(part * (schedule.steps ?? 100)));
    bring(z, x, ball(times));
    climbed = yield* climb(x, z, ball(times), { ...schedule, steps }, ask, { stops: times === 1, warm: climbed !== undefined });
    z = climbed.best.z.slice();
  }
  return climbed!;
}

const highest = ({ winner, best }: Climbed): Float32Array => winner ?? best.z;

function apgd(name: string, loss: Loss, schedule: ApgdSchedule): Attack<"gradient"> {
  checkedSteps(schedule.steps ?? 100);
  return {
    name,
    access: "gradient",
    kind: "bounded",
    norms: ["linf", "l2", "l1"],
    targets: true,
    async run(victim, batch, threat) {
      const climbed = threat.targeted ? negated(loss) : loss;
      function* search(x: Float32Array, _: number, i: number): Search {
        return highest(yield* run(x, batch.keys[i]!, threat, schedule, (point) => ({ point, loss: climbed })));
      }
      return [await searchEach(victim, batch, threat.targeted, search)];
    },
  };
}

/**
 * Auto-PGD on cross-entropy. Croce & Hein 2020, "Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free
 * Attacks", arXiv:2003.01690, Algorithm 1:  x⁺ = P(x + α(P(x + η·s) − x) + (1 − α)(x − x⁻)) with η = 2ε at first, halved at checkpoints
 * where the loss stalls, from the best point again; in L2 the box comes before the ball, which leaves longer perturbations than the authors' order. In L1: "Mind the Box", arXiv:2103.01208 (sparse steps, three stages of ε).
 * Norms: L∞, L2, L1. White box; targeted or not. N + 1 gradients a sample (N + 3 in L1), fewer where it is won. Proposes the point that won, else the
 * highest.
 */
export const apgdCe = (options: ApgdOptions = {}): Attack<"gradient"> => apgd("apgd-ce", crossEntropy, options);

/** Auto-PGD on the difference of logits ratio, which no scale of the logits flattens: eq. (6) of arXiv:2003.01690. Otherwise as `apgdCe`. */
export const apgdDlr = (options: ApgdOptions = {}): Attack<"gradient"> => apgd("apgd-dlr", dlr, options);

export interface ApgdTargetedOptions extends ApgdOptions {
  /** How many classes to head for, the likeliest of the clean input first; default 9. A model of K classes has K − 1. */
  readonly classes?: number;
}

/**
 * Auto-PGD towards one class after another: targeted DLR, −(z_y − z_t)/(z_π1 − (z_π3 + z_π4)/2), eq. (7) of arXiv:2003.01690. To leave the label for any
 * class is success. With a target of the caller's that is the only class, and y the clean input's own. Otherwise as `apgdCe`.
 */
export function apgdTargeted({ classes = 9, ...schedule }: ApgdTargetedOptions = {}): Attack<"gradient"> {
  checkedSteps(schedule.steps ?? 100);
  return {
    name: "apgd-t",
    access: "gradient",
    kind: "bounded",
    norms: ["linf", "l2", "l1"],
    targets: true,
    async run(victim, batch, threat) {
      function* search(x: Float32Array, given: number, i: number): Search {
        const [clean] = yield [{ point: x }];
        const order = rivals(clean!.logits, given, classes);
        const [label, others] = threat.targeted ? [order[0]!, [given]] : [given, order];
        let top: Climbed | undefined;
        for (const other of others) {
          const climbed = yield* run(x, fold(batch.keys[i]!, other), threat, schedule, (point) => ({
            point,
            loss: dlrTargeted,
            label,
            other,
          }));
          if (climbed.surely) return highest(climbed);
          if (!top || Number(!!climbed.winner) > Number(!!top.winner) || (!top.winner && climbed.best.loss > top.best.loss)) top = climbed;
        }
        return top ? highest(top) : x;
      }
      return [await searchEach(victim, batch, threat.targeted, search)];
    },
  };
}
