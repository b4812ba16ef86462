/** From a file's output to logits [N, classes ≥ 2]. */
import { fail } from "../base/index.ts";
import type { Emit, Graph, Value } from "../graph/index.ts";

/** What the scores of a file are, from its last operators. */
export interface Reading {
  /** Operators taken off the end for the attack, never for the verdict. */
  readonly undone: "Softmax" | "Sigmoid" | null;
  /** One number a sample: the second class's logit, or its probability. */
  readonly single: boolean;
  readonly classes: number;
}

/** Through what only renames or reshapes [N, …] to the same numbers a sample. */
function source(v: Value): Value {
  const node = v.node;
  const passes = node && ["Identity", "Squeeze", "Unsqueeze", "Flatten", "Reshape", "Dropout"].includes(node.op) && v.index === 0;
  const x = node?.inputs[0];
  return passes && x && x.type.shape[0] === v.type.shape[0] && x.type.dtype === v.type.dtype ? source(x) : v;
}

const squashes = (v: Value): "Softmax" | "Sigmoid" | null => {
  const { node } = source(v);
  const rank = source(v).type.shape.length;
  if (node?.op === "Sigmoid") return "Sigmoid";
  return node?.op === "Softmax" && [-1, rank - 1].includes((node.attrs.axis as number | undefined) ?? -1) ? "Softmax" : null;
};

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
  return { undone: squashes(scores), single: width === 1, classes: Math.max(width, 2) };
}

/**
 * The logits behind an output. A last Softmax is taken off: where it saturates, its loss has no gradient, which would make the model
 * look robust (Carlini & Wagner 2016, arXiv:1607.04311). A single score z of class 1 becomes (0, z): σ(z) is its softmax.
 */
export function logitsOf(e: Emit, scores: Value): Value {
  const { undone, single } = reading(scores);
  const raw = undone ? source(scores).node!.inputs[0]! : scores;
  const flat = e.Reshape(raw, e.ints([0, -1]));
  return single ? e.Concat(e.Mul(flat, e.scalar(0, flat)), flat, { axis: 1 }) : flat;
}

/** The graph with its chosen output as logits. */
export const logitsGraph = (e: Emit, graph: Graph, output = 0): Graph => ({
  ...graph,
  outputs: [logitsOf(e, graph.outputs[output]!)],
  outputNames: ["logits"],
});
