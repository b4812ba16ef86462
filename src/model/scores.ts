/** The user's file as a black box: whatever onnxruntime runs and that answers with scores or classes, read as a graph or not. */
import { fail, isFloat, numbers, seedKey, size, type Tensor, tensor, uniform } from "../base/index.ts";
import { openFile } from "../run/index.ts";
import type { LabelModel, ScoreModel } from "./access.ts";
import { type Asking, answers, type Columns, chunkOf, finiteRamp, floatsOf, labelsOf, ramp, scoresOf } from "./answers.ts";
import { areProbabilities, asSamples } from "./black-box.ts";
import { entryOf, fed, takes } from "./entry.ts";
import type { FileOptions } from "./open.ts";
import { type Port, type Signature, withoutMaps } from "./signature.ts";

const portText = ({ name, type, dims }: Port): string => `${name}: ${type}${dims ? `[${dims.map((d) => d ?? "?").join(", ")}]` : ""}`;

/** The only input, with the size of a sample. */
export function entrance({ inputs }: Signature, sizes: Readonly<Record<string, number>>) {
  const [port, ...others] = inputs;
  const got = inputs.map(portText).join(", ") || "no input";
  if (!port || others.length > 0)
    return fail({
      code: "classifier-input",
      expected: "a classifier with one input",
      got: `${inputs.length}: ${got}`,
      mend: 'export it with one tensor as input (scikit-learn: initial_types=[("x", FloatTensorType([None, features]))])',
    });
  const { type, dims } = port;
  if (type === "string" || type === "sequence" || type === "map" || type === "other" || !dims || !takes(type))
    return fail({
      code: "classifier-input",
      expected: "an input that is a tensor of numbers",
      got,
      mend: "export the model with a float32 input",
    });
  const shape = dims.slice(1).map((d, i) => {
    const known = typeof d === "number" ? d : ((d !== null ? sizes[d] : undefined) ?? sizes[`${port.name}:${i + 1}`]);
    if (known !== undefined) return known;
    return fail({
      code: "input-free",
      expected: "an input with sizes that are known beyond the batch",
      got,
      mend: `say how large it is (--size ${d ?? `${port.name}:${i + 1}`}=…)`,
    });
  });
  const batch = dims[0];
  return { dtype: type, shape, batch: typeof batch === "number" ? batch : null };
}

/** The output to read: the chosen one, else the first with scores, else the first with classes. */
export function exit({ outputs }: Signature, wanted: string | number | undefined): { at: number; port: Port } {
  const found = (at: number) => ({ at, port: outputs[at]! });
  if (wanted !== undefined) {
    const at = typeof wanted === "number" ? wanted : outputs.findIndex((o) => o.name === wanted);
    if (outputs[at]) return found(at);
    return fail({
      code: "classifier-output",
      expected: `one of the outputs ${outputs.map((o) => o.name).join(", ")}`,
      got: `${wanted}`,
      mend: "name one of those with --output",
    });
  }
  const scores = outputs.findIndex((o) => /^float/.test(o.type) && o.dims?.length !== 0);
  return found(Math.max(scores, 0));
}

/** Which class each label of the file stands for. */
function classOf(labels: Signature["classLabels"]): (label: string | number) => number {
  if (!labels) return Number;
  const at = new Map(labels.map((label, i) => [String(label), i]));
  return (label) => at.get(String(label)) ?? -1;
}

type Common = Pick<LabelModel, "inputShape" | "runtime" | "notes" | "why" | "samples" | "release">;

function tellingClasses(
  asking: Asking,
  common: Common,
  { classLabels }: Signature,
  classes: number | undefined,
): LabelModel & { readonly access: "labels" } {
  const count = classes ?? classLabels?.length;
  if (count === undefined || count < 2)
    return fail({
      code: "classifier-classes",
      expected: "to know how many classes there are, 2 or more",
      got: `a file that tells only the class${count === undefined ? "" : ` and names ${count}`}`,
      mend: 'say it (load(path, { access: "labels", classes: 10 })), or export the scores as well',
    });
  const asClass = classOf(classLabels);
  return {
    ...common,
    access: "labels",
    classes: count,
    async labels(given) {
      const out = new Int32Array(given.shape[0]!);
      for await (const { answer, at, count: n } of answers(asking, given)) {
        const told: readonly (string | number)[] = Array.isArray(answer.data) ? answer.data : numbers(answer);
        for (let i = 0; i < n; i++) out[at + i] = asClass(told[i]!);
      }
      return out;
    },
  };
}

interface Probed {
  readonly answer: Tensor;
  /** Samples that were asked about. */
  readonly count: number;
}

