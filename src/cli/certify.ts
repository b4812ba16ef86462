import { defineCommand } from "citty";
import { load } from "../model/index.ts";
import { modelFile } from "../run/index.ts";
import { certify, METHODS } from "../verify/index.ts";
import { labelled } from "./data.ts";
import { modelArgs, modelOptions } from "./model.ts";
import { choice, jsonArg, maybeNumber, number, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, percent, printJson, say } from "./output.ts";

const command = defineCommand({
  meta: { name: "certify", description: "Prove, sample by sample, that no perturbation within ε changes the class." },
  args: {
    model: { type: "positional", description: "the ONNX file", required: true },
    data: { type: "string", description: "mnist[:train|:test], a folder of class folders, file.npz, file.csv", required: true },
    epsilon: { type: "string", description: "L∞ radius, in the data's units", required: true },
    method: { type: "string", description: METHODS.join(" or "), default: "crown" },
    steps: { type: "string", description: "steps of the PGD that tries to falsify", default: "40" },
    limit: { type: "string", description: "the first so many samples" },
    "fail-under": { type: "string", description: "exit with 1 if the certified accuracy is lower" },
    ...modelArgs,
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const file = await modelFile(args.model);
    const run = runOptions(args);
    const epsilon = number("epsilon", args.epsilon, { least: 0 });
    const method = choice("method", args.method, METHODS);
    const steps = number("steps", args.steps, { least: 1, whole: true });
    const seed = seedOf(args.seed);
    const gate = maybeNumber("fail-under", args["fail-under"], { least: 0, most: 1 });
    const data = await labelled(args.data, { limit: args.limit, seed: args.seed });
    const classifier = await load(args.model, { ...run, ...(await modelOptions(args, args.model)) });
    const bar = meter(`certifying ${args.model} by ${method}`);
    try {
      const result = await certify(
        classifier,
        { x: data.x, labels: data.y },
        {
          ...run,
          epsilon,
          method,
          range: data.range,
          steps,
          seed,
          signal: interruptible(),
          onProgress: (done, total) => bar.update(`bounded ${done} of ${total}`, done, total),
        },
      );
      bar.succeed(
        `${data.name}: certified ${percent(result.certifiedAccuracy)} ≤ accuracy under attack at ε = ${epsilon} ≤ ${percent(result.attackedAccuracy)}, clean ${percent(result.cleanAccuracy)}, n = ${result.n}`,
      );
      if (args.json) printJson({ ...result, model: { path: args.model, sha256: file.sha256 }, data: data.provenance });
      if (gate !== undefined && result.certifiedAccuracy < gate) {
        say(`counterfoil: the certified accuracy ${percent(result.certifiedAccuracy)} is under the gate of ${percent(gate)}`);
        return 1;
      }
      return 0;
    } finally {
      bar.stop();
      await classifier.release();
    }
  },
});

export default withExamples(command, [
  "counterfoil certify robust.onnx --data mnist:test --epsilon 0.02 --method crown --limit 100 --json",
]);
