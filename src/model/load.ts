/** Opening a file for as much as it gives, or for as little as an attacker should see. */
import { CounterfoilError, fail } from "../base/index.ts";
import { dependents } from "../graph/index.ts";
import { sum } from "../nn/index.ts";
import { builder, gradientArrives, gradientFlow, gradOf } from "../pass/index.ts";
import { type ModelFile, modelFile } from "../run/index.ts";
import type { AnyModel, GradientModel, LabelModel, ScoreModel } from "./access.ts";
import { fileOptions, type OpenOptions, openClassifier } from "./open.ts";
import { preprocessingBeside } from "./preprocessing.ts";
import { openBlackBox } from "./scores.ts";

/** What to open a file for. `best`: the most that it allows. */
export type Wanted = "gradient" | "scores" | "labels" | "best";

interface OpenedAs {
  readonly gradient: GradientModel;
  readonly scores: ScoreModel & { readonly access: "scores" };
  readonly labels: LabelModel & { readonly access: "labels" };
  readonly best: AnyModel;
}

export interface LoadModelOptions<W extends Wanted = "gradient"> extends OpenOptions {
  /** Default `gradient`. */
  readonly access?: W;
}

/** Why no gradient reaches the input, a sentence; null where one does. */
export function noGradient({ logits }: Pick<GradientModel, "logits">): string | null {
  const [x, y] = [logits.inputs[0]!, logits.outputs[0]!];
  if (!gradientArrives(logits)) {
    if (!dependents([y], [x]).has(y)) return "the scores do not depend on the input";
    const stops = gradientFlow(logits).filter((f) => f.flow === "stops");
    const named = stops.map((f) => `${f.op}${f.name ? ` "${f.name}"` : ""} (${f.reason})`).join(", ");
    return `no gradient reaches the input: it stops at ${named}`;
  }
  const e = builder();
  try {
    gradOf(e, sum(e, y), [x], undefined, { surrogate: true });
    return null;
  } catch (error) {
    if (!(error instanceof CounterfoilError)) throw error;
    return `its gradient cannot be built: ${error.got}`;
  }
}

/** Refusals that say: this file is no graph to us. All others are the user's to mend, whatever is asked of the file. */
const UNREADABLE = /^(operator-|onnx-opset|onnx-node|function-local|tensor-sparse|dtype-unsupported|graph-differs|input-type)/;

const TREES = /TreeEnsemble/;

/** Why a file gives no gradient: what its reader, or its graph, says. */
function reason(error: CounterfoilError): string {
  return TREES.test(error.got)
    ? `a tree ensemble is a step function, without a gradient anywhere: black-box only (${error.got})`
    : `it cannot be read as a graph: ${error.got}${error.code === "operator-unknown" ? ", an operator that is not in docs/operators.md" : ""}`;
}

async function openBest(file: Uint8Array | ModelFile, options: OpenOptions): Promise<AnyModel> {
  const asBytes = file instanceof Uint8Array ? { bytes: file } : file;
  let model: GradientModel;
  try {
    model = await openClassifier(file, options);
  } catch (error) {
    if (!(error instanceof CounterfoilError)) throw error;
    // a file that tells only classes is refused as a classifier, and opened as what it is
    if (error.code === "classifier-output") return openBlackBox(asBytes, fileOptions(options));
    if (!UNREADABLE.test(error.code)) throw error;
    return openBlackBox(asBytes, fileOptions(options), reason(error)).catch((further) => {
      // where it does not run either, the first refusal names the cause
      throw further instanceof CounterfoilError && /^(runtime-refused|classifier-output)$/.test(further.code) ? error : further;
    });
  }
  let why: string | null;
  try {
    why = noGradient(model);
  } catch (error) {
    await model.release();
    throw error;
  }
  if (why === null) return model;
  await model.release();
  return openBlackBox(asBytes, fileOptions(options), why);
}

/**
 * Open a file's bytes for what is wanted.
 * @throws what `openClassifier` throws; model-access where the file gives less than is wanted
 */
export async function openModel<W extends Wanted = "gradient">(
  file: Uint8Array | ModelFile,
  { access, ...options }: LoadModelOptions<W> = {},
): Promise<OpenedAs[W]> {
  const open = async (): Promise<AnyModel> => {
    if (access === "best") return openBest(file, options);
    if (access === undefined || access === "gradient") return openClassifier(file, options);
    const box = await openBlackBox(file instanceof Uint8Array ? { bytes: file } : file, fileOptions(options), `opened for ${access} only`);
    if (access === "labels") return onlyLabels(box);
    if (box.access === "scores") return box;
    await box.release();
    return fail({
      code: "model-access",
      expected: "a file that gives scores",
      got: `one that tells only classes (${box.why})`,
      mend: 'open it with { access: "labels" }, or choose the output with the scores (--output)',
    });
  };
  return (await open()) as OpenedAs[W];
}

/** A model that tells classes, whatever else the file would. */
function onlyLabels(model: OpenedAs["scores"] | OpenedAs["labels"]): OpenedAs["labels"] {
  if (model.access === "labels") return model;
  const { output: _, scores: __, ...rest } = model;
  return { ...rest, access: "labels" };
}

/**
 * Open the classifier in an ONNX file. Preprocessing that is declared beside it (model.onnx: model.preprocessing.json) is read, unless the options
 * declare one.
 * @throws what `openModel` throws
 */
export async function load<W extends Wanted = "gradient">(path: string, options: LoadModelOptions<W> = {}): Promise<OpenedAs[W]> {
  const file = await modelFile(path);
  return openModel(file, { ...options, preprocessing: options.preprocessing ?? (await preprocessingBeside(path)) });
}
