import { difference, row } from "../../attack/index.ts";
import { fold, normal, seedKey, size, type Tensor } from "../../base/index.ts";
import { type Check, differentiable, judged, NO_GRADIENT, NO_PROBE, notRun, of } from "./check.ts";
import { withSlopes } from "./slopes.ts";

/** Shares of the data's range that a difference spans: one of them has to agree, so that neither rounding nor a kink decides alone. */
const SPANS = [1e-3, 1e-2] as const;
/** Relative difference at which a sample disagrees, and the share of samples that may: kinks of healthy networks bend some; measured in test/audit. */
const TOLERANCE = 0.5;
const FEW = 0.25;
/** Logits that float32 rounding moves say nothing. */
const NOISE = 1e-5;
/** Probabilities nearer to 0 than float32 tells 1 from 1 − p: their logarithms are rounding. */
const SATURATED = 1e-6;

/**
 * The gradient against central differences of the user's own file, at the user's own samples, along random directions that lean on the gradient. Jagged
 * functions (k-winners-take-all, shattered gradients) disagree at any span.
 * @example k-winners-take-all → fail; Relu, MaxPool → pass
 */
export const gradientMismatch: Check = {
  name: "gradient-mismatch",
  title: "The gradient agrees with finite differences of the file",
  mend: "the function is jagged or the gradient misleads: judge by attacks that only ask, with many queries, and by transfer",
  async find({ model, probe, run, range }) {
    if (!differentiable(model)) return notRun(NO_GRADIENT);
    const n = Math.min(probe.labels.length, 32);
    if (n === 0) return notRun(NO_PROBE);
    const x: Tensor<"float32"> = {
      ...probe.x,
      shape: [n, ...probe.x.shape.slice(1)],
      data: probe.x.data.subarray(0, n * size(probe.x.shape.slice(1))),
    };
    const labels = Array.from({ length: n }, (_, i) => probe.labels[i]!);
    const clean = await model.scores(x);
    const others = labels.map((y, i) => runnerUp(row(clean, i), y));
    const { gradient, logits } = await withSlopes(model, run, (v) => v.slopes(difference, x, labels, others));
    const probabilities = model.output === "probabilities";
    const gap = (s: Tensor<"float32">, i: number) => {
      const z = row(s, i);
      const value = (c: number) => (probabilities ? Math.log(Math.max(z[c]!, 1e-38)) : z[c]!);
      return value(others[i]!) - value(labels[i]!);
    };
    const errors = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
    let asked = 0;
    for (const span of SPANS) {
      const h = span * (range[1] - range[0]);
      const directions = lean(gradient, run.seed ?? 0);
      // stay where the data may be: at its edges a file may cut
      for (let j = 0; j < x.data.length; j++) if (x.data[j]! - 2 * h < range[0] || x.data[j]! + 2 * h > range[1]) directions.data[j] = 0;
      const moved = (sign: number): Tensor<"float32"> => ({ ...x, data: x.data.map((v, j) => v + sign * h * directions.data[j]!) });
      const [up, down] = [await model.scores(moved(1)), await model.scores(moved(-1))];
      for (let i = 0; i < n; i++) {
        const analytic = row(gradient, i).reduce((s, g, j) => s + g * row(directions, i)[j]!, 0);
        const finite = (gap(up, i) - gap(down, i)) / (2 * h);
        if (probabilities && [labels[i]!, others[i]!].some((c) => row(clean, i)[c]! < SATURATED)) continue;
        const scale = Math.max(...row(logits, i).map(Math.abs), 1);
        // neither moves: nothing to compare, which another check says
        if (Math.max(Math.abs(analytic), Math.abs(finite)) * h < NOISE * scale) continue;
        asked++;
        errors[i] = Math.min(errors[i]!, Math.abs(analytic - finite) / Math.max(Math.abs(analytic), Math.abs(finite)));
      }
    }
    if (asked === 0) return notRun("nothing moves the scores");
    const compared = [...errors].filter((v) => v < Number.POSITIVE_INFINITY);
    const bad = compared.filter((v) => v > TOLERANCE).length;
    const median = compared.sort((a, b) => a - b)[compared.length >> 1]!;
    return judged(
      bad > FEW * compared.length,
      `differ by more than half at ${of(bad, compared.length)} samples (median relative difference ${median.toPrecision(2)})`,
    );
  },
};

const runnerUp = (z: Float32Array, label: number): number => {
  let best = label === 0 ? 1 : 0;
  for (let j = 0; j < z.length; j++) if (j !== label && z[j]! > z[best]!) best = j;
  return best;
};

/** Half the gradient's sign, half a random direction: most of the slope, and some of every other side. */
function lean(gradient: Tensor<"float32">, seed: number): Tensor<"float32"> {
  const noise = normal(fold(seedKey(seed), "gradient-mismatch"), gradient.data.length);
  return { ...gradient, data: gradient.data.map((g, j) => 0.5 * Math.sign(g) + 0.5 * Math.max(-2, Math.min(2, noise[j]!))) };
}
