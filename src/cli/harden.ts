import { defineCommand } from "citty";
import { type Ball, fgsmRs, ibpTraining, pgdTraining } from "../harden/index.ts";
import { choice, maybeNumber, number, withExamples } from "./options.ts";
import { train, trainingArgs } from "./training.ts";

const METHODS = ["fgsm-rs", "pgd", "ibp"] as const;

const command = defineCommand({
  meta: { name: "harden", description: "Train a classifier on adversarial examples, or on bounds of them, and write it as ONNX." },
  args: {
    ...trainingArgs,
    // the recipe of Wong et al. 2020
    batch: { ...trainingArgs.batch, default: "100" },
    method: { type: "string", description: METHODS.join(", "), default: "fgsm-rs" },
    epsilon: { type: "string", description: "L∞ radius to be hardened against", required: true },
    steps: { type: "string", description: "steps of pgd", default: "7" },
    "relative-step": { type: "string", description: "step length as a share of ε (default 1.25 for fgsm-rs, 2.5/steps for pgd)" },
  },
  run: ({ args }) => {
    const epsilon = number("epsilon", args.epsilon, { least: 0 });
    const steps = number("steps", args.steps, { least: 1, whole: true });
    const method = choice("method", args.method, METHODS);
    const share = maybeNumber("relative-step", args["relative-step"], { above: 0 });
    const defence = (range: Ball["range"]) => {
      if (method === "ibp") return { worstCase: ibpTraining({ epsilon, range }) };
      return { adversary: method === "fgsm-rs" ? fgsmRs({ epsilon, range }, share) : pgdTraining({ epsilon, range }, steps, share) };
    };
    return train("harden", args, defence, { method, epsilon, ...(method === "pgd" && { steps }) });
  },
});

export default withExamples(command, [
  "counterfoil harden --data mnist --model cnn --method fgsm-rs --epsilon 0.3 --epochs 3 -o robust.onnx",
  "counterfoil harden --data mnist --model cnn --method ibp --epsilon 0.1 --epochs 12 -o provable.onnx",
]);
