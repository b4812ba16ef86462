import { apgdCe, attack, linf } from "../../attack/index.ts";
import { broken, type Check, differentiable, type Findings, NO_PROBE, notRun, pass } from "./check.ts";

/** What one more or one fewer sample may do. */
const WIGGLE = 0.01;

/** Doublings of ε after which an attack in another norm than L∞ must have turned something. */
const DOUBLINGS = 10;

/** The first ε beyond `from` at which some of the probe is turned; null where even the widest turns nothing. */
async function turning({ model, probe, range, norm, run }: Findings, from: number): Promise<number | null> {
  if (!differentiable(model)) return null;
  const widest = norm === linf ? range[1] - range[0] : from * 2 ** DOUBLINGS;
  for (let at = from; at < widest; ) {
    at = Math.min(2 * at, widest);
    const { samples } = await attack(model, probe, { ...run, attack: apgdCe({ steps: 20 }), epsilon: at });
    if (samples.some((s) => s.success)) return at;
  }
  return null;
}

/** A wider ball holds the narrower one: accuracy must fall with ε, and fall it must (Carlini et al. 2019, arXiv:1902.06705, §3.4). */
export const epsilonMonotone: Check = {
  name: "epsilon-monotone",
  title: "Accuracy falls as ε grows",
  mend: "the attack is not converged at some ε: give it more steps or restarts",
  async find(findings) {
    const { curve, probe, run } = findings;
    if (!curve) return notRun("no curve against ε was made");
    if (curve.length < 2) return notRun("ε is 0");
    const wiggle = Math.max(WIGGLE, 1 / Math.max(probe.labels.length, 1));
    const rises = curve.filter(([, a], i) => i > 0 && a > curve[i - 1]![1] + wiggle);
    const [first, last] = [curve[0]![1], curve.at(-1)![1]];
    const text = curve.map(([e, a]) => `${Number(e.toPrecision(3))}: ${(100 * a).toFixed(1)} %`).join(", ");
    if (rises.length > 0) return broken(text);
    if (first === 0 || last < first) return pass(text);
    // a model may withstand twice its ε, but not every ε
    if (probe.labels.length === 0) return notRun(NO_PROBE);
    if (run.constraints) return notRun(`nothing falls up to the largest ε, and inputs are constrained beyond their range: ${text}`);
    const at = await turning(findings, curve.at(-1)![0]);
    return at === null ? broken(`${text}; nothing falls at any ε`) : pass(`${text}; it falls at ${Number(at.toPrecision(3))}`);
  },
};
