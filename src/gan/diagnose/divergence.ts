import { figure, mean, type Rule, seen, unseen } from "./rule.ts";

/** Losses that are large where they grow, and that are too large in any case. */
const LARGE = 100;
const HUGE = 1_000;
/** The last quarter's losses by those of the second. */
const GROWN = 5;
/** Samples as far apart as so many real ones. */
const FAR = 5;

/** Losses or samples run away. */
export const divergence: Rule = {
  name: "divergence",
  title: "The game runs away",
  mend: "lower the rates, clip or penalise the discriminator (a Wasserstein loss needs --penalty gp or clip), and resume from the last good checkpoint",
  find({ losses, blame, looks }) {
    if (blame) return seen(true, `${blame} was no longer a finite number`);
    if (losses.length < 4) return unseen("fewer than four looks");
    const size = losses.map((l) => Math.max(Math.abs(l.generator), Math.abs(l.discriminator)));
    const quarter = Math.floor(size.length / 4);
    const [early, late] = [mean(size.slice(quarter, 2 * quarter)), mean(size.slice(-quarter))];
    const spread = looks.at(-1)?.spread ?? 0;
    return seen(
      late > HUGE || (late > LARGE && late > GROWN * early) || spread > FAR,
      `losses of size ${figure(late)} at the end, ${figure(early)} in the second quarter; two generated samples are ${figure(spread)} times as far apart as two real ones`,
    );
  },
};
