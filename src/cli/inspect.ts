import { defineCommand } from "citty";
import { CounterfoilError, isFloat, size } from "../base/index.ts";
import { type Graph, order } from "../graph/index.ts";
import { decode, type Model, read } from "../onnx/index.ts";
import { isGap, ops } from "../ops/index.ts";
import { builder, perturbed } from "../pass/index.ts";
import { gradientCheck, modelFile, openFile } from "../run/index.ts";
import { jsonArg, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
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

function supportOf(model: Model): Support[] {
  const counts = new Map<string, number>();
  for (const { op } of model.nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  const missing = "not in the operator table";
  return [...counts].sort().map(([operator, count]) => {
    const op = ops[operator];
    return op
      ? { operator, count, differentiable: answer(op.vjp), interval: answer(op.interval), linear: answer(op.lines) }
      : { operator, count, differentiable: missing, interval: missing, linear: missing };
  });
}

/** The graph, or the sentence that says why it cannot be read. */
function readable(parse: () => Graph): { graph: Graph } | { problem: string } {
  try {
    return { graph: parse() };
  } catch (error) {
    if (error instanceof CounterfoilError) return { problem: error.message };
    throw error;
  }
}

/** Operators between input and output: constants and shapes need no answers. */
function onTheWay(graph: Graph): string[] {
  const moving = perturbed(graph.outputs, graph.inputs);
  return order(graph.outputs)
    .filter((node) => node.outputs.some((o) => moving.has(o)))
    .map((node) => node.op);
}

const shapeText = (dims: readonly (number | string | null)[]): string => `[${dims.map((d) => d ?? "?").join(", ")}]`;

const command = defineCommand({
  meta: { name: "inspect", description: "Say what an ONNX file is, and what can be done with it." },
  args: {
    model: { type: "positional", description: "the ONNX file", required: true },
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const run = runOptions(args);
    const seed = seedOf(args.seed);
    const file = await modelFile(args.model);
    const model = decode(file.bytes, file.external);
    const operators = supportOf(model);
    const result = readable(() => read(file.bytes, builder(), { external: file.external }));
    const graph = "graph" in result ? result.graph : null;
    const can = (what: "vjp" | "interval" | "lines") => graph !== null && onTheWay(graph).every((op) => !isGap(ops[op]![what]));
    const differentiable = graph?.inputs.some((v) => isFloat(v.type.dtype)) === true && can("vjp");
    const takesGradient = graph?.inputs.some((v) => v.type.dtype === "float32") && graph.outputs[0]?.type.dtype === "float32";
    const program = await openFile(file.external ? file.path : file.bytes, run);
    try {
      const report = {
        model: { path: file.path, sha256: file.sha256, bytes: file.bytes.length },
        producer: model.producer,
        opset: model.opset,
        irVersion: model.irVersion,
        parameters: [...model.initializers.values()].reduce((n, t) => n + (t.dtype.startsWith("float") ? size(t.shape) : 0), 0),
        inputs: model.inputs,
        outputs: model.outputs.map((name, i) => ({
          name,
          type: graph ? `${graph.outputs[i]!.type.dtype} ${shapeText(graph.outputs[i]!.type.shape)} at batch 1` : null,
        })),
        metadata: model.metadata,
        operators,
        readable: graph ? true : "problem" in result && result.problem,
        differentiable,
        boundable: { interval: can("interval"), linear: can("lines") },
        gradientCheck: graph && takesGradient && differentiable ? await gradientCheck(graph, program, { ...run, seed }) : null,
        runtime: program.runtime,
      };
      if (args.json) printJson(report);
      else {
        const yes = (x: boolean) => (x ? "yes" : "no");
        say(`${file.path}: opset ${report.opset}, ${report.parameters} parameters, ${report.producer || "unknown producer"}`);
        for (const i of report.inputs) say(`  input  ${i.name}: ${i.dtype} ${shapeText(i.dims)}`);
        for (const o of report.outputs) say(`  output ${o.name}${o.type ? `: ${o.type}` : ""}`);
        for (const o of operators) {
          const gaps = [o.differentiable, o.interval, o.linear].filter((a) => a !== true);
          say(`  ${o.operator} × ${o.count}${gaps.length > 0 ? `: ${[...new Set(gaps)].join("; ")}` : ""}`);
        }
        if (report.readable !== true) say(`  cannot be read as a graph: ${report.readable}`);
        say(
          `  differentiable: ${yes(report.differentiable)}; intervals: ${yes(report.boundable.interval)}; linear bounds: ${yes(report.boundable.linear)}`,
        );
        const check = report.gradientCheck;
        if (check)
          say(
            `  gradient self-check: relative error ${check.relativeError.toExponential(1)} over ${check.directions} directions, ${check.ok ? "agrees" : "DIFFERS"}`,
          );
      }
      return 0;
    } finally {
      await program.release();
    }
  },
});

export default withExamples(command, ["counterfoil inspect model.onnx", "counterfoil inspect model.onnx --json"]);
