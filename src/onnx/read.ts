/** ONNX bytes → graph, at opset 21 whatever the file's. */
import { CounterfoilError, fail } from "../base/index.ts";
import { type Emit, type Graph, input, type Value } from "../graph/index.ts";
import { ops } from "../ops/index.ts";
import { decode } from "./decode.ts";
import type { ExternalFiles } from "./external-read.ts";
import type { Model, ModelInput, ModelNode } from "./model.ts";
import { upgrades } from "./upgrade.ts";

export interface ReadOptions {
  /** What a free first dimension is taken to be; default 1. */
  readonly batch?: number;
  /** Gives the bytes of a weights file beside the model. */
  readonly external?: ExternalFiles | undefined;
}

/** Versions of ONNX's operator set that are read. */
export const OPSETS = { oldest: 7, newest: 22 } as const;

/**
 * Read an ONNX file. A free first dimension becomes `batch` and stays free when the graph is written again.
 * @throws onnx-not, onnx-damaged, onnx-opset, onnx-dangling, operator-unknown, input-free, dtype-unsupported, …
 */
export function read(bytes: Uint8Array, e: Emit, { batch = 1, external }: ReadOptions = {}): Graph {
  const model = decode(bytes, external);
  if (model.opset < OPSETS.oldest || model.opset > OPSETS.newest)
    fail({
      code: "onnx-opset",
      expected: `opset ${OPSETS.oldest} to ${OPSETS.newest}`,
      got: `${model.opset}`,
      mend: `export the model with opset 21, or convert it: onnx.version_converter.convert_version(model, 21)`,
    });
  const values = new Map<string, Value>();
  for (const [name, t] of model.initializers) values.set(name, { ...e.constant(t), name });
  const inputs = model.inputs.map((i) => asInput(i, batch));
  for (const v of inputs) values.set(v.name!, v);
  for (const node of model.nodes) {
    const args = node.inputs.map((name) => (name === "" ? null : find(values, name, describe(node))));
    const outputs = emit(e, model, node, args);
    for (const [i, name] of node.outputs.entries()) if (name !== "" && outputs[i]) values.set(name, outputs[i]);
  }
  return {
    inputs,
    outputs: model.outputs.map((name) => find(values, name, "the model's outputs")),
    outputNames: model.outputs,
    name: model.name,
    metadata: model.metadata,
  };
}

const describe = ({ op, name, outputs }: ModelNode): string => `${op} (node "${name || `→ ${outputs[0]}`}")`;

const find = (values: ReadonlyMap<string, Value>, name: string, where: string): Value =>
  values.get(name) ??
  fail({
    code: "onnx-dangling",
    expected: `a value "${name}" before ${where}, which reads it`,
    got: "none",
    mend: "export the model again: it is damaged, or its nodes are out of order",
  });

function asInput({ name, dtype, dims }: ModelInput, batch: number): Value {
  const shape = dims.map((d, i) => {
    if (typeof d === "number") return d;
    if (i === 0) return batch;
    return fail({
      code: "input-free",
      expected: `input "${name}" with sizes that are known beyond the batch`,
      got: `[${dims.map((x) => x ?? "?").join(", ")}]`,
      mend: "export it with fixed sizes (python -m onnxruntime.tools.make_dynamic_shape_fixed sets them in a file)",
    });
  });
  return input(
    dtype,
    shape,
    name,
    dims.map((d) => d ?? "N"),
  );
}

const CONTROL = new Set(["If", "Loop", "Scan"]);
const QUANTIZED = /^(QLinear|Quantize|Dequantize|DynamicQuantize)|Integer$/;

function unknown(node: ModelNode): never {
  return fail({
    code: "operator-unknown",
    expected: "operators that docs/operators.md lists",
    got: describe(node),
    mend: CONTROL.has(node.op)
      ? "export the model without control flow (torch.onnx.export traces it away; onnxsim folds constant branches)"
      : QUANTIZED.test(node.op)
        ? "use the model from before quantisation: the gradient of rounding is zero"
        : node.op.includes(".")
          ? "save the model without a runtime's own fusions (graph optimisation “basic” or none)"
          : "replace it at export by operators of the list, simplify the model (onnxsim), or cut it before this node (onnx.utils.extract_model)",
  });
}

/** One node, in its present form. Whatever is wrong with it is said with its name. */
function emit(e: Emit, model: Model, node: ModelNode, inputs: readonly (Value | null)[]): readonly Value[] {
  const upgrade = upgrades[node.op];
  const old = upgrade !== undefined && model.opset < upgrade.since;
  if (!old && !ops[node.op]) return unknown(node);
  if (node.opaque.length > 0) return unknown(node);
  inferenceOnly(node, inputs);
  try {
    return old
      ? upgrade.rule(e, { inputs, attrs: node.attrs, outputs: node.outputs.length })
      : e.node(node.op, inputs, node.attrs, node.name);
  } catch (cause) {
    if (cause instanceof CounterfoilError) {
      const { code, expected, got, mend } = cause;
      return fail({ code, expected, got: `${got} in ${describe(node)}`, mend, cause });
    }
    return fail({
      code: "onnx-node",
      expected: "a node that its operator's definition allows",
      got: `${describe(node)}, where ${cause instanceof Error ? cause.message : cause}`,
      mend: "check the model with onnx.checker.check_model, and export it again",
      cause,
    });
  }
}

/** Training forms draw random numbers or use the batch's own statistics: not a function of the input. */
function inferenceOnly(node: ModelNode, inputs: readonly (Value | null)[]): void {
  const flag = node.op === "Dropout" ? inputs[2]?.data?.data[0] : node.op === "BatchNormalization" ? node.attrs.training_mode : 0;
  if (flag)
    fail({
      code: "operator-training",
      expected: "a model exported for inference",
      got: `${describe(node)} in training mode`,
      mend: "export it in evaluation mode (PyTorch: model.eval() first)",
    });
}
