/** What to do about an operator that is not read, by its kind. */
import { fail } from "../base/index.ts";
import type { ModelNode } from "./model.ts";

const KINDS: readonly (readonly [which: RegExp, mend: string])[] = [
  [/^(If|Loop|Scan)$/, "export the model without control flow (torch.onnx.export traces it away; onnxsim folds constant branches)"],
  [
    /^(Random|Bernoulli$|Multinomial$)/,
    "it is random, so the model is no function of its input: export the mean, or draw the numbers outside and feed them",
  ],
  [
    /^ai\.onnx\.ml\.(Tree|SVM)/,
    "it is no differentiable function: load the file for its scores only (score, decision and transfer attacks need no gradient)",
  ],
  [/^ai\.onnx\.ml\./, "it works on words or tables: begin the exported pipeline after it, at the numbers that the classifier sees"],
  [/^(QLinear|.*Integer$|com\.microsoft\.QLinear)/, "quantise in the QDQ format, or use the model from before quantisation"],
  [/^com\.microsoft\./, "save the model without a runtime's own fusions (graph optimisation “basic” or none)"],
];

const OTHER =
  "replace it at export by operators of the list, simplify the model (onnxsim), or cut it before this node (onnx.utils.extract_model)";

/** Refuse `node`, described as `what`. */
export const refuseUnknown = (node: ModelNode, what: string): never =>
  fail({
    code: "operator-unknown",
    expected: "operators that docs/operators.md lists",
    got: what,
    mend: KINDS.find(([which]) => which.test(node.op))?.[1] ?? OTHER,
  });
