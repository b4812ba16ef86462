/** Where candidates are heard: each is made legal, then run by the model, whose word is the last. */
import { type Tensor, take } from "../base/index.ts";
import type { LabelModel } from "../model/index.ts";
import { refuseNaN } from "./answers.ts";
import type { Attack, Threat } from "./attack.ts";
import { legalise } from "./domain.ts";
import { row } from "./iterate.ts";
import type { AttackResult, SampleResult } from "./outcome.ts";

/** How far past the boundary a smallest perturbation is carried where the file, in its own rounding, is not turned yet. */
const OVERSHOOT = [0, 1e-4, 1e-3, 1e-2] as const;

interface Found {
  readonly predicted: number;
  readonly distance: number;
}

/** What is known of every sample, and who decides it. */
export class Court {
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
  /** ε; on a lattice a share more, as the float32 numbers nearest to its levels may lie that much beyond (see `legalise`). */
  readonly #reach: number;

  constructor(
    model: LabelModel,
    data: { readonly x: Tensor<"float32">; readonly labels: ArrayLike<number> },
    threat: Threat,
    targets: ArrayLike<number> | undefined,
    kind: Attack["kind"],
  ) {
    this.x = model.samples(data.x);
    this.n = this.x.shape[0]!;
    this.adversarial = { ...this.x, data: this.x.data.slice() };
    this.#model = model;
    this.#labels = data.labels;
    this.#targets = targets;
    this.#threat = threat;
    this.#kind = kind;
    this.#reach = threat.epsilon * (threat.domain.step.some((s) => s > 0) ? 1 + 1e-6 : 1);
    this.#forwards = new Float64Array(this.n);
    this.#backwards = new Float64Array(this.n);
  }

  /** The class that the attack is about. */
  about(i: number): number {
    return (this.#targets ?? this.#labels)[i]!;
  }

  /** Answers that are no class (−1) leave the label: the model has failed there. */
  #wins(i: number, predicted: number): boolean {
    return this.#targets ? predicted === this.#targets[i] : predicted !== this.#labels[i];
  }

  /** A sample whose target is its own class: nothing to reach. */
  #idle = (i: number): boolean => this.#targets?.[i] === this.#labels[i];

  /** Ask the file about the clean inputs. */
  async open(): Promise<void> {
    this.#predicted = await this.#model.labels(this.x);
    refuseNaN(this.#predicted);
    for (let i = 0; i < this.n; i++)
      if (!this.#idle(i) && this.#wins(i, this.#predicted[i]!)) this.found.set(i, { predicted: this.#predicted[i]!, distance: 0 });
    this.standing = Array.from({ length: this.n }, (_, i) => i).filter((i) => !this.found.has(i) && !this.#idle(i));
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
    const inside = this.#kind === "own" || distance <= this.#reach;
    // legal candidates of a bounded attack are inside; what is not would be our mistake, and no success
    if (this.#kind === "bounded" && !inside) return false;
    const nearer = won && distance < (this.found.get(i)?.distance ?? Number.POSITIVE_INFINITY);
    if (inside && (nearer || !this.#shown.has(i))) row(this.adversarial, i).set(z);
    if (inside) this.#shown.add(i);
    if (nearer) this.found.set(i, { predicted: answer, distance });
    return won;
  }

  result(index: number): SampleResult {
    const hit = this.found.get(index);
    const predicted = this.#predicted[index]!;
    const success = hit !== undefined && (this.#kind !== "minimal" || hit.distance <= this.#reach);
    return {
      index,
      label: this.#labels[index]!,
      predicted,
      adversarialPredicted: success ? hit.predicted : predicted,
      success,
      distance: hit?.distance ?? null,
      forwards: this.#forwards[index]!,
      backwards: this.#backwards[index]!,
    };
  }

  verdict(about: Pick<AttackResult, "attack" | "epsilon" | "range" | "restarts" | "seed">): AttackResult {
    const samples = Array.from({ length: this.n }, (_, i) => this.result(i));
    const share = (ok: (s: SampleResult) => boolean) => samples.filter(ok).length / Math.max(this.n, 1);
    const distances = this.standing.map((i) => this.found.get(i)?.distance ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
    const median = distances[distances.length >> 1] ?? Number.POSITIVE_INFINITY;
    const total = (counts: Float64Array) => counts.reduce((a, b) => a + b, 0);
    return {
      n: this.n,
      cleanAccuracy: share((s) => s.predicted === s.label),
      robustAccuracy: share((s) => s.predicted === s.label && !s.success),
      ...about,
      norm: this.#threat.norm.name,
      runtime: this.#model.runtime,
      medianDistance: median < Number.POSITIVE_INFINITY ? median : null,
      gradientEvaluations: total(this.#backwards),
      forwards: total(this.#forwards),
      samples,
      adversarial: this.adversarial,
    };
  }
}
