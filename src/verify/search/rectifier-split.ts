/**
 * Complete search for many inputs: bound a domain, and split it at a rectifier into where that is on and where it is off. Bunel et al. 2020,
 * arXiv:1909.06588; multipliers of the splits as in β-CROWN (Wang et al. 2021, arXiv:2103.06624).
 */
import { type Ascended, type Ascent, ascend } from "../bound/ascent.ts";
import { type Backward, halfSpaceOf } from "../bound/backward.ts";
import { type Blame, blame, noBlame } from "../bound/blame.ts";
import { minimiser, missTogether } from "../bound/concretize.ts";
import { cutsOf, type HalfSpace } from "../bound/cuts.ts";
import { type Places, placesOf, type Split } from "../bound/multipliers.ts";
import { domainOf, type Relaxation } from "../bound/relaxation.ts";
import { Tightener } from "../bound/tighten.ts";
import type { Rectifier } from "../net/network.ts";
import { widestAxis } from "./axis.ts";
import { type Bounded, type Choice, chosenSplits } from "./branching.ts";
import type { Box } from "./falsify.ts";
import type { Goal } from "./goal.ts";
import { meet } from "./program.ts";
import type { Looked, Part, Search } from "./search.ts";

/** A row of a disjunct, and the multipliers that the parent's bound of it has found. */
interface Row {
  readonly row: number;
  readonly alphas: Float64Array;
  readonly betas: Float64Array;
}

/** The rows of a disjunct that is open: some row of it has to be refuted. */
type Disjunct = readonly Row[];

/** All splits that lead to a domain, and what its parent knew. Bounds of the rectifiers serve all its disjuncts, which are therefore split together. */
export interface Domain extends Part {
  readonly disjuncts: readonly Disjunct[];
  readonly splits: readonly Split[];
  /** Of the parent. */
  readonly lines: Relaxation;
  readonly places: Places;
  /** Its part of the parent's box, where that is not all of it. */
  readonly box?: Box;
  /** What the splits say of the input, as half-spaces. */
  readonly cuts: readonly HalfSpace[];
  /** Half-spaces in which its counterexamples lie, if one disjunct is left: the parent's bounds of its rows. */
  readonly sought: readonly HalfSpace[];
  /** What its parent's bound gained of each bound of what rectifiers read. */
  readonly gains?: Blame["gains"];
}

/** A domain at work, and its own lines. */
interface Opened {
  readonly at: number;
  readonly domain: Domain;
  readonly lines: Relaxation;
  readonly blame: Blame;
}

/** What is left of it: its domain has only the disjuncts that are still open, whose best rows are to be raised. */
interface Left extends Opened, Omit<Choice, "blame"> {
  /** Of the rows of each. */
  readonly halves: readonly (readonly HalfSpace[])[];
}

