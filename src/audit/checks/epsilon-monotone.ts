import { broken, type Check, notRun, pass } from "./check.ts";

/** What one more or one fewer sample may do. */
const WIGGLE = 0.01;

/** A wider ball holds the narrower one: accuracy must not rise with ε (Carlini et al. 2019, arXiv:1902.06705, §3.4). */
export const epsilonMonotone: Check = {
  name: "epsilon-monotone",
  title: "Accuracy falls as ε grows",
  mend: "the attack is not converged at some ε: give it more steps or restarts",
  async find({ curve, probe }) {
    if (!curve) return notRun("no curve against ε was made");
    if (curve.length < 2) return notRun("ε is 0");
    const wiggle = Math.max(WIGGLE, 1 / Math.max(probe.labels.length, 1));
    const rises = curve.filter(([, a], i) => i > 0 && a > curve[i - 1]![1] + wiggle);
    const [first, last] = [curve[0]![1], curve.at(-1)![1]];
    const text = curve.map(([e, a]) => `${Number(e.toPrecision(3))}: ${(100 * a).toFixed(1)} %`).join(", ");
    if (rises.length > 0) return broken(text);
    // a model that withstands this much is not broken for that: whether its attack is, the unbounded one tells
    return first > 0 && last >= first ? notRun(`nothing falls up to the largest ε: ${text}`) : pass(text);
  },
};
