/** The judge: runs an attack over data and believes only the user's own file. */
import { fail, fold, type Key, seedKey, size, type Tensor, take } from "../base/index.ts";
import { ACCESS, type Access, gives, type LabelModel, type ModelOf } from "../model/index.ts";
import type { Attack, Threat } from "./attack.ts";
import { Court } from "./court.ts";
import { type Constraints, checkLegal, domain } from "./domain.ts";
import { linf, type Norm, norms } from "./norm.ts";
import type { AttackResult, SampleResult } from "./outcome.ts";
import { type Meter, type VictimOptions, victimOf } from "./victim.ts";

export interface AttackOptions<A extends Access = Access> extends VictimOptions {
  readonly attack: Attack<A>;
  /** Default L∞, or the first that the attack works in. */
  readonly norm?: Norm;
  /** Largest perturbation in the data's units. Needed by `bounded` attacks; of `minimal` ones it decides which successes count; `own` threats ignore it. */
  readonly epsilon?: number;
  /** Classes to reach, one a sample; untargeted without. */
  readonly targets?: ArrayLike<number>;
  /** Default 1. Attacks that draw nothing at random run once whatever is said. */
  readonly restarts?: number;
  readonly seed?: number;
  /** Numbers of the samples in a larger set: what is random about a sample follows its number. Default 0, 1, … */
  readonly indices?: ArrayLike<number>;
  /** Valid input values; default [0, 1]. */
  readonly range?: readonly [number, number];
  /** What else an input must be. */
  readonly constraints?: Constraints;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Data {
  readonly x: Tensor<"float32">;
  readonly labels: ArrayLike<number>;
}

const whole = (code: string, what: string, v: number): void => {
  if (!Number.isInteger(v) || v < 1) fail({ code, expected: `a whole ${what} ≥ 1`, got: `${v}`, mend: `pass --${code} 1 or more` });
};

function check(model: LabelModel, { x, labels }: Data, { attack, epsilon, targets, norm, restarts = 1, batch = 1 }: AttackOptions): void {
  if (!gives(model, attack.access))
    fail({
      code: "attack-access",
      expected: `a model that gives ${attack.access}, which ${attack.name} needs`,
      got: `one that gives ${model.access}`,
      mend: `choose an attack that asks for less (${ACCESS.slice(0, ACCESS.indexOf(model.access) + 1).join(", ")})`,
    });
  if (epsilon === undefined ? attack.kind === "bounded" : !(epsilon >= 0))
    fail({
      code: "epsilon",
      expected: "ε ≥ 0",
      got: `${epsilon ?? "none"}`,
      mend: "give the largest perturbation in the units of the data: --epsilon 8/255 where pixels are in [0, 1]",
    });
  if (norm && !attack.norms.includes(norm.name))
    fail({
      code: "attack-norm",
      expected: `${attack.name} in ${attack.norms.join(" or ")}`,
      got: norm.name,
      mend: "choose one of those norms",
    });
  if (targets && !attack.targets)
    fail({
      code: "attack-target",
      expected: `${attack.name} without a target`,
      got: "targets",
      mend: "leave the targets out, or choose an attack that reaches classes",
    });
  whole("restarts", "number of restarts", restarts);
  whole("batch", "batch size", batch);
  checkLabels(labels, x.shape[0]!, model.classes);
  if (targets) checkLabels(targets, x.shape[0]!, model.classes, "targets");
}

/** Refuse labels that are not one class of the model for each of `n` samples. */
export function checkLabels(labels: ArrayLike<number>, n: number, classes: number, what = "labels"): void {
  if (labels.length !== n) fail({ code: "label-count", expected: `${n} ${what}`, got: `${labels.length}`, mend: "give one a sample" });
  const all = Array.from(labels);
  const least = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const bad = all.findIndex((y) => !(Number.isInteger(y) && y >= 0 && y < classes));
  if (bad >= 0)
    fail({
      code: "label-range",
      expected: `${what} 0…${classes - 1}, the classes of the model`,
      got: `${all[bad]} at sample ${bad}`,
      mend:
        least === 1 && all[bad] === classes ? "they seem to start at 1: subtract 1 from each" : "check that data and model belong together",
    });
}

/**
 * Attack every sample of `data` that the model classifies correctly, and judge each candidate on it. Yields each sample's result once it is
 * final; returns them all, with the sums.
 * @throws attack-access, attack-norm, attack-target, epsilon, restarts, batch, label-count, label-range, input-size, input-range
 */
export async function* attackEach<A extends Access>(
  model: ModelOf[A],
  data: Data,
  options: AttackOptions<A>,
): AsyncGenerator<SampleResult, AttackResult> {
  check(model, data, options as unknown as AttackOptions);
  const { attack, seed = 0, range = [0, 1], onProgress } = options;
  // what draws nothing would only repeat itself
  const restarts = attack.deterministic ? 1 : (options.restarts ?? 1);
  const norm = options.norm ?? (attack.norms.includes("linf") ? linf : norms[attack.norms[0]!]);
  const epsilon = options.epsilon ?? Number.POSITIVE_INFINITY;
  if (norm.name === "linf" && options.epsilon !== undefined && options.epsilon > range[1] - range[0] && !options.constraints)
    fail({
      code: "epsilon",
      expected: `ε within the data's range, at most ${range[1] - range[0]}`,
      got: `${options.epsilon}`,
      mend: "give ε in the units of the data: 8/255 where pixels are in [0, 1]",
    });
  const within = domain(model.inputShape, { low: range[0], high: range[1], ...options.constraints });
  const threat: Threat = { norm, epsilon, targeted: options.targets !== undefined, domain: within };
  const court = new Court(model, data, threat, options.targets, attack.kind);
  checkLegal(court.x.data, size(model.inputShape), within);
  await court.open();
  const n = court.n;
  const batch = attack.whole ? Math.max(n, 1) : Math.min(options.batch ?? 128, Math.max(n, 1));
  const meter: Meter<A> = victimOf(model, attack.access, options);
  const root = fold(seedKey(seed), attack.name);
  const again = attack.kind === "minimal" ? (_: number) => true : (i: number) => !court.found.has(i);
  try {
    for (let restart = 0; restart < restarts; restart++) {
      const open = court.standing.filter(again);
      for (let at = 0; at < open.length; at += batch) {
        options.signal?.throwIfAborted();
        const chosen = open.slice(at, at + batch);
        const candidates = await attack.run(
          meter.victim,
          {
            x: take(court.x, chosen),
            labels: Int32Array.from(chosen, (i) => court.about(i)),
            keys: chosen.map((i): Key => fold(fold(root, options.indices?.[i] ?? i), restart)),
            restart,
          },
          threat,
        );
        court.count(chosen, meter.take(chosen.length));
        await court.hear(chosen, candidates);
        onProgress?.(restart * open.length + at + chosen.length, restarts * open.length);
        if (restart === restarts - 1) for (const i of chosen) yield court.result(i);
      }
      const asked = new Set(open);
      if (restart === restarts - 1) for (let i = 0; i < n; i++) if (!asked.has(i)) yield court.result(i);
    }
  } finally {
    await meter.release();
  }
  return court.verdict({ attack: attack.name, epsilon: attack.kind === "own" ? null : (options.epsilon ?? null), range, restarts, seed });
}

/** The same at once. */
export async function attack<A extends Access>(model: ModelOf[A], data: Data, options: AttackOptions<A>): Promise<AttackResult> {
  const each = attackEach(model, data, options);
  for (;;) {
    const step = await each.next();
    if (step.done) return step.value;
  }
}
