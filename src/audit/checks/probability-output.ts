import { type Check, differentiable, judged, NO_SCORES, notRun, scored } from "./check.ts";

/**
 * Scores that are probabilities saturate: at p = 1 there is no gradient, and an attack that differentiates them fails for that reason alone
 * (Carlini & Wagner 2016, arXiv:1607.04311). A softmax that ends the file is taken off and does no harm.
 * @example a file that ends in Softmax → pass; one whose softmax is followed by a Clip → fail
 */
export const probabilityOutput: Check = {
  name: "probability-output",
  title: "The attacked scores are logits",
  mend: "export the model up to its logits, or with a Softmax as its last operator, which is then taken off",
  async find({ model }) {
    if (!scored(model)) return notRun(NO_SCORES);
    if (model.output === "logits") return judged(false, "the scores are no probabilities");
    if (!differentiable(model)) return notRun("the scores are probabilities, which attacks that only ask see as their logarithms");
    const undone = model.reading?.undone;
    return judged(
      !undone,
      undone ? `the file ends in ${undone}, which the attacks took off` : "the file's scores are probabilities, and no Softmax ends it",
    );
  },
};
