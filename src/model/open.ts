/** The user's own file as a classifier: run as it is for every verdict, read as a graph for gradients and bounds. */
import { fail, rows, sameShape, size, type Tensor, tensor } from "../base/index.ts";
import { type Emit, type Graph, input, type Value } from "../graph/index.ts";
import { read } from "../onnx/index.ts";
import { builder, rebatch, remap } from "../pass/index.ts";
import { compile, type FileProgram, type ModelFile, modelFile, openFile, type RunOptions } from "../run/index.ts";
import type { GradientModel } from "./access.ts";
import { areProbabilities, argmax, asSamples } from "./black-box.ts";
import { logitsOf, type Reading, reading } from "./output.ts";

/** What lies between the user's data and the file's input. It becomes part of the graph; ε is in the user's space. */
export interface InputMap {
  /** Shape of one sample of the user's, given the file's. */
  inputShape(file: readonly number[]): readonly number[];
  /** The user's [N, …] → what the file takes, of shape [N, …file]. */
  emit(e: Emit, x: Value, file: readonly number[]): Value;
}

export interface OpenOptions extends RunOptions {
  /** Output that holds the scores: its name or number; default the first that can be. */
  readonly output?: string | number;
  readonly preprocessing?: InputMap;
}

/** Samples run at a time: so many that the inputs stay within 16 MiB. */
const chunkOf = (inputShape: readonly number[]): number => Math.max(1, Math.min(250, Math.floor(2 ** 22 / size(inputShape))));

/** A graph's only input, or a refusal. */
export function onlyInput(graph: Graph): Value {
  const [x, ...others] = graph.inputs;
  if (!x || others.length > 0 || x.type.dtype !== "float32")
    return fail({
      code: "classifier-input",
      expected: "a classifier with one float32 input",
      got: graph.inputs.map((v) => `${v.name}: ${v.type.dtype}[${v.type.shape}]`).join(", ") || "no input",
      mend: "export the model with its preprocessing inside and one float32 input",
    });
  return x;
}

/** Number of the output with the scores. */
export function scoresOutput(graph: Graph, wanted?: string | number): number {
  const names = graph.outputNames ?? graph.outputs.map((v, i) => v.name ?? `${i}`);
  if (wanted !== undefined) {
    const at = typeof wanted === "number" ? wanted : names.indexOf(wanted);
    if (!graph.outputs[at])
      fail({
        code: "classifier-output",
        expected: `one of the outputs ${names.join(", ")}`,
        got: `${wanted}`,
        mend: "name one of those with --output",
      });
    return at;
  }
  // labels come beside scores, as whole numbers
  const at = graph.outputs.findIndex((v) => v.type.dtype === "float32" && v.type.shape.length >= 1);
  return Math.max(at, 0);
}

/**
 * Open a classifier: one float32 input [N, …], scores [N, classes] or [N, 1].
 * @param model the bytes of an ONNX file, or what `modelFile` read
 * @throws classifier-input, classifier-output, scores-not-finite, graph-differs, and what `read` throws
 */
export async function openClassifier(model: Uint8Array | ModelFile, options: OpenOptions = {}): Promise<GradientModel> {
  const { bytes, path, external }: Partial<ModelFile> & { bytes: Uint8Array } = model instanceof Uint8Array ? { bytes: model } : model;
  const e = builder();
  const graph = read(bytes, e, { external });
  const x = onlyInput(graph);
  const output = scoresOutput(graph, options.output);
  const how = reading(graph.outputs[output]!);
  const fileShape = x.type.shape.slice(1);
  const map = options.preprocessing;
  const inputShape = map?.inputShape(fileShape) ?? fileShape;
  const dynamic = typeof (x.dims?.[0] ?? "N") === "string";
  // only a path lets onnxruntime find weights beside the model
  const file = await openFile(external && path ? path : bytes, options);
  const prepare = map && (await preprocessor(map, inputShape, fileShape, options));
  const chunk = dynamic ? chunkOf(fileShape) : x.type.shape[0]!;
  const samples = (given: Tensor<"float32">) => asSamples(given, inputShape);
  const scores = scoring({ file, output, how, chunk, dynamic, prepare }, samples);
  const checked = await selfCheck({ graph, output, how, scores, inputShape, map }, options);
  return {
    access: "gradient",
    graph,
    logits: logitsFrom(graph, output, inputShape, map),
    dynamic,
    classes: how.classes,
    inputShape,
    runtime: file.runtime,
    ...checked,
    samples,
    scores,
    labels: async (given) => argmax(await scores(given)),
    async release() {
      await prepare?.release();
      await file.release();
    },
  };
}

/** Open the classifier in an ONNX file. */
export const load = async (path: string, options: OpenOptions = {}): Promise<GradientModel> =>
  openClassifier(await modelFile(path), options);

/** The user's input → logits, at the file's batch. */
function logitsFrom(graph: Graph, output: number, inputShape: readonly number[], map: InputMap | undefined): Graph {
  const e = builder();
  const x = graph.inputs[0]!;
  if (!map) return { ...graph, outputs: [logitsOf(e, graph.outputs[output]!)], outputNames: ["logits"] };
  const own = input("float32", [x.type.shape[0]!, ...inputShape], x.name, [x.dims?.[0] ?? "N", ...inputShape]);
  const y = remap(e, [graph.outputs[output]!], new Map([[x, map.emit(e, own, x.type.shape.slice(1))]])).get(graph.outputs[output]!)!;
  return { ...graph, inputs: [own], outputs: [logitsOf(e, y)], outputNames: ["logits"] };
}

