/** How many samples a graph is run on at a time, so that memory stays in bounds whatever the model. */
import { size } from "../base/index.ts";
import { type Graph, order } from "../graph/index.ts";

/** Numbers that all operators of a graph put out, for one sample. */
export function activations({ inputs, outputs }: Pick<Graph, "inputs" | "outputs">): number {
  const batch = inputs[0]?.type.shape[0] ?? 1;
  return order(outputs).reduce((n, node) => n + node.outputs.reduce((m, o) => m + size(o.type.shape), 0), 0) / Math.max(batch, 1);
}

/** 256 MiB of float32: what a forward and a backward pass keep is about as much as all operators put out. */
const MOST = 2 ** 26;

/** Rows to run at a time: at most `most`, and no more than keep the graph's numbers within 256 MiB. */
export const affordableRows = (graph: Pick<Graph, "inputs" | "outputs">, most: number): number =>
  Math.max(1, Math.min(most, Math.floor(MOST / Math.max(activations(graph), 1))));
