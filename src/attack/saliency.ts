/** The saliency map of Papernot et al. 2015 (arXiv:1511.07528, eq. 8 and Algorithm 3): which features raise the target and lower the others the most. */

/** One feature's way to a value, and what it does to first order. */
export interface Move {
  readonly j: number;
  readonly to: number;
  /** Change of the target's logit. */
  readonly a: number;
  /** Change of the sum of the others. */
  readonly b: number;
}

/** The `count` moves (1, or a pair of features) of the largest −Σa·Σb with Σa > 0 > Σb; where there are none, of the largest Σa > 0; else nothing. */
export function bestMove(moves: readonly Move[], count: number): readonly Move[] {
  const salient = count === 2 ? bestPair(moves) : bestSingle(moves);
  if (salient.length > 0) return salient;
  const alone = moves.map((m) => ({ ...m, b: -m.a }));
  return count === 2 ? bestPair(alone) : bestSingle(alone);
}

const score = (a: number, b: number): number => (a > 0 && b < 0 ? -a * b : 0);

function bestSingle(moves: readonly Move[]): readonly Move[] {
  let best: Move | undefined;
  for (const m of moves) if (score(m.a, m.b) > (best ? score(best.a, best.b) : 0)) best = m;
  return best ? [best] : [];
}

function bestPair(moves: readonly Move[]): readonly Move[] {
  const few = leaders(moves);
  let best = 0;
  let pair: readonly Move[] = [];
  for (let p = 0; p < few.length; p++)
    for (let q = p + 1; q < few.length; q++) {
      const s = few[p]!.j === few[q]!.j ? 0 : score(few[p]!.a + few[q]!.a, few[p]!.b + few[q]!.b);
      if (s > best) {
        best = s;
        pair = [few[p]!, few[q]!];
      }
    }
  // a feature may have no partner that does not undo it
  return pair.length > 0 ? pair : bestSingle(moves);
}

/**
 * The moves that can be in the best pair: −Σa·Σb grows with a and with −b, so of a pair no member is outdone in both by two others (one of them would be
 * free to take its place). n log n instead of n².
 */
function leaders(moves: readonly Move[]): Move[] {
  const sorted = moves.filter((m) => !Number.isNaN(m.a + m.b)).sort((p, q) => q.a - p.a || p.b - q.b || p.j - q.j);
  let [least, second] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  return sorted.filter(({ b }) => {
    if (b >= second) return false;
    if (b < least) [least, second] = [b, least];
    else second = b;
    return true;
  });
}
