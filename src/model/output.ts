/** From a file's output to logits [N, classes ≥ 2]. */
import { axisOf, fail, size, type Tensor } from "../base/index.ts";
import type { Emit, Graph, Value } from "../graph/index.ts";

/** What the scores of a file are, from its last operators. */
export interface Reading {
  /** Operators taken off the end for the attack, never for the verdict. */
  readonly undone: "Softmax" | "Sigmoid" | null;
  /** One number a sample: the second class's logit, or its probability. */
  readonly single: boolean;
  readonly classes: number;
}

/** Operators that only rename or reshape. */
export const RESHAPES: readonly string[] = ["Identity", "Squeeze", "Unsqueeze", "Flatten", "Reshape", "Dropout"];

/** Through what only renames or reshapes [N, …] to the same numbers a sample. */
function source(v: Value): Value {
  const node = v.node;
  const x = node?.inputs[0];
  const passes = node && RESHAPES.includes(node.op) && v.index === 0;
  return passes && x && x.type.shape[0] === v.type.shape[0] && x.type.dtype === v.type.dtype ? source(x) : v;
}

/** A last Sigmoid, which keeps the order of any scores, or a last Softmax, if it is over all classes: one over groups of them would not. */
function squashes(v: Value, classes: number): Reading["undone"] {
  const { node, type } = source(v);
  if (node?.op === "Sigmoid") return "Sigmoid";
  if (node?.op !== "Softmax") return null;
  const axis = axisOf((node.attrs.axis as number | undefined) ?? -1, type.shape.length);
  return axis > 0 && type.shape[axis] === classes && size(type.shape.slice(1)) === classes ? "Softmax" : null;
}

/** p = σ(z) behind the two probabilities 1 − p and p, side by side; null where the output is something else. */
function complementary(v: Value): Value | null {
  const pair = source(v).node;
  if (pair?.op !== "Concat" || pair.inputs.length !== 2 || v.type.shape[1] !== 2) return null;
  const p = source(pair.inputs[1]!);
  const rest = source(pair.inputs[0]!).node;
  const one = rest?.op === "Sub" ? rest.inputs[0]?.data : null;
  const same = one?.data.every((c) => c === 1) && source(rest!.inputs[1]!) === p;
  return same && p.node?.op === "Sigmoid" ? p : null;
}

/**
 * How to read the output `scores`: [N, K] with K ≥ 2, [N, 1] or [N].
 * @throws classifier-output where it is neither
 */
export function reading(scores: Value): Reading {
  const shape = scores.type.shape;
  const width = shape.length === 1 ? 1 : shape.length >= 2 ? shape.slice(1).reduce((n, d) => n * d, 1) : 0;
  if (width < 1 || shape.slice(1).filter((d) => d !== 1).length > 1)
    fail({
      code: "classifier-output",
      expected: "an output of scores [N, classes], or of one score [N, 1]",
      got: `${scores.type.dtype}[${shape}]`,
      mend: "choose another output of the file (--output NAME), or export the class scores",
    });
  const classes = Math.max(width, 2);
  return { undone: complementary(scores) ? "Sigmoid" : squashes(scores, classes), single: width === 1, classes };
}

/**
 * The logits behind an output. A last Softmax is taken off: where it saturates, its loss has no gradient, which would make the model
 * look robust (Carlini & Wagner 2016, arXiv:1607.04311). A single score z of class 1 becomes (−z/2, z/2): σ(z) is its softmax.
 * @param undone what to take off; null: nothing, and a single score is the logit
 */
export function logitsOf(e: Emit, scores: Value, undone: Reading["undone"] = reading(scores).undone): Value {
  const p = undone === "Sigmoid" ? complementary(scores) : null;
  const raw = undone ? source(p ?? scores).node!.inputs[0]! : scores;
  const flat = flattened(e, raw);
  return flat.type.shape[1] === 1 ? opposite(e, flat) : flat;
}

/** (−z/2, z/2). Beside a fixed 0 the rest of the softmax, 1 − p₁, rounds to nothing from z = 17 on, and with it the gradient of class 1's loss. */
function opposite(e: Emit, z: Value): Value {
  const half = e.Mul(z, e.scalar(0.5, z));
  return beside(e, e.Neg(half), half);
}

/** [N, …] as [N, classes]; what has that shape is left alone, as onnxruntime's pass over quantised models trips over what follows their end. */
const flattened = (e: Emit, v: Value): Value => (v.type.shape.length === 2 ? v : e.Reshape(v, e.ints([0, -1])));

const beside = (e: Emit, first: Value, second: Value): Value => e.Concat(first, second, { axis: 1 });

/** What a single number a sample is: the logit of class 1, or its probability; null where every class has a number. */
export type Single = "logit" | "probability" | null;

/** The output as [N, classes], nothing taken off: of one number a sample the two classes' (0 and z, or 1 − p and p). */
export function scoresFrom(e: Emit, scores: Value, single: Single): Value {
  const flat = flattened(e, scores);
  if (!single) return flat;
  return beside(e, single === "probability" ? e.Sub(e.scalar(1, flat), flat) : e.Mul(flat, e.scalar(0, flat)), flat);
}

/** Differences of scores, as a share of the largest of the sample, below which either class may be named. */
const TIE = 1e-4;

/** Whether logits name the class that the scores name, of every sample where one leads. */
export function sameWinners({ shape, data }: Tensor<"float32">, logits: Float32Array): boolean {
  const k = shape[1]!;
  for (let at = 0; at < data.length; at += k) {
    const own = data.subarray(at, at + k);
    const best = Math.max(...own);
    const close = TIE * Math.max(...own.map(Math.abs));
    const z = logits.subarray(at, at + k);
    const named = z.indexOf(Math.max(...z));
    if (named < 0 || best - own[named]! > close) return false;
  }
  return true;
}

/** Least normal float32 number. */
const TINY = 1.2e-38;

/** log p of probabilities p [N, classes] that no last operator explains: their softmax is p again, and does not saturate as one of p would. */
export const logarithms = (e: Emit, p: Value): Value => e.Log(e.Max(p, e.scalar(TINY, p)));

/** The graph with its chosen output as logits. */
export const logitsGraph = (e: Emit, graph: Graph, output = 0): Graph => ({
  ...graph,
  outputs: [logitsOf(e, graph.outputs[output]!)],
  outputNames: ["logits"],
});
