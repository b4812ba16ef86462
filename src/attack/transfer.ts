/** What is made on one model, tried on others. */
import type { Access, LabelModel, ModelOf } from "../model/index.ts";
import { type AttackOptions, attack, type Data } from "./judge.ts";
import type { AttackResult } from "./outcome.ts";

export interface Transfer {
  readonly source: string;
  readonly target: string;
  readonly n: number;
  /** Samples that the target has wrong (or at the goal) when clean: they count for nothing below. */
  readonly cleanErrors: number;
  readonly cleanErrorRate: number;
  /** Samples that the target has right when clean. */
  readonly considered: number;
  /** Of these, those that were attacked, because the source had them right too. */
  readonly attacked: number;
  /** Of the considered, those that the target has wrong (or at the goal) on the source's adversarial inputs. */
  readonly turned: number;
  /** turned/considered; null where there is none. */
  readonly rate: number | null;
}

export interface TransferResult {
  /** A row a source, a column a target, in the order given. */
  readonly matrix: readonly (readonly Transfer[])[];
  /** What was made on each source. */
  readonly made: Readonly<Record<string, AttackResult>>;
}

/**
 * Transfer: attack every source, then ask every target's own file about the inputs made. Szegedy et al. 2013, arXiv:1312.6199, §4.2;
 * Papernot, McDaniel & Goodfellow 2016, arXiv:1605.07277. A target only has to tell labels. Success is what the judge calls one: the label left, or with
 * targets the goal reached, of samples where the target was right before.
 * @param data,options as of `attack`, the same for all sources
 * @throws what `attack` throws
 */
export async function transfer<A extends Access>(
  sources: Readonly<Record<string, ModelOf[A]>>,
  targets: Readonly<Record<string, LabelModel>>,
  data: Data,
  options: AttackOptions<A>,
): Promise<TransferResult> {
  const clean: Record<string, Int32Array> = {};
  for (const [name, model] of Object.entries(targets)) clean[name] = await model.labels(model.samples(data.x));
  const wins = (i: number, answer: number) => (options.targets ? answer === options.targets[i] : answer !== data.labels[i]);
  const made: Record<string, AttackResult> = {};
  const matrix: Transfer[][] = [];
  for (const [source, model] of Object.entries(sources)) {
    const result = await attack(model, data, options);
    made[source] = result;
    const line: Transfer[] = [];
    for (const [target, other] of Object.entries(targets)) {
      const after = await other.labels(other.samples(result.adversarial));
      const before = clean[target]!;
      const considered = result.samples.filter(({ index: i, label }) => before[i] === label && !wins(i, before[i]!));
      const turned = considered.filter(({ index: i }) => wins(i, after[i]!)).length;
      line.push({
        source,
        target,
        n: result.n,
        cleanErrors: result.n - considered.length,
        cleanErrorRate: (result.n - considered.length) / Math.max(result.n, 1),
        considered: considered.length,
        attacked: considered.filter(({ index: i, predicted }) => !wins(i, predicted)).length,
        turned,
        rate: considered.length > 0 ? turned / considered.length : null,
      });
    }
    matrix.push(line);
  }
  return { matrix, made };
}
