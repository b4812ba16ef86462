import { defineCommand } from "citty";
import { attack, fgsm, norms, pgd } from "../attack/index.ts";
import { openClassifier } from "../model/index.ts";
import { modelFile } from "../run/index.ts";
import { labelled } from "./data.ts";
import { choice, jsonArg, maybeNumber, number, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, percent, printJson, say } from "./output.ts";

const command = defineCommand({
  meta: { name: "attack", description: "Attack an ONNX classifier; success is decided by running the file itself." },
  args: {
    model: { type: "positional", description: "the ONNX file", required: true },
    data: { type: "string", description: "mnist[:train|:test], a folder of class folders, file.npz, file.csv", required: true },
    attack: { type: "string", description: "fgsm or pgd", default: "pgd" },
    norm: { type: "string", description: "linf or l2", default: "linf" },
    epsilon: { type: "string", description: "largest perturbation, in the data's units", required: true },
    steps: { type: "string", description: "steps of pgd", default: "40" },
    "relative-step": { type: "string", description: "step length as a share of ε (default 2.5/steps)" },
    restarts: { type: "string", description: "random restarts", default: "1" },
    target: { type: "string", description: "class to reach, instead of any wrong one" },
    limit: { type: "string", description: "attack the first so many samples" },
    batch: { type: "string", description: "samples at a time", default: "128" },
    "fail-under": { type: "string", description: "exit with 1 if the robust accuracy is lower" },
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const file = await modelFile(args.model);
    const run = runOptions(args);
    const epsilon = number("epsilon", args.epsilon, { least: 0 });
    const seed = seedOf(args.seed);
    const steps = number("steps", args.steps, { least: 1, whole: true });
    const name = choice("attack", args.attack, ["fgsm", "pgd"]);
    const norm = norms[choice("norm", args.norm, ["linf", "l2"])];
    const relativeStep = maybeNumber("relative-step", args["relative-step"], { above: 0 });
    const restarts = number("restarts", args.restarts, { least: 1, whole: true });
    const batch = number("batch", args.batch, { least: 1, whole: true });
    const gate = maybeNumber("fail-under", args["fail-under"], { least: 0, most: 1 });
    const data = await labelled(args.data, { limit: args.limit, seed: args.seed });
    const classifier = await openClassifier(file, run);
    const bar = meter(`attacking ${args.model} with ${name}`);
    try {
      const target = maybeNumber("target", args.target, { least: 0, most: classifier.classes - 1, whole: true });
      const { adversarial: _, ...result } = await attack(
        classifier,
        { x: data.x, labels: data.y },
        {
          ...run,
          attack: name === "fgsm" ? fgsm() : pgd({ steps, relativeStep }),
          norm,
          epsilon,
          targets: target === undefined ? undefined : new Array<number>(data.y.length).fill(target),
          restarts,
          batch,
          seed,
          range: data.range,
          signal: interruptible(),
          onProgress: (done, total) => bar.update(`attacked ${done} of ${total}`, done, total),
        },
      );
      bar.succeed(
        `${data.name}: clean accuracy ${percent(result.cleanAccuracy)}, under ${name} at ε = ${epsilon} (${result.norm}) ${percent(result.robustAccuracy)}, n = ${result.n}`,
      );
      if (args.json) printJson({ ...result, model: { path: args.model, sha256: file.sha256 }, data: data.provenance });
      if (gate !== undefined && result.robustAccuracy < gate) {
        say(`counterfoil: the robust accuracy ${percent(result.robustAccuracy)} is under the gate of ${percent(gate)}`);
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
  "counterfoil attack model.onnx --data mnist:test --attack pgd --epsilon 0.1 --steps 40 --limit 1000 --json",
  "counterfoil attack model.onnx --data photos/ --norm l2 --epsilon 2 --fail-under 0.5",
]);