interface Preprocessor {
  run(x: Tensor<"float32">): Promise<Tensor<"float32">>;
  release(): Promise<void>;
}

/** Preprocessing on its own, in front of the user's file. */
async function preprocessor(
  map: InputMap,
  inputShape: readonly number[],
  fileShape: readonly number[],
  options: RunOptions,
): Promise<Preprocessor> {
  const e = builder();
  const x = input("float32", [2, ...inputShape], "x", ["N", ...inputShape]);
  const program = await compile({ inputs: [x], outputs: [map.emit(e, x, fileShape)] }, { ...options, anyBatch: true });
  return { run: async (given) => (await program.run([given]))[0] as Tensor<"float32">, release: program.release };
}

interface Scoring {
  readonly file: FileProgram;
  readonly output: number;
  readonly how: Reading;
  readonly chunk: number;
  readonly dynamic: boolean;
  readonly prepare: Preprocessor | undefined;
}

/** Scores by onnxruntime on the file as given, so many samples at a time as it takes. */
const scoring =
  ({ file, output, how, chunk, dynamic, prepare }: Scoring, samples: GradientModel["samples"]): GradientModel["scores"] =>
  async (given) => {
    const all = samples(given);
    const n = all.shape[0]!;
    const out = new Float32Array(n * how.classes);
    for (let i = 0; i < n; i += chunk) {
      const part = rows(all, i, Math.min(i + chunk, n));
      const count = part.shape[0]!;
      const whole = dynamic || count === chunk ? part : filled(part, chunk);
      const fed = prepare ? await prepare.run(whole) : whole;
      const s = (await file.run([fed]))[output]!.data as Float32Array;
      if (!how.single) out.set(s.subarray(0, count * how.classes), i * how.classes);
      // of one number the first class has what it leaves: 1 − p, or 0
      else for (let k = 0; k < count; k++) out.set([how.undone ? 1 - s[k]! : 0, s[k]!], 2 * (i + k));
    }
    return { dtype: "float32", shape: [n, how.classes], data: out };
  };

function filled(part: Tensor<"float32">, batch: number): Tensor<"float32"> {
  const shape = [batch, ...part.shape.slice(1)];
  const data = new Float32Array(size(shape));
  data.set(part.data);
  return { dtype: "float32", shape, data };
}

interface Check {
  readonly graph: Graph;
  readonly output: number;
  readonly how: Reading;
  readonly scores: GradientModel["scores"];
  readonly inputShape: readonly number[];
  readonly map: InputMap | undefined;
}

/** The graph we differentiate must be the file: compare the two on a fixed ramp of inputs, and see what the scores are. */
async function selfCheck(
  { graph, output, how, scores, inputShape, map }: Check,
  options: RunOptions,
): Promise<Pick<GradientModel, "graphError" | "output">> {
  const e = builder();
  const batch = graph.inputs[0]!.type.shape[0]!;
  const shape = [batch, ...inputShape];
  const x = tensor(
    Float32Array.from({ length: size(shape) }, (_, i) => (i % 17) / 17),
    shape,
  );
  const own = map ? input("float32", shape) : graph.inputs[0]!;
  const wanted = graph.outputs[output]!;
  const y = map ? remap(e, [wanted], new Map([[graph.inputs[0]!, map.emit(e, own, graph.inputs[0]!.type.shape.slice(1))]])).get(wanted)! : wanted;
  const program = await compile({ inputs: [own], outputs: [y] }, options);
  const ours = (await program.run([x]))[0]!.data as Float32Array;
  await program.release();
  const theirs = await scores(x);
  let worst = 0;
  let scale = 1;
  theirs.data.forEach((their, i) => {
    if (how.single && i % 2 === 0) return;
    if (!Number.isFinite(their))
      fail({
        code: "scores-not-finite",
        expected: "a model whose scores are finite at an input of small numbers",
        got: `${their}`,
        mend: "check its weights, and that the export computes what the trained model does",
      });
    worst = Math.max(worst, Math.abs(ours[how.single ? (i - 1) / 2 : i]! - their));
    scale = Math.max(scale, Math.abs(their));
  });
  if (!(worst <= 1e-3 * scale))
    fail({
      code: "graph-differs",
      expected: "our reading of the file to compute what onnxruntime computes",
      got: `scores that differ by ${worst}`,
      mend: "please report this model: it is our bug",
    });
  const probabilities = how.single ? how.undone === "Sigmoid" : areProbabilities(theirs);
  return { graphError: worst, output: probabilities ? "probabilities" : "logits" };
}

/** The logits at a batch size, where the file allows it. */
export const atBatch = (model: Pick<GradientModel, "logits">, batch: number): Graph =>
  sameShape([batch], model.logits.inputs[0]!.type.shape.slice(0, 1)) ? model.logits : rebatch(model.logits, batch).graph;
