import { defineCommand } from "citty";
import { type AttackResult, norms, type Transfer, transfer } from "../attack/index.ts";
import { fail } from "../base/index.ts";
import { ensemble, type GradientModel, load, nearChance } from "../model/index.ts";
import { attackArgs, chosenAttack } from "./chosen-attack.ts";
import { labelled } from "./data.ts";
import { modelArgs, modelOptions } from "./model.ts";
import { choice, jsonArg, number, rangeOf, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, percent, printJson, say } from "./output.ts";

const command = defineCommand({
  meta: { name: "transfer", description: "Adversarial inputs made on each model, tried on every other: a matrix of sources and targets." },
  args: {
    models: { type: "positional", description: "two ONNX files or more, with commas between them", required: true },
    data: { type: "string", description: "mnist[:train|:test], a folder of class folders, file.npz, file.csv", required: true },
    ...attackArgs,
    attack: { ...attackArgs.attack, default: "mi-fgsm" },
    epsilon: { type: "string", description: "largest perturbation, in the data's units", required: true },
    ensemble: { type: "boolean", description: "also attack all of them at once, by the mean of their log-probabilities", default: false },
    range: { type: "string", description: "least and largest value of the data, as 0,1 (default: the data's own)" },
    limit: { type: "string", description: "the first so many samples" },
    batch: { type: "string", description: "samples at a time", default: "128" },
    ...modelArgs,
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const paths = args.models.split(",").map((p) => p.trim());
    if (paths.length < 2 || new Set(paths).size < paths.length)
      fail({
        code: "transfer-models",
        expected: "at least two different files",
        got: args.models,
        mend: "name them with commas between: a.onnx,b.onnx",
      });
    const run = runOptions(args);
    const seed = seedOf(args.seed);
    const chosen = chosenAttack(args);
    const norm = args.norm === undefined ? undefined : norms[choice("norm", args.norm, ["linf", "l2", "l1", "l0"])];
    const epsilon = number("epsilon", args.epsilon, { least: 0 });
    const batch = number("batch", args.batch, { least: 1, whole: true });
    const data = await labelled(args.data, { limit: args.limit, seed: args.seed });
    const models: Record<string, GradientModel> = {};
    const bar = meter(`attacking ${paths.join(", ")} with ${chosen.name}`);
    try {
      for (const path of paths) models[path] = await load(path, { ...run, ...(await modelOptions(args, path)) });
      const sources = args.ensemble ? { ...models, "all of them": ensemble(Object.values(models)) } : models;
      const { matrix, made } = await transfer(
        sources,
        models,
        { x: data.x, labels: data.y },
        {
          ...run,
          attack: chosen as never,
          norm,
          epsilon,
          batch,
          seed,
          range: args.range === undefined ? data.range : rangeOf(args.range),
          signal: interruptible(),
          onProgress: (done, total) => bar.update(`attacked ${done} of ${total}`, done, total),
        },
      );
      bar.succeed(
        `${data.name}: ${chosen.name} at ε = ${epsilon}, n = ${data.y.length}; share of each target's right samples that are turned`,
      );
      for (const c of matrix[0]!) {
        const guess = nearChance(1 - c.cleanErrorRate, models[c.target]!.classes, c.n);
        say(
          `  clean accuracy of ${c.target}: ${percent(1 - c.cleanErrorRate)}${guess ? ", a guess's: check its preprocessing (counterfoil audit tries the usual ones)" : ""}`,
        );
      }
      for (const line of matrix)
        say(
          `  made on ${line[0]!.source}: ${line.map((c: Transfer) => `${c.target} ${c.rate === null ? "–" : percent(c.rate)}`).join(", ")}`,
        );
      if (args.json)
        printJson({
          attack: chosen.name,
          epsilon,
          seed,
          n: data.y.length,
          matrix,
          made: Object.fromEntries(
            Object.entries(made).map(([source, { adversarial: _, samples: __, ...rest }]: [string, AttackResult]) => [source, rest]),
          ),
          data: data.provenance,
        });
      return 0;
    } finally {
      bar.stop();
      for (const m of Object.values(models)) await m.release();
    }
  },
});

export default withExamples(command, ["counterfoil transfer a.onnx,b.onnx --data mnist:test --epsilon 0.2 --limit 500 --ensemble --json"]);