/** Samples to try a file with, where it takes any number. */
const PROBE = 16;

/** What the file answers to a ramp of samples, and to how many. */
export async function probed(asking: Asking): Promise<Probed> {
  const count = asking.dynamic ? PROBE : asking.batch;
  const whole = { ...asking, batch: count };
  return { answer: (await answers(whole, ramp([count, ...asking.inputShape])).next()).value!.answer, count };
}

/** How far from 0 the samples lie by which one number is told from another: as data does, and as none does. */
const REACH = [1, 20, 1000];

/** Whether every number that the file answers to samples near and far lies in [0, 1]. */
async function within(asking: Asking, count: number): Promise<boolean> {
  const shape = [count, ...asking.inputShape];
  for (const [i, reach] of REACH.entries()) {
    const x = tensor(uniform(seedKey(i), size(shape), -reach, reach), shape);
    // a file may refuse what no data is (an index out of range), or overflow at it
    const next = await answers({ ...asking, batch: count }, x)
      .next()
      .catch(() => null);
    if (next?.value && floatsOf(next.value.answer).some((v) => v < 0 || v > 1)) return false;
  }
  return true;
}

/**
 * What the file answers: how many classes, and what one number would mean. Where its last operator does not say it, its range does.
 * @param notes gets a sentence where the range decided
 */
export async function columnsOf(
  asking: Asking,
  { answer, count }: Probed,
  { name, maker }: Port,
  { logistic }: Pick<Signature, "logistic">,
  notes: string[],
): Promise<Columns> {
  const [n, ...rest] = answer.shape;
  if (!isFloat(answer.dtype) || n !== count || size(rest) < 1 || rest.filter((d) => d !== 1).length > 1)
    return fail({
      code: "classifier-output",
      expected: "an output of scores [N, classes], or of one score [N, 1]",
      got: `"${name}": ${answer.dtype}[${answer.shape}] for ${count} samples`,
      mend: "choose another output of the file (--output NAME), or export the class scores",
    });
  const width = size(rest);
  if (width > 1) return { classes: width, single: null };
  if (logistic || maker === "Sigmoid") return { classes: 2, single: "probability" };
  const probability = floatsOf(answer).every((v) => v >= 0 && v <= 1) && (await within(asking, count));
  notes.push(
    `"${name}" is one number a sample, and no last Sigmoid says of what: read as the ${probability ? "probability" : "logit"} of class 1, as the file answers ${probability ? "with numbers from 0 to 1 alone" : "with numbers outside 0…1 too"}`,
  );
  return { classes: 2, single: probability ? "probability" : "logit" };
}

/**
 * Open a file for its scores, or where it gives none for its classes.
 * @throws classifier-input, classifier-output, classifier-classes, scores-not-finite, input-free, preprocessing, runtime-refused
 */
export async function openBlackBox(
  { bytes, path, external }: { bytes: Uint8Array; path?: string; external?: unknown },
  options: FileOptions,
  why?: string,
): Promise<(ScoreModel & { readonly access: "scores" }) | (LabelModel & { readonly access: "labels" })> {
  const { bytes: runnable, signature, notes } = withoutMaps(bytes);
  const { dtype, shape, batch } = entrance(signature, options.sizes ?? {});
  const { at: output, port } = exit(signature, options.output);
  const entry = entryOf(dtype, shape, options.preprocessing);
  const file = await openFile(external && path && runnable === bytes ? path : runnable, options);
  const { front, release } = await fed(file, entry, options);
  try {
    const { inputShape } = entry;
    const asking: Asking = { file, output, batch: batch ?? chunkOf(shape), dynamic: batch === null, feeder: front, inputShape };
    const found = await probed(asking);
    const told = [...notes];
    const common: Common = {
      inputShape,
      runtime: file.runtime,
      notes: told,
      ...(why !== undefined && { why }),
      samples: (x: Tensor<"float32">) => asSamples(x, inputShape),
      release,
    };
    if (!isFloat(found.answer.dtype))
      return tellingClasses(asking, { ...common, why: why ?? `the output "${port.name}" tells only classes` }, signature, options.classes);
    const columns = await columnsOf(asking, found, port, signature, told);
    const scores = (x: Tensor<"float32">) => scoresOf(asking, columns, x);
    const { answers: tried } = await finiteRamp([found.count, ...inputShape], scores);
    return {
      ...common,
      access: "scores",
      classes: columns.classes,
      output: columns.single === "probability" || (!columns.single && areProbabilities(tried)) ? "probabilities" : "logits",
      scores,
      labels: (x) => labelsOf(asking, columns, x),
    };
  } catch (error) {
    await release();
    throw error;
  }
}
