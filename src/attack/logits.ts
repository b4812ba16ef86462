import type { Graph } from "../graph/index.ts";

/**
 * The graph with its scores as logits. Where the last operator is a Softmax, its input: the loss of a saturated softmax
 * has no gradient, which would make the model look robust (Carlini & Wagner 2016, arXiv:1607.04311).
 */
export function logitsOf(graph: Graph): Graph {
  const last = graph.outputs[0]!.node;
  const isSoftmax = last?.op === "Softmax" && [-1, 1].includes((last.attrs.axis as number | undefined) ?? -1);
  return { ...graph, outputs: [isSoftmax ? last.inputs[0]! : graph.outputs[0]!] };
}
