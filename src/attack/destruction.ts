/** Whether adversarial inputs outlive what happens to an input on its way to the model. */
import { fold, seedKey, type Tensor } from "../base/index.ts";
import type { LabelModel } from "../model/index.ts";
import { eachRow, row } from "./iterate.ts";
import type { Data } from "./judge.ts";
import type { Transformation } from "./transform/transformation.ts";

export interface DestructionOptions {
  /** Draws of each transformation a sample; default 1. */
  readonly draws?: number;
  readonly seed?: number;
  /** Valid input values; default [0, 1]. */
  readonly range?: readonly [number, number];
}

export interface Destruction {
  readonly transformation: string;
  /** Pairs of a sample that was right when clean and wrong when attacked, and a draw: Σ C(X, y)·¬C(X_adv, y). */
  readonly considered: number;
  /** Of these, those that are right again after the transformation: Σ C(X, y)·¬C(X_adv, y)·C(T(X_adv), y). */
  readonly destroyed: number;
  /** d = destroyed/considered; null where nothing was to destroy. */
  readonly rate: number | null;
  /** Share of the considered whose clean input is right after the same draw: what the transformation alone leaves. */
  readonly cleanKept: number | null;
}

/**
 * Destruction rate. Kurakin, Goodfellow & Bengio 2016, arXiv:1607.02533, §3.1:
 * d = Σ C(X, y)·¬C(X_adv, y)·C(T(X_adv), y) / Σ C(X, y)·¬C(X_adv, y),  C(X, y) = 1 where the model has X right.
 * @param adversarial [N, …], one for each sample of `data`
 */
export async function destruction(
  model: LabelModel,
  data: Data,
  adversarial: Tensor<"float32">,
  transformations: readonly Transformation[],
  { draws = 1, seed = 0, range = [0, 1] }: DestructionOptions = {},
): Promise<readonly Destruction[]> {
  const [x, z] = [model.samples(data.x), model.samples(adversarial)];
  const [clean, attacked] = [await model.labels(x), await model.labels(z)];
  const turned = Array.from(clean, (_, i) => i).filter((i) => clean[i] === data.labels[i] && attacked[i] !== data.labels[i]);
  const root = seedKey(seed);
  const results: Destruction[] = [];
  for (const t of transformations) {
    const right = { clean: 0, adversarial: 0 };
    for (let d = 0; d < draws; d++)
      for (const [what, inputs] of [
        ["clean", x],
        ["adversarial", z],
      ] as const) {
        const part: Tensor<"float32"> = {
          dtype: "float32",
          shape: [turned.length, ...model.inputShape],
          data: new Float32Array(turned.length * row(x, 0).length),
        };
        const after = eachRow(part, (out, k) => {
          const i = turned[k]!;
          const key = fold(fold(fold(root, t.name), i), d);
          out.set(t.draw(key, model.inputShape, range).apply(row(inputs, i)));
        });
        if (turned.length === 0) continue;
        const answers = await model.labels(after);
        right[what] += turned.filter((i, k) => answers[k] === data.labels[i]).length;
      }
    const considered = turned.length * draws;
    const share = (count: number) => (considered > 0 ? count / considered : null);
    results.push({
      transformation: t.name,
      considered,
      destroyed: right.adversarial,
      rate: share(right.adversarial),
      cleanKept: share(right.clean),
    });
  }
  return results;
}
