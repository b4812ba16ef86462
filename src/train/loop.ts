/** The loop around a training step: epochs, metrics, checkpoints, early stopping, interruption and resumption. */
import { fail, type Tensor } from "../base/index.ts";
import { openRun, type Run } from "./run-folder.ts";

/** What is trained. The loop knows nothing else of it. */
export interface Trainee {
  readonly stepsPerEpoch: number;
  /** One step; `step` counts from 0 over the whole training. Everything random in it is a function of these numbers. */
  step(at: Position): Promise<Readonly<Record<string, number>>>;
  /** After each epoch. */
  evaluate(epoch: number): Promise<Readonly<Record<string, number>>>;
  /** All that changes from step to step. */
  tensors(): Readonly<Record<string, Tensor>>;
  restore(tensors: Readonly<Record<string, Tensor>>): void;
  /** Name what made a metric NaN or infinite at this step: the first operator whose output is not finite. */
  blame(at: Position): Promise<string>;
}

export interface Position {
  readonly epoch: number;
  /** Step within the epoch. */
  readonly index: number;
  readonly step: number;
}

export interface Progress extends Position {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly secondsLeft: number;
}

export interface LoopOptions {
  readonly epochs: number;
  /** Run folder: metrics and checkpoints. Nothing is written without one. */
  readonly folder?: string;
  /** Go on from the folder's last checkpoint. */
  readonly resume?: boolean;
  /** Kept in the folder; a resumed run must have the same. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Metric of `evaluate` that picks the best checkpoint (larger is better). */
  readonly monitor?: string;
  /** Stop after this many epochs without improvement of the monitor. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly onEpoch?: (epoch: number, metrics: Readonly<Record<string, number>>) => void;
}

export interface LoopResult {
  readonly epochs: number;
  readonly steps: number;
  readonly best: { readonly epoch: number; readonly value: number } | null;
  /** Means of the step metrics and results of `evaluate`, by epoch. */
  readonly history: readonly Readonly<Record<string, number>>[];
  readonly stopped: "finished" | "patience";
}

/** What a checkpoint holds beside the tensors. */
interface Bookmark {
  readonly epoch: number;
  readonly index: number;
  readonly sums: Readonly<Record<string, number>>;
  readonly history: readonly Readonly<Record<string, number>>[];
  readonly best: LoopResult["best"];
}

/** Train until the epochs are done, patience runs out, or the signal asks to stop (the state is then saved first). */
export async function loop(trainee: Trainee, options: LoopOptions): Promise<LoopResult> {
  const run = options.folder ? await openRun(options.folder, { config: options.config ?? {}, resume: options.resume ?? false }) : null;
  try {
    return await epochs(trainee, options, run);
  } finally {
    await run?.close();
  }
}

async function epochs(trainee: Trainee, options: LoopOptions, run: Run | null): Promise<LoopResult> {
  const { epochs: total, monitor, patience = Number.POSITIVE_INFINITY, signal, onProgress, onEpoch } = options;
  const { stepsPerEpoch } = trainee;
  let mark: Bookmark = { epoch: 0, index: 0, sums: {}, history: [], best: null };
  const found = await run?.load("last");
  if (found) {
    trainee.restore(found.tensors);
    mark = found.json as unknown as Bookmark;
    await run!.log.rewind(mark.epoch * stepsPerEpoch + mark.index);
  }
  const history = [...mark.history];
  let { best } = mark;
  const save = (which: "last" | "best", at: { epoch: number; index: number; sums: Record<string, number> }) =>
    run?.save(which, { tensors: trainee.tensors(), json: { ...at, history, best }, step: at.epoch * stepsPerEpoch + at.index });
  const clock = timer();
  for (let epoch = mark.epoch; epoch < total; epoch++) {
    const sums: Record<string, number> = epoch === mark.epoch ? { ...mark.sums } : {};
    for (let index = epoch === mark.epoch ? mark.index : 0; index < stepsPerEpoch; index++) {
      const at = { epoch, index, step: epoch * stepsPerEpoch + index };
      if (signal?.aborted) {
        await save("last", { epoch, index, sums });
        fail({
          code: "interrupted",
          expected: `${total} epochs`,
          got: `an interruption at epoch ${epoch + 1}, step ${index} of ${stepsPerEpoch}`,
          mend: run ? `nothing is lost: go on with --resume ${run.folder}` : "give the run a folder (--out) to be able to resume",
        });
      }
      const metrics = await trainee.step(at);
      const broken = Object.entries(metrics).find(([, v]) => !Number.isFinite(v));
      if (broken)
        fail({
          code: "diverged",
          expected: "finite numbers",
          got: `${broken[0]} = ${broken[1]} at epoch ${epoch + 1}, step ${index}, first in ${await trainee.blame(at)}`,
          mend: `lower the learning rate or clip the gradient${run ? `; the last good checkpoint is kept in ${run.folder}` : ""}`,
        });
      for (const [k, v] of Object.entries(metrics)) sums[k] = (sums[k] ?? 0) + v;
      await run?.log.write(at.step, metrics);
      onProgress?.({
        ...at,
        epochs: total,
        stepsPerEpoch,
        metrics,
        secondsLeft: clock.left(at.step + 1 - mark.epoch * stepsPerEpoch - mark.index, (total - mark.epoch) * stepsPerEpoch - mark.index),
      });
    }
    const means = Object.fromEntries(Object.entries(sums).map(([k, v]) => [k, v / stepsPerEpoch]));
    const evaluated = await trainee.evaluate(epoch);
    await run?.log.write((epoch + 1) * stepsPerEpoch - 1, evaluated);
    history.push({ ...means, ...evaluated });
    const value = monitor === undefined ? undefined : evaluated[monitor];
    const improved = value !== undefined && (best === null || value > best.value);
    if (improved) best = { epoch, value };
    if (improved) await save("best", { epoch: epoch + 1, index: 0, sums: {} });
    await save("last", { epoch: epoch + 1, index: 0, sums: {} });
    onEpoch?.(epoch, history.at(-1)!);
    if (best && epoch - best.epoch >= patience)
      return { epochs: epoch + 1, steps: (epoch + 1) * stepsPerEpoch, best, history, stopped: "patience" };
  }
  return { epochs: total, steps: total * stepsPerEpoch, best, history, stopped: "finished" };
}

/** Seconds left, from the pace so far. */
function timer() {
  const start = performance.now();
  return { left: (done: number, all: number) => ((performance.now() - start) / 1000 / Math.max(done, 1)) * (all - done) };
}
