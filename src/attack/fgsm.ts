import type { Attack } from "./attack.ts";
import { pgd } from "./pgd.ts";

/**
 * Fast gradient sign method. Goodfellow, Shlens & Szegedy 2014, "Explaining and Harnessing Adversarial Examples",
 * arXiv:1412.6572, §4:  x' = x + ε·sign(∇ₓ J(x, y)). With L2, one step of length ε along the gradient.
 * White box; targeted or not; exact for linear models. It is PGD's one full step from the image itself.
 */
export const fgsm = (): Attack => pgd({ steps: 1, relativeStep: 1, randomStart: false });
