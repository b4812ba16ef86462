/** The user's own file as a classifier: run as it is for every verdict, read as a graph for gradients and bounds. */
import { CounterfoilError, fail, isFloat, onnxType, sameShape, type Tensor } from "../base/index.ts";
import { type Emit, type Graph, input, type Value } from "../graph/index.ts";
import { type ReadOptions, read } from "../onnx/index.ts";
import { builder, gradientFlow, perturbed, rebatch, remap } from "../pass/index.ts";
import { compile, type ModelFile, openFile, type RunOptions } from "../run/index.ts";
import type { GradientModel } from "./access.ts";
import { type Asking, type Columns, chunkOf, finiteRamp, labelsOf, scoresOf } from "./answers.ts";
import { areProbabilities, asSamples } from "./black-box.ts";
import { type Entry, entryOf, fed, takes } from "./entry.ts";
import { affordableRows } from "./footprint.ts";
import { logarithms, logitsOf, type Reading, reading, sameWinners, scoresFrom } from "./output.ts";
import { type InputMap, type Preprocessing, preprocessing } from "./preprocessing.ts";
import { columnsOf, exit, probed } from "./scores.ts";
import { cutTo, type Signature, signature, withoutMaps } from "./signature.ts";

/** How to open a file. */
export interface OpenOptions extends RunOptions {
  /** Output that holds the scores: its name or number; default the first that can be. */
  readonly output?: string | number;
  /** What lies between the samples and the file's input. `load` reads the declaration beside the file where none is given. */
  readonly preprocessing?: Preprocessing | InputMap;
  /** Sizes of the file's free dimensions, by their names. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** How many classes there are, where a file that tells only classes does not say. */
  readonly classes?: number;
}

/** The same, with the preprocessing as what builds it. */
export interface FileOptions extends OpenOptions {
  readonly preprocessing?: InputMap;
}

export function fileOptions({ preprocessing: declared, ...options }: OpenOptions): FileOptions {
  if (!declared) return options;
  return { ...options, preprocessing: "emit" in declared ? declared : preprocessing(declared) };
}

