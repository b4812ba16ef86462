/** The user's own file: run as it is for every verdict, read as a graph for gradients and bounds. */
import { fail, rows, sameShape, size, type Tensor, tensor } from "../base/index.ts";
import type { Graph } from "../graph/index.ts";
import { read } from "../onnx/index.ts";
import { builder, rebatch } from "../pass/index.ts";
import { compile, type ModelFile, modelFile, openFile, type RunOptions } from "../run/index.ts";

export interface Classifier {
  /** What the file computes, as a graph. */
  readonly graph: Graph;
  /** Whether the file takes any batch size. */
  readonly dynamic: boolean;
  readonly classes: number;
  /** Of one sample, as the file takes it. */
  readonly inputShape: readonly number[];
  readonly runtime: string;
  /** Largest difference between the file's scores and our graph's, measured on opening. */
  readonly graphError: number;
  /** The samples [N, …] as the file takes them: an axis of size 1 may be missing, or all of them flattened. */
  samples(x: Tensor<"float32">): Tensor<"float32">;
  /** Scores [N, classes] by onnxruntime on the file as given: the last word on every success. */
  scores(x: Tensor<"float32">): Promise<Tensor<"float32">>;
  release(): Promise<void>;
}

const CHUNK = 250;

/** Open the classifier in an ONNX file. */
export const load = async (path: string, options: RunOptions = {}): Promise<Classifier> => openClassifier(await modelFile(path), options);

/**
 * Open a classifier: one float32 input [N, …], first output [N, classes].
 * @param model the bytes of an ONNX file, or what `modelFile` read
 */
export async function openClassifier(model: Uint8Array | ModelFile, options: RunOptions = {}): Promise<Classifier> {
  const { bytes, path, external }: Partial<ModelFile> & { bytes: Uint8Array } = model instanceof Uint8Array ? { bytes: model } : model;
  const graph = read(bytes, builder(), { external });
  const [x, ...others] = graph.inputs;
  if (!x || others.length > 0 || x.type.dtype !== "float32")
    fail({
      code: "classifier-input",
      expected: "a classifier with one float32 input",
      got: graph.inputs.map((v) => `${v.name}: ${v.type.dtype}[${v.type.shape}]`).join(", ") || "no input",
      mend: "export the model with its preprocessing inside and one float32 input",
    });
  const scoresType = graph.outputs[0]?.type;
  if (scoresType?.shape.length !== 2 || scoresType.shape[1]! < 2)
    fail({
      code: "classifier-output",
      expected: "a first output of scores [N, classes] with at least 2 classes",
      got: scoresType ? `[${scoresType.shape}]` : "no output",
      mend: "export the class scores as the first output",
    });
  // only a path lets onnxruntime find weights beside the model
  const file = await openFile(external && path ? path : bytes, options);
  const inputShape = x!.type.shape.slice(1);
  const dynamic = typeof (x!.dims?.[0] ?? "N") === "string";
  const chunk = dynamic ? CHUNK : x!.type.shape[0]!;
  const classes = scoresType!.shape[1]!;

  function samples(x: Tensor<"float32">): Tensor<"float32"> {
    const given = x.shape.slice(1);
    const sizes = (shape: readonly number[]) => shape.filter((d) => d !== 1);
    const flat = sizes(given).length <= 1 || sizes(inputShape).length <= 1;
    if (size(given) !== size(inputShape) || !(flat || sameShape(sizes(given), sizes(inputShape))))
      fail({
        code: "input-size",
        expected: `samples of [${inputShape}], which the model takes`,
        got: `[${given}]`,
        mend: "use the data the model was trained on, or bring it to that size and order of axes",
      });
    return { dtype: "float32", shape: [x.shape[0]!, ...inputShape], data: x.data };
  }

  async function scores(given: Tensor<"float32">): Promise<Tensor<"float32">> {
    const images = samples(given);
    const n = images.shape[0]!;
    const out = new Float32Array(n * classes);
    for (let i = 0; i < n; i += chunk) {
      const part = rows(images, i, Math.min(i + chunk, n));
      const fed = dynamic ? part.data : padded(part.data, chunk * size(inputShape));
      const [s] = await file.run([{ dtype: "float32", shape: [fed.length / size(inputShape), ...inputShape], data: fed }]);
      out.set((s!.data as Float32Array).subarray(0, part.shape[0]! * classes), i * classes);
    }
    return { dtype: "float32", shape: [n, classes], data: out };
  }

  return {
    graph,
    dynamic,
    classes,
    inputShape,
    runtime: file.runtime,
    graphError: await selfCheck(graph, scores, options),
    samples,
    scores,
    release: file.release,
  };
}

function padded(data: Float32Array, length: number): Float32Array {
  if (data.length === length) return data;
  const out = new Float32Array(length);
  out.set(data);
  return out;
}

/** The graph we differentiate must be the file: compare the two on a fixed ramp of inputs. */
async function selfCheck(graph: Graph, scores: Classifier["scores"], options: RunOptions): Promise<number> {
  const type = graph.inputs[0]!.type;
  const n = size(type.shape);
  const x = tensor(
    Float32Array.from({ length: n }, (_, i) => (i % 17) / 17),
    type.shape,
  );
  const program = await compile({ inputs: graph.inputs, outputs: graph.outputs.slice(0, 1) }, options);
  const ours = (await program.run([x]))[0]!.data as Float32Array;
  await program.release();
  const theirs = (await scores(x)).data;
  let worst = 0;
  let scale = 1;
  for (let i = 0; i < theirs.length; i++) {
    if (!Number.isFinite(theirs[i]))
      fail({
        code: "scores-not-finite",
        expected: "a model whose scores are finite at an input of small numbers",
        got: `${theirs[i]}`,
        mend: "check its weights, and that the export computes what the trained model does",
      });
    worst = Math.max(worst, Math.abs(ours[i]! - theirs[i]!));
    scale = Math.max(scale, Math.abs(theirs[i]!));
  }
  if (!(worst <= 1e-3 * scale))
    fail({
      code: "graph-differs",
      expected: "our reading of the file to compute what onnxruntime computes",
      got: `scores that differ by ${worst}`,
      mend: "please report this model: it is our bug",
    });
  return worst;
}

/** The graph at a batch size, where the file allows it. */
export const atBatch = (classifier: Classifier, batch: number): Graph =>
  sameShape([batch], classifier.graph.inputs[0]!.type.shape.slice(0, 1)) ? classifier.graph : rebatch(classifier.graph, batch).graph;

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
