/** The judge: runs an attack over data and believes only the user's own file. */
import { fail, fold, type Key, seedKey, size, type Tensor, take } from "../base/index.ts";
import { ACCESS, type Access, gives, type LabelModel, type ModelOf } from "../model/index.ts";
import type { Attack, Threat } from "./attack.ts";
import { checkLegal, type Constraints, domain, legalise } from "./domain.ts";
import { row } from "./iterate.ts";
import { linf, type Norm, type NormName, norms } from "./norm.ts";
import { type Meter, type VictimOptions, victimOf } from "./victim.ts";

export interface AttackOptions<A extends Access = Access> extends VictimOptions {
  readonly attack: Attack<A>;
  /** Default L∞, or the first that the attack works in. */
  readonly norm?: Norm;
  /** Largest perturbation in the data's units. Needed by `bounded` attacks; of the others it decides which successes count for the robust accuracy. */
  readonly epsilon?: number;
  /** Classes to reach, one a sample; untargeted without. */
  readonly targets?: ArrayLike<number>;
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

export interface SampleResult {
  readonly index: number;
  readonly label: number;
  /** On the clean input. */
  readonly predicted: number;
  /** On the best candidate: the first that succeeds (the nearest, of a `minimal` attack), else the clean prediction. */
  readonly adversarialPredicted: number;
  /** The file, run on a legal input (inside the ball, where ε was given), was wrong or reached the target. A clean error counts, at distance 0. */
  readonly success: boolean;
  /** Of the adversarial input, in the attack's norm; 0 where there is none. */
  readonly distance: number;
  /** Passes that the attack made for this sample, over all restarts. */
  readonly forwards: number;
  readonly backwards: number;
}

export interface AttackResult {
  readonly n: number;
  readonly cleanAccuracy: number;
  readonly robustAccuracy: number;
  /** null where none was given. */
  readonly epsilon: number | null;
  readonly norm: NormName;
  /** Of the data: candidates are cut to it. */
  readonly range: readonly [number, number];
  readonly attack: string;
  readonly restarts: number;
  readonly seed: number;
  readonly runtime: string;
  /** Over the samples that were right when clean and were turned; null where none was. */
  readonly medianDistance: number | null;
  /** Backward passes, summed over samples, steps and restarts. */
  readonly gradientEvaluations: number;
  readonly forwards: number;
  readonly samples: readonly SampleResult[];
  /** The inputs behind the results: the one that succeeded, else the attack's first candidate; clean where that was wrong already. */
  readonly adversarial: Tensor<"float32">;
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
      mend: "ε is the largest perturbation, in the units of the data ([0, 1] for pixels)",
    });
  if (norm && !attack.norms.includes(norm.name))
    fail({ code: "attack-norm", expected: `${attack.name} in ${attack.norms.join(" or ")}`, got: norm.name, mend: "choose one of those norms" });
  if (targets && !attack.targets)
    fail({ code: "attack-target", expected: `${attack.name} without a target`, got: "targets", mend: "leave the targets out, or choose an attack that reaches classes" });
  whole("restarts", "number of restarts", restarts);
  whole("batch", "batch size", batch);
  checkLabels(labels, x.shape[0]!, model.classes);
  if (targets) checkLabels(targets, x.shape[0]!, model.classes, "targets");
}

/** Refuse labels that are not one class of the model for each of `n` samples. */
export function checkLabels(labels: ArrayLike<number>, n: number, classes: number, what = "labels"): void {
  if (labels.length !== n)
    fail({ code: "label-count", expected: `${n} ${what}`, got: `${labels.length}`, mend: "give one a sample" });
  const all = Array.from(labels);
  const least = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const bad = all.findIndex((y) => !(Number.isInteger(y) && y >= 0 && y < classes));
  if (bad >= 0)
    fail({
      code: "label-range",
      expected: `${what} 0…${classes - 1}, the classes of the model`,
      got: `${all[bad]} at sample ${bad}`,
      mend: least === 1 && all[bad] === classes ? "they seem to start at 1: subtract 1 from each" : "check that data and model belong together",
    });
}

/** How far past the boundary a smallest perturbation is carried where the file, in its own rounding, is not turned yet. */
const OVERSHOOT = [0, 1e-4, 1e-3, 1e-2] as const;

interface Found {
  readonly predicted: number;
  readonly distance: number;
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
  const { attack, restarts = 1, seed = 0, range = [0, 1], onProgress } = options;
  const norm = options.norm ?? (attack.norms.includes("linf") ? linf : norms[attack.norms[0]!]);
  const epsilon = options.epsilon ?? Number.POSITIVE_INFINITY;
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
      if (restart === restarts - 1) for (let i = 0; i < n; i++) if (!open.includes(i)) yield court.result(i);
    }
  } finally {
    await meter.release();
  }
  return court.verdict({ attack: attack.name, epsilon: options.epsilon ?? null, range, restarts, seed });
}

/** The same at once. */
export async function attack<A extends Access>(model: ModelOf[A], data: Data, options: AttackOptions<A>): Promise<AttackResult> {
  const each = attackEach(model, data, options);
  for (;;) {
    const step = await each.next();
    if (step.done) return step.value;
  }
}