const ROOT: Ascent = { steps: 60 };
const NODE: Ascent = { steps: 16 };
const MOST_CUTS = 16;
/** Rows of disjuncts that are split together. */
const MOST_ROWS = 16;

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
    const all = this.#goal.disjuncts.map((rows) => rows.map((row) => ({ row, alphas: own, betas: new Float64Array(0) })));
    return inGroups(all).map((disjuncts) => ({
      disjuncts,
      splits: [],
      lines,
      places,
      cuts: [],
      sought: [],
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
    const all = open.flatMap(({ domain, lines }) => domain.disjuncts.flat().map((row) => ({ ...row, lines, domain })));
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
    const left = this.#left(open, places, found);
    const splits = await chosenSplits(this.#back, this.#last, objective, width, places, found.last.passed, left);
    for (const [j, { at, domain, lines, halves, bounded, blame }] of left.entries()) {
      const split = splits[j];
      const least = Math.min(...bounded.map((b) => b.least));
      // counterexamples are looked for where the lowest bound is least, and where those of the others are in turn
      const tried = new Set([bounded.findIndex((b) => b.least === least), domain.splits.length % halves.length]);
      const candidates = [...tried].flatMap((d) => halves[d] ?? []).map(({ g }) => minimiser(g, domainOf(lines)));
      const next: Domain = {
        ...domain,
        // cuts are made again of their half-spaces
        lines: { ...lines, cuts: undefined },
        sought: halves.length === 1 ? halves[0]! : [],
        missing: -least,
      };
      if (!split) {
        out[at] = await this.#undivided(next, lines, candidates);
        continue;
      }
      const part = (sign: 1 | -1, over: readonly number[]): Domain => ({
        ...next,
        box: undefined,
        disjuncts: next.disjuncts
          .filter((_, d) => !(over[d]! > 0))
          .map((rows) => rows.map((row) => ({ ...row, betas: Float64Array.of(...row.betas, 0) }))),
        splits: [...domain.splits, { vertex: split.vertex, element: split.element, sign }],
        cuts: [...domain.cuts, sign > 0 ? split.on : split.off].slice(-MOST_CUTS),
        gains: blame.gains,
      });
      const parts = [part(1, split.leastOn), part(-1, split.leastOff)].filter(({ disjuncts }) => disjuncts.length > 0);
      if (parts.length > 0) out[at] = { kind: "open", candidates, parts };
    }
    return out;
  }

  /** What bounds leave of domains, whose rows stand in `found` one after the other. */
  #left(open: readonly Opened[], places: Places, found: Ascended): Left[] {
    let first = 0;
    return open.flatMap((o): Left[] => {
      const disjuncts: Disjunct[] = [];
      const bounded: Bounded[] = [];
      const halves: (readonly HalfSpace[])[] = [];
      for (const rows of o.domain.disjuncts) {
        const own = rows.map(({ row }, r) => {
          const at = first + r;
          const alphas = found.alphas.slice(at * places.count, (at + 1) * places.count);
          return { row, at, least: found.least[at]!, alphas, betas: found.betas[at]! };
        });
        first += rows.length;
        const spaces = own.map(({ at }) => halfSpaceOf(found.last, at));
        const best = own.reduce((a, b) => (b.least > a.least ? b : a));
        if (best.least > 0 || missTogether(spaces, domainOf(o.lines))) continue;
        disjuncts.push(own.map(({ row, alphas, betas }) => ({ row, alphas, betas })));
        bounded.push({ ...best, row: best.at });
        halves.push(spaces);
        blame(this.#goal.network, o.lines, found.last.passed, best.at, 1, o.blame);
      }
      if (disjuncts.length === 0) return [];
      return [{ ...o, domain: { ...o.domain, disjuncts }, bounded, halves, splits: o.domain.splits }];
    });
  }

  /** Where all rectifiers are decided, each disjunct is looked at alone: it has ended, or what still bends wants a smaller box. */
  async #undivided(domain: Domain, lines: Relaxation, candidates: readonly Float64Array[]): Promise<Looked<Domain>> {
    const [one, ...others] = domain.disjuncts;
    if (others.length > 0) return { kind: "open", candidates, parts: domain.disjuncts.map((d) => ({ ...domain, disjuncts: [d] })) };
    // of a ball no linear program tells
    const ended = this.#bends || this.#goal.ball ? null : await this.#ended(domain, one!, lines);
    return ended ?? this.#halved(domain, candidates);
  }

  /** Where all rectifiers are decided and curves are left, the box is halved, where the rows depend on it most. */
  #halved(domain: Domain, candidates: readonly Float64Array[]): Looked<Domain> {
    const { low, high } = { low: domain.lines.enclosure.low[0]!, high: domain.lines.enclosure.high[0]! };
    const axis = widestAxis(domain.sought, { low, high });
    const middle = low[axis]! + 0.5 * (high[axis]! - low[axis]!);
    if (!(middle > low[axis]! && middle < high[axis]!)) return { kind: "stuck", candidates };
    const cut = (v: Float64Array) => v.map((x, j) => (j === axis ? middle : x));
    const part = (box: Box): Domain => ({ ...domain, box });
    return { kind: "open", candidates, parts: [part({ low: cut(low), high }), part({ low, high: cut(high) })] };
  }

  /** Where all rectifiers are decided the network is linear, and a linear program tells whether rows and splits meet in the box. */
  async #ended({ splits }: Domain, rows: Disjunct, lines: Relaxation): Promise<Looked<Domain> | null> {
    const { vertices } = this.#goal.network;
    const whole = { ...lines, cuts: undefined };
    const half = async (at: number, element: number, sign: number): Promise<HalfSpace> => {
      const row = new Float64Array(vertices[at]!.size);
      row[element] = sign;
      return halfSpaceOf(await this.#back.bound(at, row, 1, whole), 0);
    };
    const halves: HalfSpace[] = [];
    for (const { row } of rows) halves.push(await half(this.#last, row, 1));
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
        const { splits, cuts: ofSplits, sought, box, lines, gains } = domains[at]!;
        const cuts = [...sought, ...ofSplits];
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
    for (const [at, domain] of domains.entries()) {
      const lines = isRoot(domain) ? domain.lines : known.get(at);
      if (lines) out.push({ at, domain, lines, blame: blames[at]! });
    }
    return out;
  }
}

/** One after the other, as many in a group as have so many rows together, or one that has more. */
function inGroups(disjuncts: readonly Disjunct[]): Disjunct[][] {
  const groups: Disjunct[][] = [];
  let room = 0;
  for (const d of disjuncts) {
    if (d.length > room || groups.length === 0) {
      groups.push([]);
      room = MOST_ROWS;
    }
    groups.at(-1)!.push(d);
    room -= d.length;
  }
  return groups;
}
