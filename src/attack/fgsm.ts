import type { Attack } from "./attack.ts";
import { boxOf } from "./domain.ts";
import { eachRow, freed, row } from "./iterate.ts";
import { crossEntropy, negated } from "./loss.ts";

/**
 * Fast gradient sign method. Goodfellow, Shlens & Szegedy 2014, "Explaining and Harnessing Adversarial Examples",
 * arXiv:1412.6572, §4:  x' = x + ε·sign(∇ₓ J(x, y)). With L2 and L1, the step of length ε that is steepest in that norm; exact for linear models.
 * White box; targeted or not. The judge cuts x' to the domain: for the paper's own unclipped form give a domain without limits.
 */
export const fgsm = (): Attack<"gradient"> => ({
  name: "fgsm",
  access: "gradient",
  kind: "bounded",
  norms: ["linf", "l2", "l1"],
  targets: true,
  deterministic: true,
  async run(victim, { x, labels }, { norm, epsilon, targeted, domain }) {
    const { gradient } = await victim.slopes(targeted ? negated(crossEntropy) : crossEntropy, x, labels);
    const moved = eachRow(x, (out, i) => {
      const clean = row(x, i);
      norm.steepest(freed(row(gradient, i), domain), out);
      for (let j = 0; j < out.length; j++) out[j] = clean[j]! + epsilon * out[j]!;
      norm.project(out, clean, epsilon, boxOf(domain, clean));
    });
    return [moved];
  },
});
