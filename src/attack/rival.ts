/** Where a smallest perturbation may lie: the class to make for. */
import { difference, type Loss, margin, negated, odds } from "./loss.ts";
import { movable } from "./nearest.ts";
import { type Box, l1, l2, linf, type NormName } from "./norm.ts";
import type { Search } from "./one-search.ts";

/** What to climb: a loss, and the class that it names. */
export interface Ascent {
  readonly loss: Loss;
  readonly other?: number;
}

/**
 * The class to make for: the one whose plane, linearised at x, is nearest in the norm (DeepFool's choice, of at most 9 rivals of the highest logits). The
 * rival of the highest logit is often a farther one.
 */
export function* nearestRival(x: Float32Array, label: number, norm: NormName, box: Box): Search<number> {
  const [at] = yield [{ point: x }];
  const rivals = [...at!.logits.keys()]
    .filter((j) => j !== label)
    .sort((a, b) => at!.logits[b]! - at!.logits[a]!)
    .slice(0, 9);
  if (rivals.length === 1) return rivals[0]!;
  const answers = yield rivals.map((other) => ({ point: x, loss: difference, label, other }));
  const distances = answers.map(
    ({ gradient }, i) => (at!.logits[label]! - at!.logits[rivals[i]!]!) / dual[norm](movable(gradient, x, box)),
  );
  let best = 0;
  for (let i = 1; i < rivals.length; i++) if (distances[i]! < distances[best]!) best = i;
  return rivals[best]!;
}

/** ‖·‖ dual to each norm: how much a step of norm 1 can climb. */
export const dual: Readonly<Record<NormName, (g: Float32Array) => number>> = {
  linf: l1.distance,
  l2: l2.distance,
  l1: linf.distance,
  l0: linf.distance,
};

/**
 * Two ways to win, to be tried in turn, since either settles on rivals that the other leaves: towards the nearest rival, and along the odds of leaving the label.
 * For a target, z_t − max_{j≠t} z_j and the target's odds.
 */
export function* ascents(x: Float32Array, label: number, targeted: boolean, norm: NormName, box: Box): Search<readonly [Ascent, Ascent]> {
  if (targeted) return [{ loss: negated(margin) }, { loss: negated(odds) }];
  return [{ loss: difference, other: yield* nearestRival(x, label, norm, box) }, { loss: odds }];
}
