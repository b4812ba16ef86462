/** The cascade: each stage attacks what the stages before it left, and every sample keeps the worst that was found for it. */
import { type AttackOptions, type AttackResult, attackEach, type Data, row, type SampleResult } from "../attack/index.ts";
import { size, type Tensor, take } from "../base/index.ts";
import type { LabelModel } from "../model/index.ts";
import type { Ensemble } from "./ensemble.ts";
import type { Unit, Units } from "./units.ts";

export interface SampleRecord {
  readonly index: number;
  readonly label: number;
  /** On the clean input. */
  readonly predicted: number;
  /** Right when clean, and no stage turned it. */
  readonly robust: boolean;
  /** The stage that turned it; null where none did, or it was wrong when clean. */
  readonly turnedBy: string | null;
  readonly adversarialPredicted: number;
  /** null where no stage turned it. */
  readonly distance: number | null;
  /** Passes that all stages made for this sample. */
  readonly forwards: number;
  readonly backwards: number;
}

export interface StageRecord {
  readonly name: string;
  readonly recipe: string;
  readonly attacked: number;
  readonly turned: number;
  /** Of all samples, after this stage. */
  readonly robustAccuracy: number;
  readonly forwards: number;
  readonly backwards: number;
}

export interface CascadeResult {
  readonly samples: readonly SampleRecord[];
  readonly stages: readonly StageRecord[];
  /** [n, …]: what was found for each sample, clean where nothing was. */
  readonly adversarial: Tensor<"float32">;
}

export interface CascadeOptions extends Omit<AttackOptions, "attack" | "onProgress"> {
  readonly ensemble: Ensemble;
  readonly units: Units;
  /** Of the clean samples. */
  readonly predicted: Int32Array;
  readonly onProgress?: (stage: string, done: number, total: number, robust: number) => void;
}

/** Run all stages, a unit of samples at a time; what `units` has is not done again. */
export async function* cascade(model: LabelModel, data: Data, options: CascadeOptions): AsyncGenerator<SampleRecord, CascadeResult> {
  const { ensemble, units, predicted, onProgress, batch = 128, ...rest } = options;
  const n = data.x.shape[0]!;
  const ledger = new Ledger(data, predicted);
  const stages: StageRecord[] = [];
  for (const { name, recipe, attack } of ensemble.stages) {
    const open = ledger.standing();
    const before = { forwards: ledger.forwards, backwards: ledger.backwards, robust: open.length };
    const known = units.done.filter((u) => u.stage === name);
    for (const unit of known) yield* ledger.enter(unit);
    const finished = new Set(known.flatMap((u) => u.indices));
    const left = open.filter((i) => !finished.has(i));
    for (let at = 0; at < left.length; at += batch) {
      rest.signal?.throwIfAborted();
      const indices = left.slice(at, at + batch);
      const run = { ...rest, batch, attack, indices } as unknown as AttackOptions;
      const found = await drained(attackEach(model as never, part(data, indices), run as never));
      const unit: Unit = {
        stage: name,
        indices,
        results: found.samples.map((s, k) => ({ ...s, index: indices[k]! })),
        adversarial: found.adversarial,
      };
      await units.add(unit);
      yield* ledger.enter(unit);
      onProgress?.(name, finished.size + at + indices.length, open.length, ledger.standing().length);
    }
    const robust = ledger.standing().length;
    stages.push({
      name,
      recipe,
      attacked: open.length,
      turned: before.robust - robust,
      robustAccuracy: robust / n,
      forwards: ledger.forwards - before.forwards,
      backwards: ledger.backwards - before.backwards,
    });
  }
  return { samples: ledger.records(), stages, adversarial: ledger.adversarial };
}

async function drained(each: AsyncGenerator<SampleResult, AttackResult>): Promise<AttackResult> {
  for (;;) {
    const step = await each.next();
    if (step.done) return step.value;
  }
}

const part = ({ x, labels }: Data, indices: readonly number[]): Data => ({ x: take(x, indices), labels: indices.map((i) => labels[i]!) });

/** What is known of every sample. */
class Ledger {
  readonly adversarial: Tensor<"float32">;
  forwards = 0;
  backwards = 0;
  readonly #records: SampleRecord[];

  constructor({ x, labels }: Data, predicted: Int32Array) {
    this.adversarial = { dtype: "float32", shape: x.shape, data: x.data.slice() };
    this.#records = Array.from(predicted, (p, index) => ({
      index,
      label: labels[index]!,
      predicted: p,
      robust: p === labels[index],
      turnedBy: null,
      adversarialPredicted: p,
      distance: null,
      forwards: 0,
      backwards: 0,
    }));
  }

  standing = (): number[] => this.#records.filter((r) => r.robust).map((r) => r.index);
  records = (): readonly SampleRecord[] => this.#records;

  /** Take in a unit; yields the samples that it turned. */
  *enter({ stage, indices, results, adversarial }: Unit): Generator<SampleRecord> {
    const width = size(this.adversarial.shape.slice(1));
    for (const [k, i] of indices.entries()) {
      const old = this.#records[i]!;
      const { success, adversarialPredicted, distance, forwards, backwards } = results[k]!;
      this.forwards += forwards;
      this.backwards += backwards;
      const passes = { forwards: old.forwards + forwards, backwards: old.backwards + backwards };
      if (!success) {
        this.#records[i] = { ...old, ...passes };
        continue;
      }
      this.adversarial.data.set(row(adversarial, k), i * width);
      this.#records[i] = { ...old, ...passes, robust: false, turnedBy: stage, adversarialPredicted, distance };
      yield this.#records[i]!;
    }
  }
}
