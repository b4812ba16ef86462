/** The judge: runs an attack over data and believes only the user's own file. */
import { fail, fold, type Key, seedKey, size, type Tensor } from "../base/index.ts";
import type { RunOptions } from "../run/index.ts";
import type { Attack } from "./attack.ts";
import { argmax, atBatch, type Classifier } from "./classifier.ts";
import { logitsOf } from "./logits.ts";
import { type Norm, projectExactly } from "./norm.ts";

export interface AttackOptions extends RunOptions {
  readonly attack: Attack;
  /** For random keys and reports. */
  readonly name: string;
  readonly norm: Norm;
  readonly epsilon: number;
  /** Classes to reach, one a sample; untargeted without. */
  readonly targets?: ArrayLike<number>;
  readonly restarts?: number;
  readonly batch?: number;
  readonly seed?: number;
  /** Valid input values; default [0, 1]. */
  readonly range?: readonly [number, number];
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface SampleResult {
  readonly index: number;
  readonly label: number;
  /** On the clean input. */
  readonly predicted: number;
  /** On the best candidate: the first that succeeds, else the clean prediction. */
  readonly adversarialPredicted: number;
  /** The file, run on an input inside the ball, was wrong (or reached the target). A clean error counts, at distance 0. */
  readonly success: boolean;
  /** Of the adversarial input, in the attack's norm; 0 where there is none. */
  readonly distance: number;
}

export interface AttackResult {
  readonly n: number;
  readonly cleanAccuracy: number;
  readonly robustAccuracy: number;
  readonly epsilon: number;
  readonly norm: Norm["name"];
  /** Of the data: candidates are cut to it. */
  readonly range: readonly [number, number];
  readonly attack: string;
  readonly restarts: number;
  readonly seed: number;
  readonly runtime: string;
  /** Summed over samples, steps and restarts. */
  readonly gradientEvaluations: number;
  readonly samples: readonly SampleResult[];
  /** The inputs behind the results: the one that succeeded, else the attack's first candidate; clean where that was wrong already. */
  readonly adversarial: Tensor<"float32">;
}

interface Data {
  readonly x: Tensor<"float32">;
  readonly labels: ArrayLike<number>;
}

function check({ epsilon, targets, restarts = 1, batch = 1 }: AttackOptions, { x, labels }: Data, classes: number): void {
  if (!(epsilon >= 0))
    fail({
      code: "epsilon",
      expected: "ε ≥ 0",
      got: `${epsilon}`,
      mend: "ε is the largest perturbation, in the units of the data ([0, 1] for pixels)",
    });
  if (!Number.isInteger(restarts) || restarts < 1)
    fail({ code: "restarts", expected: "a whole number of restarts ≥ 1", got: `${restarts}`, mend: "pass --restarts 1 or more" });
  if (!Number.isInteger(batch) || batch < 1)
    fail({ code: "batch", expected: "a whole batch size ≥ 1", got: `${batch}`, mend: "pass --batch 1 or more" });
  if (labels.length !== x.shape[0])
    fail({ code: "label-count", expected: `${x.shape[0]} labels`, got: `${labels.length}`, mend: "give one label a sample" });
  for (const [what, classesOf] of Object.entries({ labels, ...(targets && { targets }) })) {
    if (classesOf.length !== labels.length)
      fail({ code: "label-count", expected: `${labels.length} ${what}`, got: `${classesOf.length}`, mend: "give one a sample" });
    for (let i = 0; i < classesOf.length; i++)
      if (!(classesOf[i]! >= 0 && classesOf[i]! < classes))
        fail({
          code: "label-range",
          expected: `${what} 0…${classes - 1}, the classes of the model`,
          got: `${classesOf[i]} at sample ${i}`,
          mend: "check that data and model belong together",
        });
  }
}

/** Attack every sample of `data` that the file classifies correctly, and judge each candidate on the file. */
export async function attackClassifier(classifier: Classifier, data: Data, options: AttackOptions): Promise<AttackResult> {
  const { attack, name, norm, epsilon, targets, restarts = 1, seed = 0, range = [0, 1], signal, onProgress } = options;
  check(options, data, classifier.classes);
  const n = data.x.shape[0]!;
  const width = size(classifier.inputShape);
  const x = classifier.samples(data.x);
  const predicted = argmax(await classifier.scores(x));
  const adversarial = { ...x, data: x.data.slice() };
  const found = new Map<number, { predicted: number; distance: number }>();
  const wins = (i: number, p: number) => (targets ? p === targets[i] : p !== data.labels[i]);
  for (let i = 0; i < n; i++) if (wins(i, predicted[i]!)) found.set(i, { predicted: predicted[i]!, distance: 0 });

  const batch = classifier.dynamic ? Math.min(options.batch ?? 128, Math.max(n, 1)) : classifier.graph.inputs[0]!.type.shape[0]!;
  const graph = logitsOf(atBatch(classifier, batch));
  const prepared = await attack({ graph, batch, range, run: options }, { norm, epsilon, targeted: targets !== undefined });
  const root = fold(seedKey(seed), name);
  let evaluations = 0;
  try {
    for (let restart = 0; restart < restarts; restart++) {
      const open = Array.from({ length: n }, (_, i) => i).filter((i) => !found.has(i));
      for (let at = 0; at < open.length; at += batch) {
        signal?.throwIfAborted();
        const chosen = open.slice(at, at + batch);
        // a short batch is filled up with its first sample: results never depend on the company
        const filled = Array.from({ length: batch }, (_, k) => chosen[k] ?? chosen[0]!);
        const candidates = await prepared.propose({
          x: gather(x, filled),
          labels: {
            dtype: "int64",
            shape: [batch],
            data: BigInt64Array.from(filled, (i) => BigInt(targets ? targets[i]! : data.labels[i]!)),
          },
          keys: filled.map((i): Key => fold(fold(root, i), restart)),
        });
        evaluations += chosen.length * prepared.gradientEvaluations;
        for (const candidate of candidates) {
          const left = chosen.map((i, k) => [i, k] as const).filter(([i]) => !found.has(i));
          if (left.length === 0) break;
          const inputs = gather(
            candidate,
            left.map(([, k]) => k),
          );
          left.forEach(([i], k) => {
            projectExactly(
              inputs.data.subarray(k * width, (k + 1) * width),
              x.data.subarray(i * width, (i + 1) * width),
              norm,
              epsilon,
              range,
            );
          });
          const answers = argmax(await classifier.scores(inputs));
          left.forEach(([i], k) => {
            const mine = inputs.data.subarray(k * width, (k + 1) * width);
            if (mine.some(Number.isNaN)) return;
            const won = wins(i, answers[k]!);
            if (won || (restart === 0 && candidate === candidates[0])) adversarial.data.set(mine, i * width);
            if (!won) return;
            // in float64: a difference of float32 numbers, unrounded
            const delta = Float64Array.from(mine, (v, j) => v - x.data[i * width + j]!);
            found.set(i, { predicted: answers[k]!, distance: norm.distance(delta) });
          });
        }
        onProgress?.(restart * n + at + chosen.length, restarts * n);
      }
    }
  } finally {
    await prepared.release();
  }

  const samples = Array.from({ length: n }, (_, index): SampleResult => {
    const hit = found.get(index);
    return {
      index,
      label: data.labels[index]!,
      predicted: predicted[index]!,
      adversarialPredicted: hit?.predicted ?? predicted[index]!,
      success: hit !== undefined,
      distance: hit?.distance ?? 0,
    };
  });
  const share = (ok: (s: SampleResult) => boolean) => samples.filter(ok).length / Math.max(n, 1);
  return {
    n,
    cleanAccuracy: share((s) => s.predicted === s.label),
    robustAccuracy: share((s) => s.predicted === s.label && !s.success),
    epsilon,
    norm: norm.name,
    range,
    attack: name,
    restarts,
    seed,
    runtime: classifier.runtime,
    gradientEvaluations: evaluations,
    samples,
    adversarial,
  };
}

function gather(t: Tensor<"float32">, indices: readonly number[]): Tensor<"float32"> {
  const w = size(t.shape.slice(1));
  const data = new Float32Array(indices.length * w);
  indices.forEach((i, k) => {
    data.set(t.data.subarray(i * w, (i + 1) * w), k * w);
  });
  return { dtype: "float32", shape: [indices.length, ...t.shape.slice(1)], data };
}
