/** What complete searches have in common: parts of a box are looked at until each is refuted, or a counterexample is found. */
import type { Box } from "./falsify.ts";

/** A part of a box that is still open. Plain data: other threads may look at it. */
export interface Part {
  /** The most that is missing of a proof: how far below 0 the bound was, of what it was split from. */
  readonly missing: number;
}

export type Looked<P extends Part> =
  /** No counterexample lies in it. */
  | { readonly kind: "refuted" }
  /** Points to be tried; what is left cannot be split any more. */
  | { readonly kind: "stuck"; readonly candidates: readonly Float64Array[] }
  /** Points to be tried, and what is left to look at. */
  | { readonly kind: "open"; readonly candidates: readonly Float64Array[]; readonly parts: readonly P[] };

export interface Search<P extends Part> {
  /** Parts that are looked at together. */
  readonly batch: number;
  roots(box: Box): Promise<P[]>;
  /** @throws TimeUp */
  look(parts: readonly P[]): Promise<Looked<P>[]>;
  release(): Promise<void>;
}

/** What a stretch of work has found. */
export interface Stretch<P extends Part> {
  readonly looked: number;
  readonly stuck: number;
  readonly candidates: readonly Float64Array[];
  /** What is open now, in the order of a stack. */
  readonly open: readonly P[];
}

/** One of so many looks is at the worst parts that are open, the others at the latest. */
const WORST_EVERY = 8;

/** Exchange the last part with the one that most is missing of. */
export function worstLast(open: Part[]): void {
  if (open.length === 0) return;
  let at = 0;
  for (let i = 1; i < open.length; i++) if (open[i]!.missing > open[at]!.missing) at = i;
  const last = open.length - 1;
  [open[at], open[last]] = [open[last]!, open[at]!];
}

/** Look at `parts` and what they are split into, for so many milliseconds, or until there is a point worth trying. */
export async function stretch<P extends Part>(
  search: Search<P>,
  parts: readonly P[],
  milliseconds: number,
  isWorthTrying: (x: Float64Array) => boolean,
): Promise<Stretch<P>> {
  const end = performance.now() + milliseconds;
  const open = [...parts];
  const candidates: Float64Array[] = [];
  let [looked, stuck, looks] = [0, 0, 0];
  while (open.length > 0 && candidates.length === 0 && (looks === 0 || performance.now() < end)) {
    if (looks % WORST_EVERY === 1) worstLast(open);
    const some = open.splice(-search.batch);
    looks++;
    looked += some.length;
    for (const found of await search.look(some)) {
      if (found.kind === "refuted") continue;
      candidates.push(...found.candidates.filter(isWorthTrying));
      if (found.kind === "stuck") stuck++;
      else open.push(...found.parts);
    }
  }
  return { looked, stuck, candidates, open };
}
