/** From the user's float32 samples to what the file takes: the declared preprocessing, then the file's own element type. */
import { type DType, fail, onnxType, type Tensor } from "../base/index.ts";
import { type Emit, input, type Value } from "../graph/index.ts";
import { builder } from "../pass/index.ts";
import { compile, type FileProgram, type RunOptions } from "../run/index.ts";
import type { InputMap } from "./preprocessing.ts";

/** Least and largest number that float32 holds exactly and the type holds too. */
const LIMITS: { readonly [D in DType]?: readonly [number, number] } = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  int32: [-(2 ** 24), 2 ** 24],
  int64: [-(2 ** 24), 2 ** 24],
  uint32: [0, 2 ** 24],
  uint64: [0, 2 ** 24],
};

/** Types that a classifier's input may have; float16 is converted where the file is run. */
export const takes = (dtype: DType): boolean =>
  dtype === "float32" || dtype === "float64" || dtype === "float16" || LIMITS[dtype] !== undefined;

/** float32 → `dtype`: whole numbers are the nearest ones within its limits, and the gradient passes the rounding straight through. */
function converted(e: Emit, x: Value, dtype: DType): Value {
  const limits = LIMITS[dtype];
  if (!limits) return dtype === "float64" ? e.Cast(x, { to: onnxType.float64 }) : x;
  const whole = e.node("Round", [x])[0]!;
  return e.Cast(e.Min(e.Max(whole, e.scalar(limits[0], x)), e.scalar(limits[1], x)), { to: onnxType[dtype] });
}

export interface Entry {
  /** Of one sample of the user's. */
  readonly inputShape: readonly number[];
  /** Nothing to do: the file takes the samples as they are. */
  readonly plain: boolean;
  /** The user's float32 [N, …inputShape] → the file's input. */
  emit(e: Emit, x: Value): Value;
}

/** The entry of a file that takes samples of `shape` and `dtype`. */
export function entryOf(dtype: DType, shape: readonly number[], map?: InputMap): Entry {
  if (!takes(dtype))
    fail({
      code: "classifier-input",
      expected: "a classifier whose input is numbers",
      got: dtype,
      mend: "export the model with a float32 input",
    });
  return {
    inputShape: map?.inputShape(shape) ?? shape,
    plain: !map && (dtype === "float32" || dtype === "float16"),
    emit: (e, x) => converted(e, map?.emit(e, x, shape) ?? x, dtype),
  };
}

export interface Feeder {
  run(x: Tensor<"float32">): Promise<Tensor>;
  release(): Promise<void>;
}

/** An entry as a program of its own, in front of the user's file. */
export async function feeder({ plain, inputShape, emit }: Entry, options: RunOptions): Promise<Feeder> {
  if (plain) return { run: async (x) => x, release: async () => {} };
  const e = builder();
  const x = input("float32", [2, ...inputShape], "x", ["N", ...inputShape]);
  const program = await compile({ inputs: [x], outputs: [emit(e, x)] }, { ...options, anyBatch: true });
  return { run: async (given) => (await program.run([given]))[0]!, release: program.release };
}

/** An open file with the feeder in front of it; where that cannot be made, the file is let go of. */
export async function fed(
  file: FileProgram,
  entry: Entry,
  options: RunOptions,
): Promise<{ readonly front: Feeder; release(): Promise<void> }> {
  try {
    const front = await feeder(entry, options);
    return {
      front,
      async release() {
        try {
          await front.release();
        } finally {
          await file.release();
        }
      },
    };
  } catch (error) {
    await file.release();
    throw error;
  }
}
