/** The user's file run as it is, so many samples at a time as it takes: the source of every verdict. */
import { type DType, fail, floatsOfHalves, rows, size, type Tensor } from "../base/index.ts";
import type { FileProgram } from "../run/index.ts";
import { argmax, asSamples } from "./black-box.ts";
import type { Feeder } from "./entry.ts";
import type { Single } from "./output.ts";

type Floats = Tensor<"float32">;

/** How one output of a file becomes scores. */
export interface Columns {
  readonly classes: number;
  readonly single: Single;
}

export interface Asking {
  readonly file: FileProgram;
  /** Number of the output. */
  readonly output: number;
  /** Samples in a run; of a file with a fixed batch that. */
  readonly batch: number;
  readonly dynamic: boolean;
  readonly feeder: Feeder;
  readonly inputShape: readonly number[];
}

/** Samples run at a time: so many that the inputs stay within 16 MiB. */
export const chunkOf = (shape: readonly number[]): number => Math.max(1, Math.min(250, Math.floor(2 ** 22 / size(shape))));

function filled(part: Floats, batch: number): Floats {
  const shape = [batch, ...part.shape.slice(1)];
  const data = new Float32Array(size(shape));
  data.set(part.data);
  return { dtype: "float32", shape, data };
}

/** What the output says of samples [N, …], in pieces: each the output of a run, and of how many samples it counts. */
export async function* answers(
  { file, output, batch, dynamic, feeder, inputShape }: Asking,
  given: Floats,
): AsyncGenerator<{ readonly answer: Tensor; readonly at: number; readonly count: number }> {
  const all = asSamples(given, inputShape);
  const n = all.shape[0]!;
  for (let at = 0; at < n; at += batch) {
    const part = rows(all, at, Math.min(at + batch, n));
    const count = part.shape[0]!;
    const whole = dynamic || count === batch ? part : filled(part, batch);
    yield { answer: (await file.run([await feeder.run(whole)]))[output]!, at, count };
  }
}

/** An output's numbers as float32, whatever float the file gives. */
export function floatsOf({ dtype, data }: Tensor): Float32Array {
  if (dtype === "float32") return data as Float32Array;
  return dtype === ("float16" satisfies DType) ? floatsOfHalves(data as Uint16Array) : Float32Array.from(data as Float64Array);
}

/**
 * Scores [N, classes] of samples [N, …]. Of one number a sample the first class has what it leaves: 0 beside a logit; beside a probability 1 − p, which
 * is exact where p ≥ ½, so that log p − log(1 − p) is as fine as the file's own p, whose odds end at 2²⁴ : 1.
 */
export async function scoresOf(asking: Asking, { classes, single }: Columns, given: Floats): Promise<Floats> {
  const n = given.shape[0]!;
  const out = new Float32Array(n * classes);
  for await (const { answer, at, count } of answers(asking, given)) {
    const s = floatsOf(answer);
    if (!single) out.set(s.subarray(0, count * classes), at * classes);
    else for (let k = 0; k < count; k++) out.set([single === "probability" ? 1 - s[k]! : 0, s[k]!], 2 * (at + k));
  }
  return { dtype: "float32", shape: [n, classes], data: out };
}

export const labelsOf = async (asking: Asking, columns: Columns, given: Floats): Promise<Int32Array> =>
  argmax(await scoresOf(asking, columns, given));

/** Samples [N, …] to try a file with: a fixed ramp from `low` to `low` + 1, another one in each. */
export const ramp = (shape: readonly number[], low = 0): Floats => ({
  dtype: "float32",
  shape,
  data: Float32Array.from({ length: size(shape) }, (_, i) => low + (i % 17) / 17),
});

/** Where ramps start: a file may take logarithms of its input, or divide by it. */
const STARTS = [0, 1, 100] as const;

/**
 * The first ramp at which the scores are finite, and these. Nothing that is measured on a model without would mean anything.
 * @throws scores-not-finite
 */
export async function finiteRamp(
  shape: readonly number[],
  scores: (x: Floats) => Promise<Floats>,
): Promise<{ readonly probe: Floats; readonly answers: Floats }> {
  let bad: number | undefined;
  for (const start of STARTS) {
    const probe = ramp(shape, start);
    const found = await scores(probe);
    const wrong = found.data.find((v) => !Number.isFinite(v));
    if (wrong === undefined) return { probe, answers: found };
    bad ??= wrong;
  }
  return fail({
    code: "scores-not-finite",
    expected: `a model whose scores are finite at inputs of numbers from ${STARTS.join(", from ")} on`,
    got: `${bad}`,
    mend: "check its weights, and that the export computes what the trained model does",
  });
}