/** What is known of every sample, and who decides it. */
class Court {
  readonly x: Tensor<"float32">;
  readonly n: number;
  readonly found = new Map<number, Found>();
  /** Right when clean: worth an attack. */
  standing: number[] = [];
  readonly adversarial: Tensor<"float32">;
  readonly #model: LabelModel;
  readonly #labels: ArrayLike<number>;
  readonly #targets: ArrayLike<number> | undefined;
  readonly #threat: Threat;
  readonly #kind: Attack["kind"];
  readonly #shown = new Set<number>();
  readonly #forwards: Float64Array;
  readonly #backwards: Float64Array;
  #predicted: Int32Array = new Int32Array();

  constructor(model: LabelModel, data: Data, threat: Threat, targets: ArrayLike<number> | undefined, kind: Attack["kind"]) {
    this.x = model.samples(data.x);
    this.n = this.x.shape[0]!;
    this.adversarial = { ...this.x, data: this.x.data.slice() };
    this.#model = model;
    this.#labels = data.labels;
    this.#targets = targets;
    this.#threat = threat;
    this.#kind = kind;
    this.#forwards = new Float64Array(this.n);
    this.#backwards = new Float64Array(this.n);
  }

  /** The class that the attack is about. */
  about(i: number): number {
    return (this.#targets ?? this.#labels)[i]!;
  }

  #wins(i: number, predicted: number): boolean {
    return this.#targets ? predicted === this.#targets[i] : predicted !== this.#labels[i];
  }

  /** Ask the file about the clean inputs. */
  async open(): Promise<void> {
    this.#predicted = await this.#model.labels(this.x);
    for (let i = 0; i < this.n; i++) if (this.#wins(i, this.#predicted[i]!)) this.found.set(i, { predicted: this.#predicted[i]!, distance: 0 });
    this.standing = Array.from({ length: this.n }, (_, i) => i).filter((i) => !this.found.has(i));
  }

  count(chosen: readonly number[], { forwards, backwards }: { forwards: Float64Array; backwards: Float64Array }): void {
    chosen.forEach((i, k) => {
      this.#forwards[i] = this.#forwards[i]! + forwards[k]!;
      this.#backwards[i] = this.#backwards[i]! + backwards[k]!;
    });
  }

  /** Judge candidates: each made legal, then run by the file. */
  async hear(chosen: readonly number[], candidates: readonly Tensor<"float32">[]): Promise<void> {
    const minimal = this.#kind === "minimal";
    for (const candidate of candidates) {
      let left = chosen.map((i, k) => [i, k] as const).filter(([i]) => minimal || !this.found.has(i));
      for (const beyond of minimal ? OVERSHOOT : [0]) {
        if (left.length === 0) break;
        const inputs = take(
          candidate,
          left.map(([, k]) => k),
        );
        left.forEach(([i], k) => {
          this.#legal(row(inputs, k), i, beyond);
        });
        const answers = await this.#model.labels(inputs);
        left = left.filter(([i], k) => !this.#enter(i, row(inputs, k), answers[k]!));
      }
    }
  }

  #legal(z: Float32Array, i: number, beyond: number): void {
    const x = row(this.x, i);
    const { norm, epsilon, domain: within } = this.#threat;
    if (beyond > 0) for (let j = 0; j < z.length; j++) z[j] = x[j]! + (1 + beyond) * (z[j]! - x[j]!);
    legalise(z, x, norm, this.#kind === "bounded" ? epsilon : Number.POSITIVE_INFINITY, within);
  }

  /** Returns whether the file was turned. */
  #enter(i: number, z: Float32Array, answer: number): boolean {
    if (z.some(Number.isNaN)) return false;
    const won = this.#wins(i, answer);
    const x = row(this.x, i);
    // in float64: a difference of float32 numbers, unrounded
    const distance = this.#threat.norm.distance(Float64Array.from(z, (v, j) => v - x[j]!));
    const nearer = won && distance < (this.found.get(i)?.distance ?? Number.POSITIVE_INFINITY);
    if (nearer || !this.#shown.has(i)) row(this.adversarial, i).set(z);
    this.#shown.add(i);
    if (nearer) this.found.set(i, { predicted: answer, distance });
    return won;
  }

  result(index: number): SampleResult {
    const hit = this.found.get(index);
    const predicted = this.#predicted[index]!;
    return {
      index,
      label: this.#labels[index]!,
      predicted,
      adversarialPredicted: hit?.predicted ?? predicted,
      success: hit !== undefined && (this.#kind !== "minimal" || hit.distance <= this.#threat.epsilon),
      distance: hit?.distance ?? 0,
      forwards: this.#forwards[index]!,
      backwards: this.#backwards[index]!,
    };
  }

  verdict(about: Pick<AttackResult, "attack" | "epsilon" | "range" | "restarts" | "seed">): AttackResult {
    const samples = Array.from({ length: this.n }, (_, i) => this.result(i));
    const share = (ok: (s: SampleResult) => boolean) => samples.filter(ok).length / Math.max(this.n, 1);
    const turned = this.standing.flatMap((i) => this.found.get(i)?.distance ?? []).sort((a, b) => a - b);
    const total = (counts: Float64Array) => counts.reduce((a, b) => a + b, 0);
    return {
      n: this.n,
      cleanAccuracy: share((s) => s.predicted === s.label),
      robustAccuracy: share((s) => s.predicted === s.label && !s.success),
      ...about,
      norm: this.#threat.norm.name,
      runtime: this.#model.runtime,
      medianDistance: turned.length > 0 ? turned[turned.length >> 1]! : null,
      gradientEvaluations: total(this.#backwards),
      forwards: total(this.#forwards),
      samples,
      adversarial: this.adversarial,
    };
  }
}
