import { type Check, judged, NO_PROBE, notRun, scored } from "./check.ts";

const PASSES = 4;
/** Share of the largest score by which two answers to one input may differ: threads add in any order. */
const TOLERANCE = 1e-4;

/**
 * The same inputs, asked again: a model that draws at random needs its gradient averaged over the draws (EOT: Athalye, Carlini & Wagner 2018,
 * arXiv:1802.00420, §4.2).
 * @example a random resize in front of the network → fail
 */
export const randomisedOutput: Check = {
  name: "randomised-output",
  title: "The same input gets the same answer",
  mend: "attack the expectation over the draws (--eot), or the model with its randomness fixed",
  async find({ model, probe }) {
    if (probe.labels.length === 0) return notRun(NO_PROBE);
    if (!scored(model)) {
      const first = await model.labels(probe.x);
      let changed = 0;
      for (let k = 1; k < PASSES; k++) changed += (await model.labels(probe.x)).filter((p, i) => p !== first[i]).length;
      return judged(changed > 0, `${changed} labels changed in ${PASSES - 1} repeated passes`);
    }
    const first = await model.scores(probe.x);
    const scale = first.data.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-6);
    let worst = 0;
    for (let k = 1; k < PASSES; k++) {
      const { data } = await model.scores(probe.x);
      worst = data.reduce((w, v, i) => Math.max(w, Math.abs(v - first.data[i]!) / scale), worst);
    }
    return judged(worst > TOLERANCE, `scores differ by ${worst.toPrecision(2)} of the largest over ${PASSES} passes`);
  },
};
