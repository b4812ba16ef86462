/** ONNX bytes → graph, at opset 21 whatever the file's. */
import { CounterfoilError, type DType, fail } from "../base/index.ts";
import { type Emit, type Graph, input, type Value } from "../graph/index.ts";
import { ops } from "../ops/index.ts";
import { constructions } from "./construction.ts";
import { decode } from "./decode.ts";
import type { ExternalFiles } from "./external-read.ts";
import type { Branch, Model, ModelInput, ModelNode } from "./model.ts";
import { Names } from "./names.ts";
import { isHalf, spelled } from "./spelling.ts";
import { refuseUnknown } from "./unknown.ts";
import { upgrades } from "./upgrade.ts";

export interface ReadOptions {
  /** What a free first dimension is taken to be; default 1. It stays free in a file written from the graph. */
  readonly batch?: number;
  /** Sizes of other free dimensions, which are then fixed: by their name in the file, or by `input:axis` (`"image:2"`). */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Gives the bytes of a weights file beside the model. */
  readonly external?: ExternalFiles | undefined;
}

/** Versions of ONNX's operator set that are read. */
export const OPSETS = { oldest: 7, newest: 26 } as const;

/** Is an operator of a file read? Outside ONNX's own domain with the domain before it: `ai.onnx.ml.Scaler`. */
export const isRead = (op: string): boolean => op in ops || op in constructions || op in upgrades || op === "If";

/**
 * Read an ONNX file. A free first dimension becomes `batch` and stays free when the graph is written again. Half-precision numbers
 * become float32: the graph is the file's float32 twin, and its inputs say in `fileDType` what the file takes. Text becomes numbers.
 * @throws onnx-not, onnx-damaged, onnx-opset, onnx-dangling, operator-unknown, input-free, size-unknown, dtype-unsupported, …
 */
export function read(bytes: Uint8Array, e: Emit, { batch = 1, sizes = {}, external }: ReadOptions = {}): Graph {
  const model = decode(bytes, external);
  if (model.opset < OPSETS.oldest || model.opset > OPSETS.newest)
    fail({
      code: "onnx-opset",
      expected: `opset ${OPSETS.oldest} to ${OPSETS.newest}`,
      got: `${model.opset}`,
      mend: `export the model with opset 21, or convert it: onnx.version_converter.convert_version(model, 21)`,
    });
  const names = new Names();
  const inputs = asInputs(model.inputs, batch, sizes);
  for (const v of inputs) names.place(v.name!, v, `input "${v.name}"`);
  const reduced = halves(model.nodes);
  return {
    inputs,
    outputs: readNodes(e, model, model, names, "the model's outputs"),
    outputNames: model.outputs,
    ...(reduced.length > 0 && { reduced }),
    name: model.name,
    metadata: model.metadata,
  };
}

/** Nodes that make half-precision numbers; what CastLike makes is not known here. */
const halves = (nodes: readonly ModelNode[]): string[] =>
  nodes.flatMap((node) => [
    ...(isHalf(node.attrs) || node.op === "CastLike" ? [describe(node)] : []),
    ...Object.values(node.branches).flatMap((branch) => halves(branch.nodes)),
  ]);

/** The outputs of a graph or of a branch, its nodes emitted in order. */
function readNodes(e: Emit, model: Model, { initializers, nodes, outputs }: Branch, names: Names, reader: string): Value[] {
  for (const [name, t] of initializers) names.place(name, { ...e.constant(t), name }, `initialiser "${name}"`);
  for (const node of nodes) {
    const args = node.inputs.map((name) => (name === "" ? null : names.find(name, describe(node))));
    const made = node.op === "If" ? chosen(e, model, node, args, names) : emit(e, model, node, args);
    for (const [i, name] of node.outputs.entries()) if (name !== "") names.place(name, made[i], describe(node));
  }
  return outputs.map((name) => names.find(name, reader));
}

