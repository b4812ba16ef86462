import { fold } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { eachRow, row } from "./iterate.ts";
import { type MomentumOptions, momentumAttack } from "./momentum.ts";
import { resizePad } from "./transform/resize-pad.ts";
import type { Transformation } from "./transform/transformation.ts";

export interface DiFgsmOptions extends MomentumOptions {
  /** T: what every step sees the input through; default a random resize and pad, with probability 0.5. */
  readonly transformation?: Transformation;
}

/**
 * Diverse inputs FGSM. Xie et al. 2019, "Improving Transferability of Adversarial Examples with Input Diversity", arXiv:1803.06978, eq. (5):
 * g ← μ·g + ∇ₓ J(T(x; p), y)/‖∇ₓ J(T(x; p), y)‖₁,  x ← Clip(x + α·sign(g)): M-DI²-FGSM; DI²-FGSM with decay 0. Its use is transfer.
 * Images. Norms: L∞; L2 and L1 with their steepest steps. White box; targeted or not. Proposes the iterate of the best margin, seen plainly.
 */
export const diFgsm = ({ transformation = resizePad(), ...options }: DiFgsmOptions = {}): Attack<"gradient"> =>
  momentumAttack(
    "di-fgsm",
    options,
    ({ x, keys }, { domain: { low, high } }) => {
      const range = [low.reduce((a, b) => Math.min(a, b)), high.reduce((a, b) => Math.max(a, b))] as const;
      return (z, _, k) => {
        const draws = keys.map((key) => transformation.draw(fold(key, k), x.shape.slice(1), range));
        return {
          at: eachRow(z, (out, i) => out.set(draws[i]!.apply(row(z, i)))),
          slope: (gradient) => eachRow(z, (out, i) => out.set(draws[i]!.pullBack(row(z, i), row(gradient, i)))),
        };
      };
    },
    false,
  );
