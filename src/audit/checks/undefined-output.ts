import { attack, randomNoise } from "../../attack/index.ts";
import { type Check, judged, NO_PROBE, NO_SCORES, notRun, of, scored } from "./check.ts";

/** Random inputs of each sample's ball. */
const DRAWS = 20;

const undefinedIn = (answers: ArrayLike<number>): number => Array.from(answers).filter((c) => c < 0).length;

/**
 * Scores that are no numbers somewhere in the ball: a root or a logarithm of what gets negative, an overflow. Such an input has no class, and attacks that
 * climb a loss do not find their way to it.
 * @example √(w·x) as a score → fail
 */
export const undefinedOutput: Check = {
  name: "undefined-output",
  title: "Scores are numbers throughout the ball",
  mend: "find what overflows or leaves its domain (a root, a logarithm, a quotient) and bound its input, as by max(·, 1e-6); until then believe no figure",
  async find({ model, probe, result, epsilon, run }) {
    if (!scored(model)) return notRun(NO_SCORES);
    if (probe.labels.length === 0) return notRun(NO_PROBE);
    const { samples } = await attack(model, probe, { ...run, attack: randomNoise({ queries: DRAWS }), epsilon });
    const drawn = undefinedIn(samples.map((s) => s.adversarialPredicted));
    const found = undefinedIn(await model.labels(result.adversarial));
    return judged(
      drawn + found > 0,
      `no class for ${of(drawn, samples.length)} samples among ${DRAWS} random inputs of each ball, and for ${of(found, result.samples.length)} inputs of the cascade`,
    );
  },
};
