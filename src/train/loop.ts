/** The loop around a training step: epochs, metrics, checkpoints, early stopping, interruption and resumption. */
import { fail, type Tensor } from "../base/index.ts";
import { STRIDE } from "../run/index.ts";
import { openRun, type Run } from "./run-folder.ts";

/** What is trained. The loop knows nothing else of it. */
export interface Trainee {
  readonly stepsPerEpoch: number;
  /**
   * One step, or STRIDE of them: metrics of each. `step` counts from 0 over the whole training; everything random in a
   * step is a function of these numbers.
   */
  steps(at: readonly Position[]): Promise<readonly Readonly<Record<string, number>>[]>;
  /** After each epoch. */
  evaluate(epoch: number): Promise<Readonly<Record<string, number>>>;
  /** The state now is the best so far, by the monitor. */
  keep?(): void;
  /** All that changes from step to step. */
  tensors(): Readonly<Record<string, Tensor>>;
  restore(tensors: Readonly<Record<string, Tensor>>): void;
  /** Name what made a metric NaN or infinite at the last of these steps, the first of which began the last `steps`. */
  blame(at: readonly Position[]): Promise<string>;
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
  /** Stop after so many steps, if that is within the epochs: the last of them is then cut short. */
  readonly steps?: number;
  /** Run folder: metrics and checkpoints. Nothing is written without one. */
  readonly folder?: string;
  /** Go on from the folder's last checkpoint. */
  readonly resume?: boolean;
  /** Kept in the folder; a resumed run must have the same. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Keys of `config` that a resumed run may have larger: it goes on for longer. */
  readonly growing?: readonly string[];
  /** Metric of `evaluate` that picks the best checkpoint (larger is better). */
  readonly monitor?: string;
  /** Stop after this many epochs without improvement of the monitor. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
  /** Told of damaged checkpoints that are passed over; default `console.warn`. */
  readonly onWarning?: (text: string) => void;
  /** Told of each step by `loop`; `stepping` yields them instead. */
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
  const each = stepping(trainee, options);
  for (;;) {
    const next = await each.next();
    if (next.done) return next.value;
    options.onProgress?.(next.value);
  }
}

/** The same, step by step. Whoever stops listening stops the training, and its state is saved as on an interruption. */
export async function* stepping(trainee: Trainee, options: LoopOptions): AsyncGenerator<Progress, LoopResult> {
  const run = options.folder
    ? await openRun(options.folder, {
        config: options.config ?? {},
        resume: options.resume ?? false,
        growing: options.growing,
        onWarning: options.onWarning,
      })
    : null;
  try {
    return yield* epochs(trainee, options, run);
  } finally {
    await run?.close();
  }
}

