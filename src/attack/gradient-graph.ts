/** The gradient of an attack's loss as a graph: what a white box is asked, and a file that any onnxruntime runs. */
import { input, type Value } from "../graph/index.ts";
import type { GradientModel } from "../model/index.ts";
import { sum } from "../nn/index.ts";
import { write } from "../onnx/index.ts";
import { builder, gradientFlow, gradOf, lower, rebatch } from "../pass/index.ts";
import { crossEntropy, type Loss } from "./loss.ts";

export interface GradientGraph {
  /** The user's input [N, …]. */
  readonly x: Value;
  /** int64 [N] */
  readonly labels: Value;
  /** int64 [N]: the second class, of losses that name one. */
  readonly others: Value;
  /** [N, K] */
  readonly logits: Value;
  /** [N] */
  readonly losses: Value;
  /** ∇ₓ of each sample's loss, of x's shape. */
  readonly gradient: Value;
  /** Whether N is free. */
  readonly dynamic: boolean;
}

/**
 * Loss and input gradient of a model, each sample on its own, at any batch where the file takes any.
 * @param surrogate let gradients pass operators that stop them by their surrogates (BPDA); default true
 * @throws operator-no-gradient
 */
export function gradientGraph(
  { logits: { inputs, outputs }, dynamic }: Pick<GradientModel, "logits" | "dynamic">,
  loss: Loss,
  { surrogate = true }: { readonly surrogate?: boolean } = {},
): GradientGraph {
  const e = builder();
  // at 2, so that an axis which broadcasts is told from one that does not
  const graph = dynamic ? rebatch({ inputs, outputs }, 2).graph : { inputs, outputs };
  const [x, logits] = [graph.inputs[0]!, graph.outputs[0]!];
  const n = x.type.shape[0]!;
  const [labels, others] = ["labels", "others"].map((name) => input("int64", [n], name, [dynamic ? (x.dims?.[0] ?? "N") : n]));
  const losses = loss.emit(e, logits, labels!, others!);
  const [gradient] = gradOf(e, sum(e, losses), [x], undefined, { surrogate });
  return { x, labels: labels!, others: others!, logits, losses, gradient: gradient!, dynamic };
}

/** Nodes where the gradient is that of a surrogate: `Round "steps"`. */
export const surrogates = ({ logits }: Pick<GradientModel, "logits">): string[] =>
  gradientFlow(logits)
    .filter((f) => f.flow === "straight-through")
    .map((f) => (f.name ? `${f.op} "${f.name}"` : f.op));

export interface GradientFileOptions {
  /** What the gradient is of; default cross-entropy. A loss that names a second class needs more inputs than the file has. */
  readonly loss?: Loss;
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The gradient graph as an ONNX file of standard operators (opset 21): inputs the model's own (float32 [N, …]; declared preprocessing is inside) and
 * `labels` (int64 [N]); outputs `loss` [N], `logits` [N, K] and `gradient` [N, …], ∂lossᵢ/∂xᵢ.
 * @throws operator-no-gradient
 */
export function gradientFile(model: GradientModel, { loss = crossEntropy, metadata = {} }: GradientFileOptions = {}): Uint8Array {
  const { x, labels, losses, logits, gradient, dynamic } = gradientGraph(model, loss);
  const replaced = surrogates(model);
  const graph = {
    inputs: [x, labels],
    outputs: [losses, logits, gradient],
    outputNames: ["loss", "logits", "gradient"],
    name: "gradient",
    metadata: {
      "counterfoil.graph": "gradient of a loss by the input",
      "counterfoil.loss": loss.name,
      "counterfoil.undone": model.reading?.undone ?? "nothing",
      ...(replaced.length > 0 && { "counterfoil.surrogates": replaced.join(", ") }),
      ...metadata,
    },
  };
  return write(lower(graph, { anyBatch: dynamic }));
}
