import { fold } from "../base/index.ts";
import { CoordinateAdam } from "./adam.ts";
import type { Attack } from "./attack.ts";
import { boxOf, widths } from "./domain.ts";
import { estimate } from "./gradient-estimate.ts";
import { Best, copied, row } from "./iterate.ts";
import { margins, Questions } from "./questions.ts";
import { signs } from "./square-windows.ts";

export interface SpsaOptions {
  /** Questions for each sample; default 10,000. */
  readonly queries?: number;
  /** Points of one estimate, an even number; default 128. */
  readonly samples?: number;
  /** Half of a difference, as a share of each feature's range; default 0.01. */
  readonly delta?: number;
  /** Of Adam, as a share of each feature's range; default 0.01. */
  readonly learningRate?: number;
}

/**
 * Simultaneous perturbation stochastic approximation. Uesato, O'Donoghue, van den Oord & Kohli 2018, "Adversarial Risk and the Dangers of Evaluating Against
 * Weak Attacks", arXiv:1802.05666, Algorithm 1: g = mean of (f(x + δv) − f(x − δv))/2δ · v over random signs v, x ← Π(x − Adam(g)). f is the margin.
 * Norms: L∞, L2. Asks for scores; targeted or not.
 */
export const spsa = ({ queries = 10_000, samples = 128, delta = 0.01, learningRate = 0.01 }: SpsaOptions = {}): Attack<"scores"> => ({
  name: "spsa",
  access: "scores",
  kind: "bounded",
  norms: ["linf", "l2"],
  targets: true,
  async run(victim, batch, threat) {
    const { x, keys } = batch;
    const { norm, epsilon, domain } = threat;
    const questions = new Questions(x, queries, margins(victim, batch, threat));
    const best = new Best(x);
    const z = copied(x);
    const range = widths(domain);
    const adam = new CoordinateAdam(x.data.length, learningRate);
    const width = x.data.length / Math.max(keys.length, 1);
    for (let t = 1; ; t++) {
      const open = questions.open((i) => best.won[i]);
      if (open.length === 0) return [best.x];
      const about = { keys: keys.map((key) => fold(key, t)), pairs: samples >> 1, sigma: delta, direction: signs };
      const gradient = await estimate(questions, open, z, x, about, threat);
      for (const i of open) {
        const [out, g] = [row(z, i), row(gradient, i)];
        for (let k = 0; k < out.length; k++) out[k] = out[k]! - range[k]! * adam.step(i * width + k, range[k]! * g[k]!);
        norm.project(out, row(x, i), epsilon, boxOf(domain, row(x, i)));
      }
      await questions.put(
        open.filter((i) => questions.left[i]! > 0),
        1,
        (out, i) => out.set(row(z, i)),
        (margin, i, _, point) => best.offer(i, point, -margin, margin < 0),
      );
    }
  },
});