/** A graph's only input, or a refusal. */
export function onlyInput(graph: Graph): Value {
  const [x, ...others] = graph.inputs;
  if (!x || others.length > 0 || !takes(x.type.dtype))
    return fail({
      code: "classifier-input",
      expected: "a classifier with one input of numbers",
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
  const at = graph.outputs.findIndex((v) => isFloat(v.type.dtype) && v.type.shape.length >= 1);
  return Math.max(at, 0);
}

/** Where another output could be the scores as well as the one that was taken: say so. */
function otherOutputs({ outputs, outputNames }: Graph, taken: number): string[] {
  const name = (i: number) => outputNames?.[i] ?? outputs[i]!.name ?? `${i}`;
  const others = outputs.flatMap(({ type: { dtype, shape } }, i) =>
    i !== taken && isFloat(dtype) && shape.length === 2 && shape[1]! > 1 ? [name(i)] : [],
  );
  return others.length > 0
    ? [`"${name(taken)}" was taken for the scores; another choice: ${others.join(", ")} (--output ${others[0]})`]
    : [];
}

interface Scored {
  readonly graph: Graph;
  /** Number of the file's output with the scores, and of the graph's. */
  readonly output: number;
  readonly at: number;
}

/** Read a file; where an operator beside the way to its scores is not known, read that way alone. */
function readScores(bytes: Uint8Array, options: ReadOptions, wanted: string | number | undefined): Scored {
  try {
    const graph = read(bytes, builder(), options);
    const output = scoresOutput(graph, wanted);
    return { graph, output, at: output };
  } catch (error) {
    if (!(error instanceof CounterfoilError && error.code.startsWith("operator-")) || options.external) throw error;
    const told = signature(bytes);
    if (told.outputs.length < 2) throw error;
    const { at, port } = exit(told, wanted);
    return { graph: read(cutTo(bytes, port.name), builder(), options), output: at, at: 0 };
  }
}

/** From the user's samples to an output of the file, as graph. */
interface Whole {
  readonly x: Value;
  readonly y: Value;
}

function whole(e: Emit, graph: Graph, output: number, { plain, emit, inputShape }: Entry): Whole {
  const own = graph.inputs[0]!;
  const y = graph.outputs[output]!;
  if (plain) return { x: own, y };
  const x = input("float32", [own.type.shape[0]!, ...inputShape], own.name, [own.dims?.[0] ?? "N", ...inputShape]);
  return { x, y: remap(e, [y], new Map([[own, emit(e, x)]])).get(y)! };
}

const asFloat32 = (e: Emit, v: Value): Value => (v.type.dtype === "float32" ? v : e.Cast(v, { to: onnxType.float32 }));

/**
 * Open a classifier as a graph: one input of numbers [N, …], scores [N, classes] or [N, 1].
 * @param model the bytes of an ONNX file, or what `modelFile` read
 * @throws classifier-input, classifier-output, scores-not-finite, graph-differs, preprocessing, and what `read` throws
 */
export async function openClassifier(model: Uint8Array | ModelFile, options: OpenOptions = {}): Promise<GradientModel> {
  const {
    bytes: given,
    path,
    external,
  }: Partial<ModelFile> & { bytes: Uint8Array } = model instanceof Uint8Array ? { bytes: model } : model;
  const { preprocessing: map, sizes, ...rest } = fileOptions(options);
  const { bytes, notes, signature: told } = external ? { bytes: given, notes: [], signature: undefined } : withoutMaps(given);
  const { graph, output, at } = readScores(bytes, { external, ...(sizes && { sizes }) }, options.output);
  const x = onlyInput(graph);
  const how = reading(graph.outputs[at]!);
  const fileShape = x.type.shape.slice(1);
  const entry = entryOf(x.type.dtype, fileShape, map);
  const { inputShape } = entry;
  const dynamic = typeof (x.dims?.[0] ?? "N") === "string";
  const e = builder();
  const ours = whole(e, graph, at, entry);
  // only a path lets onnxruntime find weights beside the model
  const file = await openFile(external && path ? path : bytes, rest);
  const { front, release } = await fed(file, entry, rest);
  try {
    const batch = dynamic ? affordableRows(graph, chunkOf(fileShape)) : x.type.shape[0]!;
    const asking: Asking = { file, output, batch, dynamic, feeder: front, inputShape };
    const about: string[] = [...notes, ...(options.output === undefined ? otherOutputs(graph, at) : [])];
    const columns = await columnsHere(asking, how, told ?? signature(bytes), about);
    const scores = (s: Tensor<"float32">) => scoresOf(asking, columns, s);
    const scored = { ...graph, inputs: [ours.x], outputs: [asFloat32(e, scoresFrom(e, ours.y, columns.single))], outputNames: ["scores"] };
    const behind = how.undone && asFloat32(e, logitsOf(e, ours.y, how.undone));
    const { winners, ...checked } = await selfCheck(scored, behind, scores, told?.half ?? x.fileDType === "float16", rest);
    about.push(...checked.notes);
    if (!winners) about.push(`the last ${how.undone} was left on: without it another class would lead`);
    const undone = winners ? how.undone : null;
    const opaque = checked.output === "probabilities" && undone === null;
    if (opaque) about.push("the scores are probabilities without a last Softmax or Sigmoid: attacks climb their logarithms");
    const logits = opaque ? logarithms(e, scored.outputs[0]!) : undone ? behind! : asFloat32(e, logitsOf(e, ours.y, null));
    return {
      access: "gradient",
      graph: scored,
      logits: { ...graph, inputs: [ours.x], outputs: [logits], outputNames: ["logits"] },
      dynamic,
      classes: how.classes,
      inputShape,
      runtime: file.runtime,
      reading: { ...how, undone },
      ...checked,
      notes: about,
      samples: (s) => asSamples(s, inputShape),
      scores,
      labels: (s) => labelsOf(asking, columns, s),
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** How the file's output becomes scores; what one number a sample means is decided as for a black box. */
async function columnsHere(asking: Asking, { classes, single, undone }: Reading, told: Signature, notes: string[]): Promise<Columns> {
  if (!single) return { classes, single: null };
  if (undone === "Sigmoid") return { classes, single: "probability" };
  return columnsOf(asking, await probed(asking), told.outputs[asking.output]!, told, notes);
}

/** Differences between file and graph that are let pass, as a share of the largest score. */
const TOLERANCE = { float32: 1e-3, half: 2e-2, rounding: 1e-1 } as const;

interface Checked extends Required<Pick<GradientModel, "graphError" | "graphTolerance" | "output" | "notes">> {
  /** Whether the logits behind the scores name the same classes. */
  readonly winners: boolean;
}

/** Whether values are rounded or compared on the way from the input. */
const jumps = ({ inputs, outputs }: Graph): boolean =>
  [...perturbed(outputs, inputs)].some((v) => !isFloat(v.type.dtype)) ||
  gradientFlow({ inputs, outputs }).some((f) => f.flow !== "differentiable");

/**
 * The graph we differentiate must be the file: compare the two on a fixed ramp of inputs, and see what the scores are.
 * @param behind the logits, where something was taken off
 * @param half float16 occurs in the file, which our graph computes in float32
 */
async function selfCheck(
  graph: Graph,
  behind: Value | null,
  scores: GradientModel["scores"],
  half: boolean,
  options: RunOptions,
): Promise<Checked> {
  const { probe, answers: theirs } = await finiteRamp(graph.inputs[0]!.type.shape, scores);
  const program = await compile(
    { ...graph, outputs: behind ? [...graph.outputs, behind] : graph.outputs, outputNames: undefined },
    options,
  );
  const [own, logits] = await program.run([probe]).finally(() => program.release());
  const ours = own!.data as Float32Array;
  const winners = !logits || sameWinners(own as Tensor<"float32">, logits.data as Float32Array);
  let worst = 0;
  let scale = 1;
  theirs.data.forEach((their, i) => {
    worst = Math.max(worst, Math.abs(ours[i]! - their));
    scale = Math.max(scale, Math.abs(their));
  });
  const notes = half ? [`the file computes in float16 and our graph in float32: their scores differ by up to ${worst.toPrecision(2)}`] : [];
  let tolerance: number = half ? TOLERANCE.half : TOLERANCE.float32;
  // where values are rounded on the way, a last bit more or less in a kernel moves them by a whole step
  if (!(worst <= tolerance * scale) && jumps(graph)) {
    tolerance = TOLERANCE.rounding;
    notes.push(`values are rounded inside: our graph's scores and the file's differ by up to ${worst.toPrecision(2)}`);
  }
  if (!(worst <= tolerance * scale))
    fail({
      code: "graph-differs",
      expected: "our reading of the file to compute what onnxruntime computes",
      got: `scores that differ by ${worst}`,
      mend: "please report this model: it is our bug",
    });
  return { graphError: worst, graphTolerance: tolerance, output: areProbabilities(theirs) ? "probabilities" : "logits", notes, winners };
}

/** The logits at a batch size, where the file allows it. */
export const atBatch = (model: Pick<GradientModel, "logits">, batch: number): Graph =>
  sameShape([batch], model.logits.inputs[0]!.type.shape.slice(0, 1)) ? model.logits : rebatch(model.logits, batch).graph;