async function* epochs(trainee: Trainee, options: LoopOptions, run: Run | null): AsyncGenerator<Progress, LoopResult> {
  const { epochs: most, monitor, patience = Number.POSITIVE_INFINITY, signal, onEpoch } = options;
  const { stepsPerEpoch } = trainee;
  const allSteps = Math.min(options.steps ?? Number.POSITIVE_INFINITY, most * stepsPerEpoch);
  const total = Math.ceil(allSteps / stepsPerEpoch);
  const stepsIn = (epoch: number) => Math.min(stepsPerEpoch, allSteps - epoch * stepsPerEpoch);
  let mark: Bookmark = { epoch: 0, index: 0, sums: {}, history: [], best: null };
  const found = await run?.load("last");
  if (found) {
    trainee.restore(found.tensors);
    mark = found.json as unknown as Bookmark;
  }
  // without a checkpoint the run begins anew
  await run?.log.rewind(mark.epoch * stepsPerEpoch + mark.index);
  const history = [...mark.history];
  let { best } = mark;
  const save = (which: "last" | "best", at: { epoch: number; index: number; sums: Record<string, number> }) =>
    run?.save(which, { tensors: trainee.tensors(), json: { ...at, history, best }, step: at.epoch * stepsPerEpoch + at.index });
  const clock = timer();
  const impatient = (epochs: number) => best !== null && epochs - 1 - best.epoch >= patience;
  const result = (done: number, stopped: LoopResult["stopped"]): LoopResult => ({
    epochs: done,
    steps: Math.min(done * stepsPerEpoch, allSteps),
    best,
    history,
    stopped,
  });
  // a run that had stopped stays stopped
  if (mark.index === 0 && impatient(mark.epoch)) return result(mark.epoch, "patience");
  for (let epoch = mark.epoch; epoch < total; epoch++) {
    const sums: Record<string, number> = epoch === mark.epoch ? { ...mark.sums } : {};
    let index = epoch === mark.epoch ? mark.index : 0;
    const count = stepsIn(epoch);
    while (index < count) {
      if (signal?.aborted) {
        await save("last", { epoch, index, sums });
        fail({
          code: "interrupted",
          expected: `${total} epochs`,
          got: `an interruption at epoch ${epoch + 1}, step ${index} of ${count}`,
          mend: run ? `nothing is lost: go on with --resume ${run.folder}` : "give the run a folder (--out) to be able to resume",
        });
      }
      const positions = stride(epoch, index, stepsPerEpoch, count);
      const made: Progress[] = [];
      for (const [k, metrics] of (await trainee.steps(positions)).entries()) {
        const at = positions[k]!;
        const broken = Object.entries(metrics).find(([, v]) => !Number.isFinite(v));
        if (broken) diverged(broken, `epoch ${epoch + 1}, step ${at.index}`, await trainee.blame(positions.slice(0, k + 1)), run);
        for (const [name, v] of Object.entries(metrics)) sums[name] = (sums[name] ?? 0) + v;
        await run?.log.write(at.step, metrics);
        const before = mark.epoch * stepsPerEpoch + mark.index;
        made.push({
          ...at,
          epochs: total,
          stepsPerEpoch,
          metrics,
          secondsLeft: clock.left(at.step + 1 - before, allSteps - before),
        });
      }
      index += positions.length;
      let heard = 0;
      try {
        for (const progress of made) {
          yield progress;
          heard++;
        }
      } finally {
        // nobody listens any more
        if (heard < made.length) await save("last", { epoch, index, sums });
      }
    }
    const means = Object.fromEntries(Object.entries(sums).map(([k, v]) => [k, v / count]));
    const evaluated = await trainee.evaluate(epoch);
    // the last step's own metrics were taken before its update
    const lost = [...Object.entries(evaluated), ...unfinite(trainee.tensors())].find(([, v]) => !Number.isFinite(v));
    if (lost) diverged(lost, `the end of epoch ${epoch + 1}`, null, run);
    await run?.log.write(epoch * stepsPerEpoch + count - 1, evaluated);
    if (count < stepsPerEpoch) {
      // cut short: a longer training goes on in the middle of this epoch
      await save("last", { epoch, index: count, sums });
      history.push({ ...means, ...evaluated });
      onEpoch?.(epoch, history.at(-1)!);
      return result(total, "finished");
    }
    history.push({ ...means, ...evaluated });
    const value = monitor === undefined ? undefined : evaluated[monitor];
    const improved = value !== undefined && (best === null || value > best.value);
    if (improved) {
      best = { epoch, value };
      trainee.keep?.();
    }
    if (improved) await save("best", { epoch: epoch + 1, index: 0, sums: {} });
    await save("last", { epoch: epoch + 1, index: 0, sums: {} });
    onEpoch?.(epoch, history.at(-1)!);
    if (impatient(epoch + 1)) return result(epoch + 1, "patience");
  }
  return result(total, "finished");
}

function diverged([name, value]: readonly [string, number], where: string, culprit: string | null, run: Run | null): never {
  return fail({
    code: "diverged",
    expected: "finite numbers",
    got: `${name} = ${value} at ${where}${culprit ? `, first in ${culprit}` : ""}`,
    mend: `lower the learning rate or clip the gradient${run ? `; what was saved before is kept in ${run.folder}` : ""}`,
  });
}

/** The first number of each tensor that is NaN or infinite. */
function* unfinite(tensors: Readonly<Record<string, Tensor>>): Generator<readonly [string, number]> {
  for (const [name, { dtype, data }] of Object.entries(tensors)) {
    if (dtype !== "float32") continue;
    const bad = (data as Float32Array).find((v) => !Number.isFinite(v));
    if (bad !== undefined) yield [name, bad];
  }
}

/** The next steps to be run at once: STRIDE of them, always from the same places, so that a resumed run takes the same strides. */
function stride(epoch: number, index: number, stepsPerEpoch: number, end: number): Position[] {
  const count = index % STRIDE === 0 && index + STRIDE <= end ? STRIDE : 1;
  return Array.from({ length: count }, (_, k) => ({ epoch, index: index + k, step: epoch * stepsPerEpoch + index + k }));
}

/** Seconds left, from the pace so far. */
function timer() {
  const start = performance.now();
  return { left: (done: number, all: number) => ((performance.now() - start) / 1000 / Math.max(done, 1)) * (all - done) };
}
