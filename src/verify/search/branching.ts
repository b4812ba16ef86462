/**
 * At which rectifier to split: those whose lines cost bounds most are candidates, and of these the one whose two halves are bounded best. What a
 * split does to the bounds of other rectifiers those two do not show: there the blame for them counts.
 * Filtered smart branching: De Palma et al. 2021, arXiv:2104.06718, §4.
 */

import type { Backward } from "../bound/backward.ts";
import type { Blame } from "../bound/blame.ts";
import { cutsAlso, cutsOf, type HalfSpace } from "../bound/cuts.ts";
import { Multipliers, type Places, type Split } from "../bound/multipliers.ts";
import type { Relaxation } from "../bound/relaxation.ts";
import type { Rectifier } from "../net/network.ts";

/** Row `row` of what was passed back last, its bound and the multipliers of that. */
export interface Bounded {
  readonly row: number;
  readonly least: number;
  readonly alphas: Float64Array;
  readonly betas: Float64Array;
}

/** A domain to be split: rows over it, each of which is to be raised above 0. */
export interface Choice {
  readonly bounded: readonly Bounded[];
  readonly lines: Relaxation;
  readonly splits: readonly Split[];
  /** Of what its bounds miss; default: what the lowest row asks of the lines. */
  readonly blame?: Blame;
}

/** Candidates of which both halves are bounded. */
const CANDIDATES = 12;

/** Rows of halves passed back together. */
const ROWS = 192;

type Place = Omit<Split, "sign">;

/** A place to split at, and what either half says of the input: a linear bound of ∓x ≤ 0, x what the rectifier reads. */
export interface Halves extends Place {
  readonly on: HalfSpace;
  readonly off: HalfSpace;
}

/** Where to split, and the bounds of the choice's rows over both halves. */
export interface Chosen extends Halves {
  readonly leastOn: readonly number[];
  readonly leastOff: readonly number[];
}

/**
 * Where to split each of `choices`; null where nothing is unstable.
 * @param objective rows [·, width] over vertex `at`, of which each choice has some
 * @param passed what these rows asked of each vertex
 */
export async function chosenSplits(
  back: Backward,
  at: number,
  objective: Float64Array,
  width: number,
  places: Places,
  passed: readonly (Float64Array | null)[],
  choices: readonly Choice[],
): Promise<(Chosen | null)[]> {
  const own = choices.map((c) => costliest(back, places, passed, c));
  const candidates = await withHalves(back, choices, own);
  const halves = choices.flatMap((choice, j) =>
    candidates[j]!.flatMap((place) =>
      [halved(back, choice.lines, { ...place, sign: 1 }, place.on), halved(back, choice.lines, { ...place, sign: -1 }, place.off)].flatMap(
        (lines) => choice.bounded.map((own) => ({ choice, own, lines })),
      ),
    ),
  );
  if (halves.length === 0) return choices.map(() => null);
  const least = new Float64Array(halves.length);
  for (let first = 0; first < halves.length; first += ROWS) {
    const some = halves.slice(first, first + ROWS);
    const rows = new Float64Array(some.length * width);
    const alphas = new Float64Array(some.length * places.count);
    some.forEach(({ own }, h) => {
      rows.set(objective.subarray(own.row * width, (own.row + 1) * width), h * width);
      alphas.set(own.alphas, h * places.count);
    });
    const splits = some.map(({ choice }) => choice.splits);
    const betas = some.map(({ own }) => own.betas);
    const lines = some.map((h) => h.lines);
    least.set((await back.bound(at, rows, some.length, lines, new Multipliers(places, alphas, splits, betas))).least, first);
  }
  let h = 0;
  return choices.map((choice, j) => {
    let [best, most]: [Chosen | null, number] = [null, Number.NEGATIVE_INFINITY];
    for (const place of candidates[j]!) {
      const [leastOn, leastOff] = [choice.bounded.map(() => least[h++]!), choice.bounded.map(() => least[h++]!)];
      const score = choice.bounded.reduce((sum, { least: was }, r) => {
        // what is missing of a proof counts, not what is there beyond it; the worse half counts most
        const [a, b] = [Math.min(leastOn[r]!, 0) - was, Math.min(leastOff[r]!, 0) - was];
        return sum + Math.min(a, b) + 0.1 * Math.max(a, b);
      }, 0);
      if (score > most || best === null) [best, most] = [{ ...place, leastOn, leastOff }, score];
    }
    return best;
  });
}

/** Bound what the candidates' rectifiers read, vertex by vertex. */
async function withHalves(back: Backward, choices: readonly Choice[], places: readonly (readonly Place[])[]): Promise<Halves[][]> {
  const { vertices } = back.network;
  const n = vertices[0]!.size;
  const known = new Map<Place, Halves>();
  for (const vertex of new Set(places.flat().map((p) => p.vertex))) {
    const own = choices.flatMap(({ lines }, j) => places[j]!.filter((p) => p.vertex === vertex).map((place) => ({ place, lines })));
    const { from, size } = vertices[vertex] as Rectifier;
    const rows = new Float64Array(2 * own.length * size);
    own.forEach(({ place }, r) => {
      rows[2 * r * size + place.element] = -1;
      rows[(2 * r + 1) * size + place.element] = 1;
    });
    const lines = own.flatMap((o) => [o.lines, o.lines]);
    const { coefficients, constant } = await back.bound(from, rows, 2 * own.length, lines);
    const half = (r: number): HalfSpace => ({ g: coefficients.slice(r * n, (r + 1) * n), h: constant[r]! });
    own.forEach(({ place }, r) => {
      known.set(place, { ...place, on: half(2 * r), off: half(2 * r + 1) });
    });
  }
  return places.map((own) => own.map((place) => known.get(place)!));
}

interface Scored {
  readonly place: Place;
  readonly cost: number;
}

/** The unstable elements that are most to blame; where none is, those whose lines are farthest from the rectifier, weighed by what the row asks of them. */
function costliest(back: Backward, places: Places, passed: readonly (Float64Array | null)[], choice: Choice): Place[] {
  const { lines, bounded } = choice;
  const blamed = (choice.blame?.shares ?? []).flatMap((shares, vertex) =>
    Array.from(shares, (cost, element) => ({ place: { vertex, element }, cost })).filter(({ cost }) => cost > 0),
  );
  if (blamed.length > 0) return first(blamed);
  const { row, alphas } = bounded.reduce((a, b) => (b.least < a.least ? b : a));
  const scored: Scored[] = [];
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
  return first(scored);
}

const first = (scored: readonly Scored[]): Place[] =>
  [...scored]
    .sort((a, b) => b.cost - a.cost)
    .slice(0, CANDIDATES)
    .map(({ place }) => place);

/** The lines over one half, all others as they are. */
function halved(back: Backward, lines: Relaxation, { vertex, element, sign }: Split, half: HalfSpace): Relaxation {
  const { slope } = back.network.vertices[vertex] as Rectifier;
  const changed = (all: readonly Float64Array[], value: number): Float64Array[] => {
    const own = all[vertex]!.slice();
    own[element] = value;
    return all.map((v, k) => (k === vertex ? own : v));
  };
  const exact = sign > 0 ? 1 : slope;
  return {
    ...lines,
    cuts: lines.cuts ? cutsAlso(lines.cuts, half) : cutsOf([half], lines.enclosure.low[0]!, lines.enclosure.high[0]!),
    below: changed(lines.below, exact),
    above: changed(lines.above, exact),
    offset: changed(lines.offset, 0),
    weight: exact === 0 || exact === 1 ? changed(lines.weight, 0) : lines.weight,
  };
}
