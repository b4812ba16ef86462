import { fold } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { legalise } from "./domain.ts";
import { Best, row, startRow } from "./iterate.ts";
import { Questions, wins } from "./questions.ts";

export interface RandomNoiseOptions {
  /** Draws for each sample; default 1000. */
  readonly queries?: number;
}

/**
 * Points drawn uniformly from the ball, until one wins: the control that every attack has to beat, and that a robust model has to stand. Carlini et al. 2019,
 * "On Evaluating Adversarial Robustness", arXiv:1902.06705.
 * Norms: all. Asks for labels only; targeted or not. Draws double from round to round, so that it asks at most twice what it needed.
 */
export const randomNoise = ({ queries = 1000 }: RandomNoiseOptions = {}): Attack<"labels"> => ({
  name: "random-noise",
  access: "labels",
  kind: "bounded",
  norms: ["linf", "l2", "l1", "l0"],
  targets: true,
  async run(victim, batch, threat) {
    const { x, keys } = batch;
    const { norm, epsilon, domain } = threat;
    const questions = new Questions(x, queries, wins(victim, batch, threat));
    const best = new Best(x);
    for (let drawn = 0, round = 1; ; drawn += round, round *= 2) {
      const open = questions.open((i) => best.won[i]);
      if (open.length === 0) return [best.x];
      await questions.put(
        open,
        round,
        (z, i, j) => {
          startRow(z, row(x, i), fold(keys[i]!, drawn + j), threat);
          legalise(z, row(x, i), norm, epsilon, domain);
        },
        (won, i, j, z) => {
          // the first of a round
          if (won) best.offer(i, z, -j, true);
        },
      );
    }
  },
});