/** The branch that a known condition chooses. */
function chosen(e: Emit, model: Model, node: ModelNode, [condition]: readonly (Value | null)[], names: Names): readonly Value[] {
  const known = condition?.data ?? condition?.known;
  const branch = node.branches[known?.data[0] ? "then_branch" : "else_branch"];
  if (!known || !branch) return refuseUnknown(node, describe(node));
  return readNodes(e, model, branch, new Names(names), describe(node));
}

const describe = ({ op, name, outputs }: ModelNode): string => `${op} (node "${name || `→ ${outputs[0]}`}")`;

function asInputs(declared: readonly ModelInput[], batch: number, sizes: Readonly<Record<string, number>>): Value[] {
  const used = new Set<string>();
  const inputs = declared.map((i) => asInput(i, batch, sizes, used));
  const unused = Object.keys(sizes).find((k) => !used.has(k));
  if (unused !== undefined)
    fail({
      code: "size-unknown",
      expected: `sizes of the model's free dimensions${declared.map(({ name, dims }) => ` ${name}[${dims.map((d) => d ?? "?").join(", ")}]`).join(",")}`,
      got: `a size for “${unused}”`,
      mend: "name a free dimension, or say input:axis",
    });
  return inputs;
}

function asInput({ name, dtype, dims }: ModelInput, batch: number, sizes: Readonly<Record<string, number>>, used: Set<string>): Value {
  const fixed = dims.map((d, i) => {
    if (typeof d === "number") return d;
    const key = [`${name}:${i}`, d].find((k) => k !== null && Object.hasOwn(sizes, k));
    if (key === undefined || key === null) return d;
    used.add(key);
    return sizes[key]!;
  });
  const shape = fixed.map((d, i) => {
    if (typeof d === "number") {
      if (Number.isInteger(d) && d >= 0) return d;
      return fail({ code: "size-unknown", expected: "whole sizes", got: `${d} for axis ${i} of ${name}`, mend: "give a whole number" });
    }
    if (i === 0) return batch;
    const keys = dims.flatMap((x, k) => (k > 0 && typeof x !== "number" ? [x ?? `${name}:${k}`] : []));
    return fail({
      code: "input-free",
      expected: `input "${name}" with sizes that are known beyond the batch`,
      got: `[${dims.map((x) => x ?? "?").join(", ")}]`,
      mend: `say what they are: --size ${keys.map((k) => `${k}=224`).join(",")} (in code { sizes: { ${keys.map((k) => `"${k}": 224`).join(", ")} } })`,
    });
  });
  const half = dtype === "float16";
  const type: DType = half ? "float32" : dtype;
  const value = input(
    type,
    shape,
    name,
    fixed.map((d) => d ?? "N"),
  );
  return half ? { ...value, fileDType: dtype } : value;
}

/** One node, in its present form. Whatever is wrong with it is said with its name. */
function emit(e: Emit, model: Model, node: ModelNode, inputs: readonly (Value | null)[]): readonly Value[] {
  const upgrade = upgrades[node.op];
  const old = upgrade !== undefined && model.opset < upgrade.since;
  const construction = constructions[node.op];
  if (!old && !ops[node.op] && !construction) return refuseUnknown(node, describe(node));
  const opaque = node.opaque[0] ?? Object.keys(node.branches)[0];
  if (opaque !== undefined)
    fail({
      code: "operator-attribute",
      expected: "attributes that are numbers, text or tensors",
      got: `"${opaque}" of ${describe(node)}: a subgraph, a sparse tensor or a reference`,
      mend: "export the model with dense constants",
    });
  inferenceOnly(model, node, inputs);
  try {
    const call = spelled(e, node.op, { inputs, attrs: node.attrs });
    const legacy = { ...call, outputs: node.outputs.length };
    if (old) return upgrade.rule(e, legacy);
    return construction ? construction(e, legacy) : e.node(node.op, call.inputs, call.attrs, node.name);
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
