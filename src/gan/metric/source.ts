/** A generator in memory, as metrics see it. */
import { fold, seedKey } from "../../base/index.ts";
import type { RunOptions } from "../../run/index.ts";
import type { Gan } from "../gan.ts";
import { answersOf, classesInTurn, drawLatent, judgeOf, type Network } from "../sample.ts";
import type { Source } from "./evaluate.ts";

/** Of a game, with its networks at one moment. */
export const sourceOf = (
  gan: Gan,
  networks: { readonly generator: Network; readonly discriminator: Network },
  run: RunOptions = {},
): Source => ({
  classes: gan.classes,
  async sample(n, seed) {
    const x = await answersOf(networks.generator, drawLatent(gan, n, fold(seedKey(seed), "evaluate")), run);
    return { x, labels: gan.classes === null ? null : Int32Array.from(classesInTurn(n, gan.classes).data, Number) };
  },
  judge: {
    threshold: gan.objective.threshold,
    // of packs, whose logits are not of points
    optimum: gan.pack === 1 ? gan.objective.optimum : null,
    logits: judgeOf(networks.discriminator, gan.pack, run),
  },
});
