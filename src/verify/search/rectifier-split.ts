/**
 * Complete search for many inputs: bound a domain, and split it at a rectifier into where that is on and where it is off. Bunel et al. 2020,
 * arXiv:1909.06588; multipliers of the splits as in β-CROWN (Wang et al. 2021, arXiv:2103.06624).
 */
import { type Ascent, ascend } from "../bound/ascent.ts";
import { type Backward, halfSpaceOf } from "../bound/backward.ts";
import { type Blame, blame, noBlame } from "../bound/blame.ts";
import { minimiser, missTogether } from "../bound/concretize.ts";
import { cutsOf, type HalfSpace } from "../bound/cuts.ts";
import { type Places, placesOf, type Split } from "../bound/multipliers.ts";
import { domainOf, type Relaxation } from "../bound/relaxation.ts";
import { Tightener } from "../bound/tighten.ts";
import type { Rectifier } from "../net/network.ts";
import { widestAxis } from "./axis.ts";
import { type Choice, chosenSplits } from "./branching.ts";
import type { Box } from "./falsify.ts";
import type { Goal } from "./goal.ts";
import { meet } from "./program.ts";
import type { Looked, Part, Search } from "./search.ts";

/** A domain of one disjunct, of which some row has to be refuted: all splits that lead to it, and what its parent knew. */
export interface Domain extends Part {
  readonly disjunct: number;
  readonly splits: readonly Split[];
  /** Of the parent. */
  readonly lines: Relaxation;
  readonly places: Places;
  /** Of each row of the disjunct. */
  readonly alphas: readonly Float64Array[];
  readonly betas: readonly Float64Array[];
  /** Its part of the parent's box, where that is not all of it. */
  readonly box?: Box;
  /** Half-spaces in which its counterexamples lie: the parent's bounds of the rows first, then what the splits say of the input. */
  readonly cuts: readonly HalfSpace[];
  /** What its parent's bound gained of each bound of what rectifiers read. */
  readonly gains?: Blame["gains"];
}

/** A domain at work: its own lines, and where its rows stand among those passed back together. */
interface Opened {
  readonly at: number;
  readonly domain: Domain;
  readonly lines: Relaxation;
  readonly rows: readonly number[];
  readonly first: number;
  readonly blame: Blame;
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
  /** Whether anything but rectifiers bends. */
  readonly #bends: boolean;

  constructor(goal: Goal, back: Backward) {
    this.#goal = goal;
    this.#back = back;
    this.#tightener = new Tightener(back);
    this.#last = goal.network.vertices.length - 1;
    this.#bends = goal.network.vertices.some((v) => v.kind === "curve" || v.kind === "product");
  }

