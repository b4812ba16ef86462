/**
 * At which rectifier to split: those whose lines cost a bound most are candidates, and of these the one whose two halves are bounded best.
 * Filtered smart branching: De Palma et al. 2021, arXiv:2104.06718, §4.
 */
import type { Backward } from "../bound/backward.ts";
import { Multipliers, type Places, type Split } from "../bound/multipliers.ts";
import type { Relaxation } from "../bound/relaxation.ts";
import type { Rectifier } from "../net/network.ts";

/** A domain to be split, as it stands in row `row` of what was passed back last. */
export interface Choice {
  readonly row: number;
  readonly least: number;
  readonly lines: Relaxation;
  readonly alphas: Float64Array;
  readonly splits: readonly Split[];
  readonly betas: Float64Array;
}

/** Candidates of which both halves are bounded. */
const CANDIDATES = 6;

type Place = Omit<Split, "sign">;

/** Where to split each of `choices`; null where nothing is unstable. */
export async function chosenSplits(
  back: Backward,
  at: number,
  objective: Float64Array,
  width: number,
  places: Places,
  passed: readonly (Float64Array | null)[],
  choices: readonly Choice[],
): Promise<(Place | null)[]> {
  const candidates = choices.map((c) => costliest(back, places, passed, c));
  const halves = choices.flatMap((choice, j) =>
    candidates[j]!.flatMap((place) =>
      ([1, -1] as const).map((sign) => ({ choice, lines: halved(back, choice.lines, { ...place, sign }) })),
    ),
  );
  if (halves.length === 0) return choices.map(() => null);
  const rows = new Float64Array(halves.length * width);
  const alphas = new Float64Array(halves.length * places.count);
  halves.forEach(({ choice }, h) => {
    rows.set(objective.subarray(choice.row * width, (choice.row + 1) * width), h * width);
    alphas.set(choice.alphas, h * places.count);
  });
  const multipliers = new Multipliers(
    places,
    alphas,
    halves.map(({ choice }) => choice.splits),
    halves.map(({ choice }) => choice.betas),
  );
  const { least } = await back.bound(
    at,
    rows,
    halves.length,
    halves.map(({ lines }) => lines),
    multipliers,
  );
  let h = 0;
  return choices.map((choice, j) => {
    let [best, most]: [Place | null, number] = [null, Number.NEGATIVE_INFINITY];
    for (const place of candidates[j]!) {
      const [on, off] = [least[h++]!, least[h++]!];
      // what is missing of a proof counts, not what is there beyond it; the worse half counts most
      const [a, b] = [Math.min(on, 0) - choice.least, Math.min(off, 0) - choice.least];
      const score = Math.min(a, b) + 0.1 * Math.max(a, b);
      if (score > most || best === null) [best, most] = [place, score];
    }
    return best;
  });
}

/** The unstable elements whose lines are farthest from the rectifier, weighed by what the row asks of them. */
function costliest(back: Backward, places: Places, passed: readonly (Float64Array | null)[], { row, lines, alphas }: Choice): Place[] {
  const scored: { readonly place: Place; readonly cost: number }[] = [];
  for (const [vertex, elements] of places.elements.entries()) {
    const asked = passed[vertex];
    const v = back.network.vertices[vertex]!;
    if (elements.length === 0 || !asked || v.kind !== "rectifier") continue;
    const { low, high } = lines.enclosure;
    for (let u = 0; u < elements.length; u++) {
      const element = elements[u]!;
      const offset = lines.offset[vertex]![element]!;
      if (!(offset > 0)) continue;
      const c = asked[row * v.size + element]!;
      const alpha = alphas[places.starts[vertex]! + u]!;
      const gap = Math.max((v.slope - alpha) * low[v.from]![element]!, (1 - alpha) * high[v.from]![element]!);
      scored.push({ place: { vertex, element }, cost: c < 0 ? -c * offset : c * gap });
    }
  }
  return scored
    .sort((a, b) => b.cost - a.cost)
    .slice(0, CANDIDATES)
    .map(({ place }) => place);
}

/** The lines over one half, all others as they are. */
function halved(back: Backward, lines: Relaxation, { vertex, element, sign }: Split): Relaxation {
  const { slope } = back.network.vertices[vertex] as Rectifier;
  const changed = (all: readonly Float64Array[], value: number): Float64Array[] => {
    const own = all[vertex]!.slice();
    own[element] = value;
    return all.map((v, k) => (k === vertex ? own : v));
  };
  const exact = sign > 0 ? 1 : slope;
  return {
    ...lines,
    below: changed(lines.below, exact),
    above: changed(lines.above, exact),
    offset: changed(lines.offset, 0),
    weight: exact === 0 || exact === 1 ? changed(lines.weight, 0) : lines.weight,
  };
}
