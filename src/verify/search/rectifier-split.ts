/**
 * Complete search for many inputs: bound a domain, and split it at a rectifier into where that is on and where it is off. Bunel et al. 2020,
 * arXiv:1909.06588; multipliers of the splits as in β-CROWN (Wang et al. 2021, arXiv:2103.06624).
 */
import { type Ascent, ascend } from "../bound/ascent.ts";
import type { Backward } from "../bound/backward.ts";
import { type Cuts, cutsOf, type HalfSpace } from "../bound/concretize.ts";
import { type Places, placesOf, type Split } from "../bound/multipliers.ts";
import type { Relaxation } from "../bound/relaxation.ts";
import { Tightener } from "../bound/tighten.ts";
import { type Choice, chosenSplits } from "./branching.ts";
import type { Box } from "./falsify.ts";
import type { Goal } from "./goal.ts";
import type { Looked, Part, Search } from "./search.ts";

/** A domain of one row: all splits that lead to it, and what its parent knew. */
export interface Domain extends Part {
  readonly row: number;
  readonly splits: readonly Split[];
  /** Of the parent. */
  readonly lines: Relaxation;
  readonly places: Places;
  readonly alphas: Float64Array;
  readonly betas: Float64Array;
  /** Half-spaces in which its counterexamples lie: the parent's bound of the row first, then what the splits say of the input. */
  readonly cuts: Cuts | undefined;
}

const ROOT: Ascent = { steps: 60 };
const NODE: Ascent = { steps: 16 };
const MOST_CUTS = 16;

export class RectifierSplit implements Search<Domain> {
  readonly batch = 8;
  readonly #goal: Goal;
  readonly #back: Backward;
  readonly #tightener: Tightener;
  readonly #last: number;

  constructor(goal: Goal, back: Backward) {
    this.#goal = goal;
    this.#back = back;
    this.#tightener = new Tightener(back);
    this.#last = goal.network.vertices.length - 1;
  }

  /** The domains of all rows over the box. */
  async roots(box: Box): Promise<Domain[]> {
    const first = await this.#tightener.enclose(box.low, box.high);
    const lines = (await this.#tightener.enclose(box.low, box.high, { inherited: first!.enclosure, ascent: { steps: 20 } }))!;
    const places = placesOf(this.#goal.network, lines, this.#last);
    const own = Float64Array.from(places.elements.flatMap((elements, k) => Array.from(elements, (i) => lines.below[k]![i]!)));
    return Array.from({ length: this.#goal.rows }, (_, row) => ({
      row,
      splits: [],
      lines,
      places,
      alphas: own,
      betas: new Float64Array(0),
      cuts: undefined,
      missing: Number.POSITIVE_INFINITY,
    }));
  }

  release(): Promise<void> {
    return this.#back.products.release();
  }

  /** Bound some domains and split what is left of each. */
  async look(domains: readonly Domain[]): Promise<Looked<Domain>[]> {
    const out: Looked<Domain>[] = domains.map(() => ({ kind: "refuted" }));
    const open: { readonly at: number; readonly domain: Domain; readonly lines: Relaxation }[] = [];
    for (const [at, domain] of domains.entries()) {
      const { low, high } = domain.lines.enclosure;
      const lines =
        domain.splits.length === 0
          ? domain.lines
          : await this.#tightener.enclose(low[0]!, high[0]!, {
              inherited: domain.lines.enclosure,
              splits: domain.splits,
              cuts: domain.cuts,
              sameBox: true,
            });
      if (lines) open.push({ at, domain, lines });
    }
    if (open.length === 0) return out;
    const { rows } = this.#goal;
    const places = open[0]!.domain.places;
    const objective = new Float64Array(open.length * rows);
    const alphas = new Float64Array(open.length * places.count);
    open.forEach(({ domain }, r) => {
      objective[r * rows + domain.row] = 1;
      alphas.set(domain.alphas, r * places.count);
    });
    const found = await ascend(
      this.#back,
      this.#last,
      objective,
      open.map(({ lines }) => lines),
      places,
      alphas,
      open.map(({ domain }) => domain.splits),
      open.map(({ domain }) => domain.betas),
      open[0]!.domain.splits.length === 0 ? ROOT : NODE,
    );
    const left = open.flatMap(({ at, domain, lines }, r): (Choice & { readonly at: number; readonly domain: Domain })[] => {
      if (found.least[r]! > 0) return [];
      const own = { alphas: found.alphas.slice(r * places.count, (r + 1) * places.count), betas: found.betas[r]! };
      return [{ at, domain, lines, row: r, least: found.least[r]!, splits: domain.splits, ...own }];
    });
    const candidates = left.map(({ row, lines }) => leastAt(found.last.coefficients, row, lines));
    const splits = await chosenSplits(this.#back, this.#last, objective, rows, places, found.last.passed, left);
    const n = this.#goal.network.vertices[0]!.size;
    left.forEach(({ at, domain, lines, row, alphas: own, betas, least }, j) => {
      const split = splits[j];
      const tried = [candidates[j]!];
      if (!split) {
        out[at] = { kind: "stuck", candidates: tried };
        return;
      }
      const part = (sign: 1 | -1): Domain => ({
        ...domain,
        lines,
        alphas: own,
        splits: [...domain.splits, { vertex: split.vertex, element: split.element, sign }],
        betas: Float64Array.of(...betas, 0),
        cuts: extended(
          domain.cuts,
          { g: found.last.coefficients.slice(row * n, (row + 1) * n), h: found.last.constant[row]! },
          sign > 0 ? split.on : split.off,
          lines,
        ),
        missing: -least,
      });
      out[at] = { kind: "open", candidates: tried, parts: [part(1), part(-1)] };
    });
    return out;
  }
}

/** The objective's half-space in place of the parent's, and one more of a split, in place of the oldest where there are many. */
function extended(cuts: Cuts | undefined, objective: HalfSpace, split: HalfSpace, { enclosure }: Relaxation): Cuts {
  const old = cuts ? cuts.halves.slice(1) : [];
  return cutsOf([objective, ...[...old, split].slice(-MOST_CUTS)], enclosure.low[0]!, enclosure.high[0]!);
}

/** Where row `r`'s linear bound is least over its box. */
function leastAt(coefficients: Float64Array, r: number, { enclosure }: Relaxation): Float64Array {
  const [low, high] = [enclosure.low[0]!, enclosure.high[0]!];
  return low.map((l, j) => (coefficients[r * low.length + j]! > 0 ? l : high[j]!));
}
