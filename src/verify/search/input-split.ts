/** Complete search for few inputs: bound a box, cut it with its own linear bounds, halve what is left. */
import { type Backward, halfSpaceOf } from "../bound/backward.ts";
import { minimiser, missTogether } from "../bound/concretize.ts";
import { cutsOf, type HalfSpace } from "../bound/cuts.ts";
import type { Enclosure } from "../bound/enclosure.ts";
import { Tightener } from "../bound/tighten.ts";
import { widestAxis } from "./axis.ts";
import { clipped, hull } from "./clip.ts";
import { type Box, descending } from "./falsify.ts";
import type { Goal } from "./goal.ts";
import type { Looked, Part, Search } from "./search.ts";

/** An open box, with what encloses the network over the one it was cut from. */
export interface Open extends Box, Part {
  readonly inherited?: Enclosure;
  /** In which its counterexamples lie: the rows of the one disjunct that is open, as they were bounded there. */
  readonly halves?: readonly HalfSpace[];
}

/** Boxes between two descents inside the search. */
const DESCEND_EVERY = 16;

export class InputSplit implements Search<Open> {
  readonly batch = 1;
  readonly #goal: Goal;
  readonly #back: Backward;
  readonly #tightener: Tightener;
  readonly #rows: Float64Array;
  #looked = 0;

  constructor(goal: Goal, back: Backward) {
    this.#goal = goal;
    this.#back = back;
    this.#tightener = new Tightener(this.#back);
    this.#rows = new Float64Array(goal.rows ** 2);
    for (let r = 0; r < goal.rows; r++) this.#rows[r * goal.rows + r] = 1;
  }

  async roots(box: Box): Promise<Open[]> {
    return [{ ...box, missing: Number.POSITIVE_INFINITY }];
  }

  async look(boxes: readonly Open[]): Promise<Looked<Open>[]> {
    const out: Looked<Open>[] = [];
    for (const box of boxes) out.push(await this.#lookAt(box));
    return out;
  }

  release(): Promise<void> {
    return this.#back.products.release();
  }

  /** Bound one box and split what is left of it. */
  async #lookAt(box: Open): Promise<Looked<Open>> {
    const { network, disjuncts, rows } = this.#goal;
    this.#looked++;
    const lines = await this.#tightener.enclose(box.low, box.high, {
      inherited: box.inherited,
      ball: this.#goal.ball,
      cuts: box.halves && cutsOf(box.halves, box.low, box.high),
    });
    if (!lines) return { kind: "refuted" };
    const all = lines.enclosure;
    const bounds = await this.#back.bound(network.vertices.length - 1, this.#rows, rows, lines);
    const open = disjuncts.filter(
      (d) =>
        !d.some((r) => bounds.least[r]! > 0) &&
        !missTogether(
          d.map((r) => halfSpaceOf(bounds, r)),
          box,
        ),
    );
    if (open.length === 0) return { kind: "refuted" };
    let left: Box | null = null;
    for (const d of open) {
      const part = clipped(box, bounds, d);
      if (part) left = left ? hull(left, part) : part;
    }
    if (!left) return { kind: "refuted" };
    // of each disjunct the row that is hardest to meet says where to look
    const hardest = open.map((d) => d.reduce((a, b) => (bounds.least[b]! > bounds.least[a]! ? b : a)));
    const candidates = hardest.map((r) => minimiser(halfSpaceOf(bounds, r).g, { ...left!, ball: this.#goal.ball }));
    if (this.#looked % DESCEND_EVERY === 1) {
      const leak = this.#looked % (2 * DESCEND_EVERY) === 1 ? 0 : 0.1;
      candidates.push((await this.#back.clock.along(descending(this.#goal, left, candidates[0]!, 20, leak))).x);
    }
    const missing = Math.max(...open.map((d) => Math.min(...d.map((r) => -bounds.least[r]!))));
    const axis = widestAxis(
      open.flat().map((r) => halfSpaceOf(bounds, r)),
      left,
    );
    const middle = left.low[axis]! + 0.5 * (left.high[axis]! - left.low[axis]!);
    const halves = open.length === 1 ? open[0]!.map((r) => halfSpaceOf(bounds, r)) : undefined;
    const part = (end: "low" | "high"): Open => ({
      ...left!,
      [end]: left![end].map((v, j) => (j === axis ? middle : v)),
      inherited: all,
      halves,
      missing,
    });
    if (!(middle > left.low[axis]! && middle < left.high[axis]!)) {
      // what was cut to a point is bounded once more, as a point
      const smaller = left.low.some((l, k) => l > box.low[k]!) || left.high.some((h, k) => h < box.high[k]!);
      return smaller ? { kind: "open", candidates, parts: [{ ...left, inherited: all, halves, missing }] } : { kind: "stuck", candidates };
    }
    return { kind: "open", candidates, parts: [part("high"), part("low")] };
  }
}
