/** Models that are only asked: a service, another runtime, anything that answers. */
import { fail, sameShape, size, type Tensor } from "../base/index.ts";
import type { LabelModel, ScoreModel } from "./access.ts";

interface BlackBox {
  readonly classes: number;
  /** Of one sample. */
  readonly inputShape: readonly number[];
  /** For reports. */
  readonly name?: string;
}

/** Index of the largest score of each row; −1, which is no class, where one is NaN. */
export function argmax({ shape, data }: Tensor<"float32">): Int32Array {
  const k = shape[1]!;
  return Int32Array.from({ length: shape[0]! }, (_, i) => {
    let best = 0;
    for (let j = 0; j < k; j++) {
      if (Number.isNaN(data[i * k + j])) return -1;
      if (data[i * k + j]! > data[i * k + best]!) best = j;
    }
    return best;
  });
}

/** Whether every row lies in [0, 1] and sums to 1, within 1e-4. */
export function areProbabilities({ shape, data }: Tensor<"float32">): boolean {
  const k = shape[1]!;
  for (let i = 0; i < shape[0]!; i++) {
    let sum = 0;
    for (let j = 0; j < k; j++) {
      const p = data[i * k + j]!;
      if (!(p >= -1e-5 && p <= 1 + 1e-5)) return false;
      sum += p;
    }
    if (Math.abs(sum - 1) > 1e-4) return false;
  }
  return true;
}

/** What to do so that samples of the shape `given` fit a model that takes `wanted`. */
function mending(given: readonly number[], wanted: readonly number[]): string {
  const [channels, height, width] = given;
  const images = given.length === 3 && wanted.length === 3;
  const last = images && channels === wanted[2] && channels! < wanted[0]!;
  if (last && height === wanted[0] && width === wanted[1]) return "declare the order of axes that the file takes (--layout nhwc)";
  if (sameShape([...given].sort(), [...wanted].sort())) return "bring the data to that order of axes";
  if (last || (images && channels === wanted[0]))
    return `declare the size of the images, to be brought to the file's (--resize ${height},${width}${last ? " --layout nhwc" : ""})`;
  return "use the data the model was trained on";
}

/** Samples [N, …] as a model with samples of `inputShape` takes them. */
export function asSamples(x: Tensor<"float32">, inputShape: readonly number[]): Tensor<"float32"> {
  const given = x.shape.slice(1);
  const sizes = (shape: readonly number[]) => shape.filter((d) => d !== 1);
  const flat = sizes(given).length <= 1 || sizes(inputShape).length <= 1;
  if (size(given) !== size(inputShape) || !(flat || sameShape(sizes(given), sizes(inputShape))))
    fail({
      code: "input-size",
      expected: `samples of [${inputShape}], which the model takes`,
      got: `[${given}]`,
      mend: mending(given, inputShape),
    });
  return { dtype: "float32", shape: [x.shape[0]!, ...inputShape], data: x.data };
}

/** What a caller's function answered, if it has the shape it must have; else a refusal: an attack on anything else would mean nothing. */
function answered(got: readonly number[], wanted: readonly number[], what: string): void {
  if (!sameShape(got, wanted))
    fail({
      code: "black-box-answer",
      expected: `${what} [${wanted}]`,
      got: `[${got}]`,
      mend: "let the function answer every sample it is given",
    });
}

/** A model that tells classes: `ask` answers [N, …inputShape] with N of them. */
export const labelModel = (
  { classes, inputShape, name = "a function of the caller's" }: BlackBox,
  ask: (x: Tensor<"float32">) => Promise<ArrayLike<number>>,
): LabelModel & { readonly access: "labels" } => ({
  access: "labels",
  classes,
  inputShape,
  runtime: name,
  samples: (x) => asSamples(x, inputShape),
  async labels(x) {
    const classesOf = await ask(asSamples(x, inputShape));
    answered([classesOf.length], [x.shape[0]!], "classes");
    return Int32Array.from(classesOf);
  },
  release: async () => {},
});

/** A model that tells scores: `ask` answers [N, …inputShape] with [N, classes]. Say `probabilities` where they are. */
export function scoreModel(
  { classes, inputShape, name = "a function of the caller's", output = "logits" }: BlackBox & { readonly output?: ScoreModel["output"] },
  ask: (x: Tensor<"float32">) => Promise<Tensor<"float32">>,
): ScoreModel & { readonly access: "scores" } {
  const scores = async (x: Tensor<"float32">) => {
    const given = await ask(asSamples(x, inputShape));
    answered(given.shape, [x.shape[0]!, classes], "scores");
    return given;
  };
  return {
    ...labelModel({ classes, inputShape, name }, async (x) => argmax(await scores(x))),
    access: "scores",
    output,
    scores,
  };
}
