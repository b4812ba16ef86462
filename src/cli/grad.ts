import { defineCommand } from "citty";
import { host } from "#host";
import { crossEntropy, dlr, gradientFile, margin, surrogates } from "../attack/index.ts";
import { sha256 } from "../base/index.ts";
import { openClassifier } from "../model/index.ts";
import { decode } from "../onnx/index.ts";
import { modelFile } from "../run/index.ts";
import { modelArgs, modelOptions } from "./model.ts";
import { choice, jsonArg, runArgs, runOptions, withExamples } from "./options.ts";
import { printJson, say } from "./output.ts";
import { apart } from "./writable.ts";

const LOSSES = { "cross-entropy": crossEntropy, margin, dlr } as const;
const NAMES = Object.keys(LOSSES) as (keyof typeof LOSSES)[];

const command = defineCommand({
  meta: { name: "grad", description: "Write the gradient of a classifier's loss as an ONNX file of ordinary operators." },
  args: {
    model: { type: "positional", description: "the ONNX file", required: true },
    out: { type: "string", alias: "o", description: "the file to write", required: true },
    loss: { type: "string", description: NAMES.join(", "), default: "cross-entropy" },
    wrt: { type: "string", description: "what to differentiate by: input, the images before all preprocessing", default: "input" },
    ...modelArgs,
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const run = runOptions(args);
    const loss = choice("loss", args.loss, NAMES);
    choice("wrt", args.wrt, ["input"]);
    await apart(args.out, args.model);
    const options = await modelOptions(args, args.model);
    const file = await modelFile(args.model);
    const model = await openClassifier(file, { ...run, ...options });
    try {
      const declared = options.preprocessing ?? {};
      const bytes = gradientFile(model, {
        loss: LOSSES[loss],
        metadata: { "counterfoil.model": file.sha256, "counterfoil.preprocessing": JSON.stringify(declared) },
      });
      await host.writeFile(args.out, bytes);
      const { inputs, opset, nodes } = decode(bytes);
      const replaced = surrogates(model);
      const report = {
        file: { path: args.out, sha256: await sha256(bytes), bytes: bytes.length },
        model: { path: args.model, sha256: file.sha256 },
        loss,
        preprocessing: declared,
        undone: model.reading?.undone ?? null,
        opset,
        inputs,
        outputs: [
          { name: "loss", dtype: "float32", dims: inputs[1]!.dims },
          { name: "logits", dtype: "float32", dims: [...inputs[1]!.dims, model.classes] },
          { name: "gradient", dtype: "float32", dims: inputs[0]!.dims },
        ],
        operators: [...new Set(nodes.map((n) => n.op))].sort(),
        surrogates: replaced,
        notes: [
          ...(model.notes ?? []),
          ...(model.dynamic ? [] : [`the model's batch is fixed at ${inputs[0]!.dims?.[0]}, and so is the gradient's`]),
        ],
      };
      if (args.json) printJson(report);
      for (const note of report.notes) say(`  note: ${note}`);
      if (replaced.length > 0)
        say(`  note: the gradient passes ${replaced.length} nodes by a surrogate, as their own is zero: ${replaced.join(", ")}`);
      say(
        `${args.out}: ∂ ${loss} / ∂ ${inputs[0]!.name}, opset ${opset}, ${nodes.length} nodes of ${report.operators.length} operators, ${bytes.length} bytes`,
      );
      return 0;
    } finally {
      await model.release();
    }
  },
});

export default withExamples(command, [
  "counterfoil grad model.onnx -o model.grad.onnx",
  "counterfoil grad model.onnx -o model.grad.onnx --loss margin --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --json",
]);
