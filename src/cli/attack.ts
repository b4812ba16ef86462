import { defineCommand } from "citty";
import { attack, norms } from "../attack/index.ts";
import { fail } from "../base/index.ts";
import { classOrder, load, nearChance, orderText } from "../model/index.ts";
import { modelFile } from "../run/index.ts";
import { betterPreprocessing } from "./better-preprocessing.ts";
import { attackArgs, chosenAttack } from "./chosen-attack.ts";
import { constraintsOf } from "./constraints.ts";
import { labelled } from "./data.ts";
import { expected } from "./expectation.ts";
import { modelArgs, modelOptions } from "./model.ts";
import { choice, jsonArg, maybeNumber, number, rangeOf, runArgs, runOptions, seedOf, withExamples } from "./options.ts";
import { interruptible, meter, percent, printJson, say } from "./output.ts";
import { saving } from "./save-adversarial.ts";
import { apart } from "./writable.ts";

const command = defineCommand({
  meta: { name: "attack", description: "Attack an ONNX classifier; success is decided by running the file itself." },
  args: {
    model: { type: "positional", description: "the ONNX file", required: true },
    data: { type: "string", description: "mnist[:train|:test], a folder of class folders, file.npz, file.csv", required: true },
    ...attackArgs,
    epsilon: {
      type: "string",
      description: "largest perturbation, in the data's units; may be left out of attacks that seek the smallest",
    },
    restarts: { type: "string", description: "random restarts", default: "1" },
    target: { type: "string", description: "class to reach, instead of any wrong one" },
    eot: { type: "string", description: "attack the expectation over these transformations: brightness,rotation,…" },
    "eot-samples": { type: "string", description: "draws of each step, with --eot (default: 10)" },
    constraints: { type: "string", description: "JSON file: low, high, mask, fixed, step, groups" },
    range: { type: "string", description: "least and largest value of the data, as 0,1 (default: the data's own)" },
    limit: { type: "string", description: "attack the first so many samples" },
    batch: { type: "string", description: "samples at a time", default: "128" },
    out: { type: "string", alias: "o", description: "save the inputs that were found: FILE.npz, or a folder of PNGs" },
    "fail-under": { type: "string", description: "exit with 1 if the robust accuracy is lower" },
    ...modelArgs,
    ...runArgs,
    ...jsonArg,
  },
  async run({ args }) {
    const file = await modelFile(args.model);
    const run = runOptions(args);
    const chosen = expected(chosenAttack(args), args.eot, args["eot-samples"]);
    const norm = args.norm === undefined ? undefined : norms[choice("norm", args.norm, ["linf", "l2", "l1", "l0"])];
    const epsilon = maybeNumber("epsilon", args.epsilon, { least: 0 });
    const seed = seedOf(args.seed);
    const restarts = number("restarts", args.restarts, { least: 1, whole: true });
    const batch = number("batch", args.batch, { least: 1, whole: true });
    const gate = maybeNumber("fail-under", args["fail-under"], { least: 0, most: 1 });
    if (gate !== undefined && epsilon === undefined && chosen.kind === "minimal")
      fail({
        code: "epsilon",
        expected: `an ε for the gate: ${chosen.name} seeks the smallest perturbation, however large`,
        got: "none",
        mend: "pass --epsilon beside --fail-under",
      });
    if (args.out !== undefined) await apart(args.out, args.data, args.model);
    const constraints = await constraintsOf(args.constraints);
    const options = await modelOptions(args, args.model);
    const data = await labelled(args.data, { limit: args.limit, seed: args.seed });
    const save = args.out === undefined ? undefined : await saving(args.out, data);
    const model = await load(args.model, { ...run, ...options, access: "best" });
    const bar = meter(`attacking ${args.model} with ${chosen.name}`);
    try {
      const target = maybeNumber("target", args.target, { least: 0, most: model.classes - 1, whole: true });
      const { adversarial, ...result } = await attack(
        model as never,
        { x: data.x, labels: data.y },
        {
          ...run,
          attack: chosen as never,
          norm,
          epsilon,
          targets: target === undefined ? undefined : new Array<number>(data.y.length).fill(target),
          restarts,
          batch,
          seed,
          range: args.range === undefined ? data.range : rangeOf(args.range),
          constraints,
          signal: interruptible(),
          onProgress: (done, total) => bar.update(`attacked ${done} of ${total}`, done, total),
        },
      );
      // a rotation or a patch obeys limits of its own
      const within = epsilon === undefined ? "" : chosen.kind === "own" ? " (limits of its own, not ε)" : ` at ε = ${epsilon}`;
      const median = result.medianDistance === null ? "" : `, median distance ${Number(result.medianDistance.toPrecision(4))}`;
      bar.succeed(
        `${data.name}: clean accuracy ${percent(result.cleanAccuracy)}, under ${result.attack}${within} (${result.norm}) ${percent(result.robustAccuracy)}${median}, n = ${result.n}`,
      );
      if (nearChance(result.cleanAccuracy, model.classes, result.n)) {
        const order = classOrder(
          result.samples.map((s) => s.predicted),
          data.y,
          model.classes,
        );
        const better = await betterPreprocessing(model, file, data, options);
        say(
          `  the clean accuracy is no better than a guess's, and the figures mean nothing; ${order ? `the model is right but for the numbers of its classes, label → class ${orderText(order)}` : (better ?? "no usual preprocessing mends it: check labels and model")}`,
        );
      }
      if (save) say(`  ${await save(model, adversarial, result)}`);
      if (args.json) printJson({ ...result, model: { path: args.model, sha256: file.sha256 }, data: data.provenance });
      if (gate !== undefined && result.robustAccuracy < gate) {
        say(`counterfoil: the robust accuracy ${percent(result.robustAccuracy)} is under the gate of ${percent(gate)}`);
        return 1;
      }
      return 0;
    } finally {
      bar.stop();
      await model.release();
    }
  },
});

export default withExamples(command, [
  "counterfoil attack model.onnx --data mnist:test --attack pgd --epsilon 0.1 --steps 40 --limit 1000 --json",
  "counterfoil attack model.onnx --data photos/ --attack cw-l2 --limit 100 --out found.npz",
  "counterfoil attack model.onnx --data photos/ --attack square --epsilon 8/255 --queries 2000 --fail-under 0.5",
]);
