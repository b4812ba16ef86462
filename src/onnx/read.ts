/** ONNX bytes → graph, at opset 21 whatever the file's. */
import { CounterfoilError, fail, onnxType } from "../base/index.ts";
import { type Emit, type Graph, input, type Value } from "../graph/index.ts";
import { ops } from "../ops/index.ts";
import { decode } from "./decode.ts";
import type { ExternalFiles } from "./external-read.ts";
import type { Model, ModelInput, ModelNode } from "./model.ts";
import { spellings } from "./spelling.ts";
import { upgrades } from "./upgrade.ts";

export interface ReadOptions {
  /** What a free first dimension is taken to be; default 1. */
  readonly batch?: number;
  /** Gives the bytes of a weights file beside the model. */
  readonly external?: ExternalFiles | undefined;
}

/** Versions of ONNX's operator set that are read. */
export const OPSETS = { oldest: 7, newest: 26 } as const;

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
  const names = new Names();
  for (const [name, t] of model.initializers) names.place(name, { ...e.constant(t), name }, `initialiser "${name}"`);
  const inputs = model.inputs.map((i) => asInput(i, batch));
  for (const v of inputs) names.place(v.name!, v, `input "${v.name}"`);
  for (const node of model.nodes) {
    const args = node.inputs.map((name) => (name === "" ? null : names.find(name, describe(node))));
    const outputs = emit(e, model, node, args);
    for (const [i, name] of node.outputs.entries()) if (name !== "") names.place(name, outputs[i], describe(node));
  }
  return {
    inputs,
    outputs: model.outputs.map((name) => names.find(name, "the model's outputs")),
    outputNames: model.outputs,
    name: model.name,
    metadata: model.metadata,
  };
}

const describe = ({ op, name, outputs }: ModelNode): string => `${op} (node "${name || `→ ${outputs[0]}`}")`;

/** The file's names and what they stand for. Each is given once, and before it is read. */
class Names {
  readonly #values = new Map<string, Value>();
  /** Outputs that the operator's record does not compute, by their giver: harmless until something reads them. */
  readonly #absent = new Map<string, string>();

  place(name: string, value: Value | undefined, giver: string): void {
    if (this.#values.has(name) || this.#absent.has(name))
      fail({
        code: "onnx-duplicate",
        expected: "each name to be given to one value",
        got: `"${name}" given again by ${giver}`,
        mend: "export the model again: it is damaged",
      });
    // its numbers would be read as bit patterns
    if (value?.type.dtype === "float16")
      fail({
        code: "dtype-unsupported",
        expected: `one of ${Object.keys(onnxType)
          .filter((d) => d !== "float16")
          .join(", ")}`,
        got: `${giver} of type float16`,
        mend: "use the float32 model that this one was converted from, or export it in float32",
      });
    if (value) this.#values.set(name, value);
    else this.#absent.set(name, giver);
  }

  find(name: string, reader: string): Value {
    const giver = this.#absent.get(name);
    if (giver)
      fail({
        code: "operator-output",
        expected: "only outputs that docs/operators.md lists to be read",
        got: `"${name}" of ${giver}, a further output of that operator, read by ${reader}`,
        mend: "export the model without it (a dropout mask and saved statistics are for training), or cut it off (onnx.utils.extract_model)",
      });
    return (
      this.#values.get(name) ??
      fail({
        code: "onnx-dangling",
        expected: `a value "${name}" before ${reader}, which reads it`,
        got: "none",
        mend: "export the model again: it is damaged, or its nodes are out of order",
      })
    );
  }
}

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
        : node.op.startsWith("com.microsoft.")
          ? "save the model without a runtime's own fusions (graph optimisation “basic” or none)"
          : "replace it at export by operators of the list, simplify the model (onnxsim), or cut it before this node (onnx.utils.extract_model)",
  });
}

/** One node, in its present form. Whatever is wrong with it is said with its name. */
function emit(e: Emit, model: Model, node: ModelNode, inputs: readonly (Value | null)[]): readonly Value[] {
  const upgrade = upgrades[node.op];
  const old = upgrade !== undefined && model.opset < upgrade.since;
  if (!old && !ops[node.op]) return unknown(node);
  const [opaque] = node.opaque;
  if (opaque !== undefined)
    fail({
      code: "operator-attribute",
      expected: "attributes that are numbers, text or tensors",
      got: `"${opaque}" of ${describe(node)}: a subgraph, a sparse tensor or a reference`,
      mend: "export the model with dense constants and without functions of its own (onnx.inliner.inline_local_functions)",
    });
  inferenceOnly(model, node, inputs);
  try {
    if (old) return upgrade.rule(e, { inputs, attrs: node.attrs, outputs: node.outputs.length });
    const call = spellings[node.op]?.(e, { inputs, attrs: node.attrs }) ?? { inputs, attrs: node.attrs };
    return e.node(node.op, call.inputs, call.attrs, node.name);
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

const trains: Readonly<Record<string, (opset: number, node: ModelNode, inputs: readonly (Value | null)[]) => boolean>> = {
  // a flag that is only computed later may be set
  Dropout: (_, __, [, , flag]) => Boolean(flag && (flag.data ? flag.data.data[0] : true)),
  // before the attribute, the outputs said it
  BatchNormalization: (opset, { attrs, outputs }) =>
    opset < 14 ? outputs.slice(1).some((name) => name !== "") : Boolean(attrs.training_mode),
};

/** Training forms draw random numbers or use the batch's own statistics: not a function of the input. */
function inferenceOnly({ opset }: Model, node: ModelNode, inputs: readonly (Value | null)[]): void {
  if (trains[node.op]?.(opset, node, inputs))
    fail({
      code: "operator-training",
      expected: "a model exported for inference",
      got: `${describe(node)} in training mode`,
      mend: "export it in evaluation mode (PyTorch: model.eval() first)",
    });
}