  /** The domains of all rows over the box. */
  async roots(box: Box): Promise<Domain[]> {
    const first = await this.#tightener.enclose(box.low, box.high, { ball: this.#goal.ball });
    const lines = (await this.#tightener.enclose(box.low, box.high, {
      inherited: first!.enclosure,
      ball: this.#goal.ball,
      ascent: { steps: 20 },
    }))!;
    const places = placesOf(this.#goal.network, lines, this.#last);
    const own = Float64Array.from(places.elements.flatMap((elements, k) => Array.from(elements, (i) => lines.below[k]![i]!)));
    return this.#goal.disjuncts.map((rows, disjunct) => ({
      disjunct,
      splits: [],
      lines,
      places,
      alphas: rows.map(() => own),
      betas: rows.map(() => new Float64Array(0)),
      cuts: [],
      missing: Number.POSITIVE_INFINITY,
    }));
  }

  release(): Promise<void> {
    return this.#back.products.release();
  }

  /** Bound some domains and split what is left of each. */
  async look(domains: readonly Domain[]): Promise<Looked<Domain>[]> {
    const out: Looked<Domain>[] = domains.map(() => ({ kind: "refuted" }));
    const open = await this.#opened(domains);
    if (open.length === 0) return out;
    const all = open.flatMap(({ domain, lines, rows }) =>
      rows.map((row, r) => ({ row, lines, domain, alphas: domain.alphas[r]!, betas: domain.betas[r]! })),
    );
    const width = this.#goal.rows;
    const { places } = open[0]!.domain;
    const objective = new Float64Array(all.length * width);
    const alphas = new Float64Array(all.length * places.count);
    all.forEach((one, r) => {
      objective[r * width + one.row] = 1;
      alphas.set(one.alphas, r * places.count);
    });
    const found = await ascend(
      this.#back,
      this.#last,
      objective,
      all.map(({ lines }) => lines),
      places,
      alphas,
      all.map(({ domain }) => domain.splits),
      all.map(({ betas }) => betas),
      open[0]!.domain.splits.length === 0 ? ROOT : NODE,
    );
    const alphasOf = (r: number) => found.alphas.slice(r * places.count, (r + 1) * places.count);
    const left = open.flatMap((o): (Opened & Choice & { readonly halves: readonly HalfSpace[] })[] => {
      const own = o.rows.map((_, r) => o.first + r);
      const halves = own.map((r) => halfSpaceOf(found.last, r));
      const least = own.map((r) => found.least[r]!);
      const best = least.indexOf(Math.max(...least));
      if (least.some((v) => v > 0) || missTogether(halves, domainOf(o.lines))) return [];
      const row = o.first + best;
      blame(this.#goal.network, o.lines, found.last.passed, row, 1, o.blame);
      return [{ ...o, halves, row, least: least[best]!, splits: o.domain.splits, alphas: alphasOf(row), betas: found.betas[row]! }];
    });
    const splits = await chosenSplits(this.#back, this.#last, objective, width, places, found.last.passed, left);
    for (const [j, { at, domain, lines, first, rows, halves, least, blame }] of left.entries()) {
      const split = splits[j];
      const candidates = halves.map(({ g }) => minimiser(g, domainOf(lines)));
      const own = rows.map((_, r) => alphasOf(first + r));
      // cuts are made again of their half-spaces
      const kept = { ...lines, cuts: undefined };
      if (!split) {
        const next: Domain = { ...domain, lines: kept, alphas: own, missing: -least };
        // of a ball no linear program tells
        const ended = this.#bends || this.#goal.ball ? null : await this.#ended(domain, lines);
        out[at] = ended ?? this.#halved(next, halves, candidates);
        continue;
      }
      const part = (sign: 1 | -1): Domain => ({
        ...domain,
        box: undefined,
        lines: kept,
        alphas: own,
        splits: [...domain.splits, { vertex: split.vertex, element: split.element, sign }],
        betas: rows.map((_, r) => Float64Array.of(...found.betas[first + r]!, 0)),
        cuts: extended(domain.cuts, halves, sign > 0 ? split.on : split.off),
        missing: -least,
        gains: blame.gains,
      });
      const parts = [...(split.leastOn > 0 ? [] : [part(1)]), ...(split.leastOff > 0 ? [] : [part(-1)])];
      if (parts.length > 0) out[at] = { kind: "open", candidates, parts };
    }
    return out;
  }

  /** Where all rectifiers are decided and curves are left, the box is halved, where the rows depend on it most. */
  #halved(domain: Domain, rows: readonly HalfSpace[], candidates: readonly Float64Array[]): Looked<Domain> {
    const { low, high } = { low: domain.lines.enclosure.low[0]!, high: domain.lines.enclosure.high[0]! };
    const axis = widestAxis(rows, { low, high });
    const middle = low[axis]! + 0.5 * (high[axis]! - low[axis]!);
    if (!(middle > low[axis]! && middle < high[axis]!)) return { kind: "stuck", candidates };
    const cut = (v: Float64Array) => v.map((x, j) => (j === axis ? middle : x));
    const cuts = [...rows, ...domain.cuts.slice(rows.length)];
    const part = (box: Box): Domain => ({ ...domain, box, cuts });
    return { kind: "open", candidates, parts: [part({ low: cut(low), high }), part({ low, high: cut(high) })] };
  }

  /** Where all rectifiers are decided the network is linear, and a linear program tells whether rows and splits meet in the box. */
  async #ended({ disjunct, splits }: Domain, lines: Relaxation): Promise<Looked<Domain> | null> {
    const { vertices } = this.#goal.network;
    const whole = { ...lines, cuts: undefined };
    const half = async (at: number, element: number, sign: number): Promise<HalfSpace> => {
      const row = new Float64Array(vertices[at]!.size);
      row[element] = sign;
      return halfSpaceOf(await this.#back.bound(at, row, 1, whole), 0);
    };
    const halves: HalfSpace[] = [];
    for (const row of this.#goal.disjuncts[disjunct]!) halves.push(await half(this.#last, row, 1));
    for (const { vertex, element, sign } of splits) halves.push(await half((vertices[vertex] as Rectifier).from, element, -sign));
    const met = await meet(halves, lines.enclosure.low[0]!, lines.enclosure.high[0]!, this.#back.clock);
    return met?.kind === "point" ? { kind: "stuck", candidates: [met.x] } : met;
  }

  /** Enclose each domain anew; those in which nothing is left are left out. */
  async #opened(domains: readonly Domain[]): Promise<Opened[]> {
    const isRoot = ({ splits, box }: Domain) => splits.length === 0 && !box;
    const blames = domains.map(() => noBlame(this.#goal.network));
    const others = [...domains.keys()].filter((at) => !isRoot(domains[at]!));
    const enclosed = await this.#tightener.encloseEach(
      others.map((at) => {
        const { splits, cuts, box, lines, gains } = domains[at]!;
        const { low, high } = box ?? { low: lines.enclosure.low[0]!, high: lines.enclosure.high[0]! };
        const { ball } = this.#goal;
        return {
          low,
          high,
          inherited: lines.enclosure,
          splits,
          ...(cuts.length > 0 && { cuts: cutsOf(cuts, low, high) }),
          ball,
          sameBox: !box,
          ...(gains && { blamed: { gains, on: blames[at]! } }),
        };
      }),
    );
    const known = new Map(others.map((at, j) => [at, enclosed[j]!]));
    const out: Opened[] = [];
    let first = 0;
    for (const [at, domain] of domains.entries()) {
      const lines = isRoot(domain) ? domain.lines : known.get(at);
      if (!lines) continue;
      const rows = this.#goal.disjuncts[domain.disjunct]!;
      out.push({ at, domain, lines, rows, first, blame: blames[at]! });
      first += rows.length;
    }
    return out;
  }
}

/** The rows' half-spaces in place of the parent's, and one more of a split, in place of the oldest where there are many. */
const extended = (cuts: readonly HalfSpace[], rows: readonly HalfSpace[], split: HalfSpace): HalfSpace[] => [
  ...rows,
  ...[...cuts.slice(rows.length), split].slice(-MOST_CUTS),
];
