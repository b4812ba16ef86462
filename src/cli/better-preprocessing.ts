/** A clean accuracy that another preprocessing would raise: said before anyone believes what an attack makes of it. */
import { rows } from "../base/index.ts";
import type { Dataset } from "../data/index.ts";
import { type LabelModel, type OpenOptions, sweepPreprocessing } from "../model/index.ts";
import type { ModelFile } from "../run/index.ts";
import { percent } from "./output.ts";

/** Samples that are tried. */
const MOST = 100;

/** Accuracy gained that is worth a word, with twice the standard error of a share on top. */
const worth = (n: number): number => 0.1 + 1 / Math.sqrt(n);

/** Declarations that are named where several do as well. */
const NAMED = 3;

/**
 * Which of the usual preprocessings (`sweepPreprocessing`) make the file clearly more accurate than it is as it was opened, in words: `with --scale 255 it
 * is 97.50 %`; null where none does, and of a file that tells only classes.
 */
export async function betterPreprocessing(
  model: LabelModel,
  file: ModelFile,
  data: Dataset,
  { preprocessing: _, ...options }: OpenOptions,
): Promise<string | null> {
  if (model.access === "labels") return null;
  const n = Math.min(data.y.length, MOST);
  const answers = await model.labels(model.samples(rows(data.x, 0, n)));
  const accuracy = answers.filter((c, i) => c === data.y[i]).length / n;
  const found = await sweepPreprocessing(file, { x: data.x, labels: data.y }, { ...options, limit: n });
  const best = found[0]!;
  if (best.chance || best.accuracy < accuracy + worth(n)) return null;
  const asGood = found.filter((f) => f.accuracy >= best.accuracy - 1 / best.n).slice(0, NAMED);
  return `with ${asGood.map((f) => f.declaration).join(", or ")}${asGood.length > 1 ? " (choose what the model was trained with)" : ""} it is ${percent(best.accuracy)} of the first ${best.n}`;
}
