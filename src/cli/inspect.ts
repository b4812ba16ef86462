import { defineCommand } from "citty";
import { CounterfoilError, isFloat, size, type Tensor } from "../base/index.ts";
import { type Graph, order } from "../graph/index.ts";
import { type AnyModel, type OpenOptions, openModel } from "../model/index.ts";
import { decode, isRead, type Model, read } from "../onnx/index.ts";
import { isGap, ops } from "../ops/index.ts";
import { builder, gradientFlow, perturbed } from "../pass/index.ts";
import { type GradientCheck, gradientCheck, type ModelFile, modelFile, openFile, type RunOptions } from "../run/index.ts";
import { modelArgs, modelOptions } from "./model.ts";
import { jsonArg, rangeOf, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { printJson, say } from "./output.ts";

/** What can be done with an operator of the file: true, or why not. */
interface Support {
  readonly operator: string;
  readonly count: number;
  readonly differentiable: true | string;
  readonly interval: true | string;
  readonly linear: true | string;
}

const answer = (x: unknown): true | string => (isGap(x) ? x.gap : true);

function supportOf(nodes: Model["nodes"]): Support[] {
  const counts = new Map<string, number>();
  for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  return [...counts].sort().map(([operator, count]) => {
    const op = ops[operator];
    if (op) return { operator, count, differentiable: answer(op.vjp), interval: answer(op.interval), linear: answer(op.lines) };
    // read as other operators, which answer for it
    const told = isRead(operator) ? true : "not in the operator table";
    return { operator, count, differentiable: told, interval: told, linear: told };
  });
}

type Attempted<T> = { readonly value: T } | { readonly problem: string; readonly code: string; readonly error: CounterfoilError };

/** What was made, or the sentence that says why it cannot be. */
async function attempt<T>(make: () => T | Promise<T>): Promise<Attempted<T>> {
  try {
    return { value: await make() };
  } catch (error) {
    if (error instanceof CounterfoilError) return { problem: error.message, code: error.code, error };
    throw error;
  }
}

/** A node that a gradient does not plainly pass. */
interface Hindrance {
  readonly node: string | null;
  readonly operator: string;
  readonly flow: "straight-through" | "stops";
  readonly reason: string;
}

function flowOf(graph: Graph): { counts: Record<string, number>; nodes: Hindrance[] } {
  const counts = { differentiable: 0, "straight-through": 0, stops: 0 };
  const nodes: Hindrance[] = [];
  for (const { name, op, flow, reason } of gradientFlow(graph)) {
    counts[flow]++;
    if (flow !== "differentiable") nodes.push({ node: name ?? null, operator: op, flow, reason: reason ?? "" });
  }
  return { counts, nodes };
}

/** Operators between input and output: constants and shapes need no answers. */
function onTheWay(graph: Graph): string[] {
  const moving = perturbed(graph.outputs, graph.inputs);
  return order(graph.outputs)
    .filter((node) => node.outputs.some((o) => moving.has(o)))
    .map((node) => node.op);
}

/** What an attacker gets, and why not more. */
function capability(model: AnyModel) {
  const white = model.access === "gradient" ? model : null;
  return {
    access: model.access,
    why: model.why ?? null,
    classes: model.classes,
    inputShape: model.inputShape,
    output: model.access === "labels" ? null : model.output,
    undone: white?.reading?.undone ?? null,
    graphError: white?.graphError ?? null,
    notes: model.notes ?? [],
  };
}

/** Why there is no certificate, where there could have been one. */
interface Skipped {
  readonly skipped: string;
}

/** Differences of the file against our gradient: of the classifier as it is fed, or of a file that is none. */
async function certificate(
  file: ModelFile,
  model: AnyModel | null,
  graph: Graph | null,
  options: RunOptions & { seed: number; range: readonly [number, number] },
): Promise<GradientCheck | Skipped | null> {
  if (!graph?.inputs.some((v) => v.type.dtype === "float32") || graph.outputs[0]?.type.dtype !== "float32") return null;
  const hindered = flowOf({ ...graph, outputs: graph.outputs.slice(0, 1) }).nodes.length;
  if (hindered > 0) return { skipped: `at ${hindered} nodes the gradient is not the true one, and differences would not agree with it` };
  if (model?.access === "gradient")
    return gradientCheck(graph, { run: async ([x]) => [await model.scores(x as Tensor<"float32">)] }, options);
  const program = await openFile(file.external ? file.path : file.bytes, options);
  try {
    return await gradientCheck(graph, program, options);
  } finally {
    await program.release();
  }
}

/** What the user's own options got wrong is refused; what the file is, is reported. */
const OPTIONS = new Set(["preprocessing", "size-unknown", "option-choice"]);

async function inspected(file: ModelFile, args: { seed: string; range: string } & Parameters<typeof runOptions>[0], options: OpenOptions) {
  const run = runOptions(args);
  const decoded = decode(file.bytes, file.external);
  const { sizes } = options;
  const raw = await attempt(() => read(file.bytes, builder(), { external: file.external, ...(sizes && { sizes }) }));
  const opened = await attempt(() => openModel(file, { ...run, ...options, access: "best" }));
  if ("problem" in opened && (OPTIONS.has(opened.code) || (options.output !== undefined && opened.code === "classifier-output")))
    throw opened.error;
  const model = "value" in opened ? opened.value : null;
  const whole = "value" in raw ? raw.value : null;
  try {
    const graph = model?.access === "gradient" ? model.graph : whole;
    const flow = graph && flowOf(graph);
    const can = (what: "interval" | "lines") => graph !== null && onTheWay(graph).every((op) => !isGap(ops[op]![what]));
    return {
      model: { path: file.path, sha256: file.sha256, bytes: file.bytes.length },
      producer: decoded.producer,
      opset: decoded.opset,
      irVersion: decoded.irVersion,
      parameters: [...decoded.initializers.values()].reduce((n, t) => n + (t.dtype.startsWith("float") ? size(t.shape) : 0), 0),
      inputs: decoded.inputs,
      outputs: decoded.outputs.map((name, i) => ({
        name,
        type: whole ? `${whole.outputs[i]!.type.dtype} ${shapeText(whole.outputs[i]!.type.shape)} at batch 1` : null,
      })),
      metadata: decoded.metadata,
      operators: supportOf(decoded.nodes),
      readable: graph ? (true as const) : "problem" in raw && raw.problem,
      classifier: model ? capability(model) : { problem: "problem" in opened && opened.problem },
      preprocessing: options.preprocessing ?? null,
      flow,
      differentiable: flow !== null && graph!.inputs.some((v) => isFloat(v.type.dtype)) && flow.nodes.length === 0,
      boundable: { interval: can("interval"), linear: can("lines") },
      gradientCheck: await certificate(file, model, graph, { ...run, seed: seedOf(args.seed), range: rangeOf(args.range) }),
      runtime: model?.runtime ?? (await runtimeOf(file, run)),
    };
  } finally {
    await model?.release();
  }
}

/** Of a file that is no classifier: it must at least load. */
async function runtimeOf(file: ModelFile, run: RunOptions): Promise<string> {
  const program = await openFile(file.external ? file.path : file.bytes, run);
  await program.release();
  return program.runtime;
}

const shapeText = (dims: readonly (number | string | null)[]): string => `[${dims.map((d) => d ?? "?").join(", ")}]`;
const yes = (x: boolean) => (x ? "yes" : "no");

/** For people. */
function lines(report: Awaited<ReturnType<typeof inspected>>): string[] {
  const { classifier, flow, gradientCheck: check } = report;
  const out = [`${report.model.path}: opset ${report.opset}, ${report.parameters} parameters, ${report.producer || "unknown producer"}`];
  for (const i of report.inputs) out.push(`  input  ${i.name}: ${i.dtype} ${shapeText(i.dims)}`);
  for (const o of report.outputs) out.push(`  output ${o.name}${o.type ? `: ${o.type}` : ""}`);
  for (const o of report.operators) {
    const gaps = [o.differentiable, o.interval, o.linear].filter((a) => a !== true);
    out.push(`  ${o.operator} × ${o.count}${gaps.length > 0 ? `: ${[...new Set(gaps)].join("; ")}` : ""}`);
  }
  if (report.readable !== true) out.push(`  cannot be read as a graph: ${report.readable}`);
  if ("problem" in classifier) out.push(`  not read as a classifier: ${classifier.problem}`);
  else {
    const { access, why, classes, output, undone, inputShape, notes } = classifier;
    const told =
      output === null
        ? "labels only"
        : output === "logits"
          ? "logits"
          : `probabilities${undone ? ` (${undone} taken off for attacks)` : ""}`;
    out.push(`  a classifier: samples [${inputShape}], ${classes} classes, outputs ${told}`);
    out.push(`  an attacker gets ${access === "gradient" ? "gradients" : `${access} only`}${why ? `: ${why}` : ""}`);
    out.push(...notes.map((n) => `  note: ${n}`));
  }
  if (flow) {
    const { differentiable, "straight-through": through, stops } = flow.counts;
    out.push(`  gradient: ${differentiable} nodes differentiable, ${through} straight-through, ${stops} stop it`);
    for (const n of flow.nodes) out.push(`    ${n.flow}: ${n.operator} ${n.node ? `"${n.node}"` : "(no name)"}: ${n.reason}`);
  }
  const { interval, linear } = report.boundable;
  out.push(`  differentiable: ${yes(report.differentiable)}; intervals: ${yes(interval)}; linear bounds: ${yes(linear)}`);
  if (check && "skipped" in check) out.push(`  gradient self-check: not made; ${check.skipped}`);
  else if (check)
    out.push(
      `  gradient self-check: relative error ${check.relativeError.toExponential(1)} over ${check.directions} directions (tolerance ${check.tolerance})${check.precision === null ? "" : `, float32 beside float64 ${check.precision.toExponential(1)}`}, ${check.ok ? "agrees" : "DIFFERS"}`,
    );
  return out;
}

const command = defineCommand({
  meta: { name: "inspect", description: "Say what an ONNX file is, what an attacker gets of it, and whether its gradient is right." },
  args: {
    model: { type: "positional", description: "the ONNX file", required: true },
    range: { type: "string", description: "where the gradient is checked: least and largest value of the data", default: "0,1" },
    ...modelArgs,
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const options = await modelOptions(args, args.model);
    const report = await inspected(await modelFile(args.model), args, options);
    if (args.json) printJson(report);
    else for (const line of lines(report)) say(line);
    return 0;
  },
});

export default withExamples(command, [
  "counterfoil inspect model.onnx",
  "counterfoil inspect model.onnx --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --json",
]);
