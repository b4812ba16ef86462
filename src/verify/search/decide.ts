/** Decide a specification of a network: falsification first, then a complete search, until nothing is left, or the time is up. */
import { fold, type Key, seedKey } from "../../base/index.ts";
import { BREATH, Clock, type ClockOptions, TimeUp } from "../clock.ts";
import { evaluate, type Network } from "../net/network.ts";
import { ballOf, enclosure, type Region, type Row, type Specification, toFloat64, within } from "../spec/index.ts";
import { work } from "./crew.ts";
import { type Box, brought, falsify } from "./falsify.ts";
import { distanceOf, type Goal, type GoalRow, goalOf, NEAR } from "./goal.ts";
import { type Lane, laneHere, lanesThere } from "./lanes.ts";
import type { Part } from "./search.ts";
import { type Plan, planFor } from "./strategy.ts";

export interface DecideOptions extends ClockOptions {
  /** Random starts before the search; default 30. */
  readonly starts?: number;
  readonly seed?: number;
  /** Threads that search; default 1, the one that asks. */
  readonly threads?: number;
  /** MiB of the network, and as many of open parts, that are kept; what goes beyond is `unknown`. Default 2,048. */
  readonly memory?: number;
  /** Default: chosen from the network. */
  readonly split?: Plan["split"];
  readonly onProgress?: (now: SearchProgress) => void;
  /** What searches a region instead of the usual search, once falsification has found nothing. */
  readonly search?: RegionSearch;
}

/** What a search is given beside its goal: the region's box and number, the test of points, and a look at the clock. */
export interface Searching {
  readonly goal: Goal;
  readonly region: number;
  readonly root: Box;
  /** Whether the file itself says that the point, rounded, is a counterexample. */
  readonly tried: (x: Float64Array) => Promise<boolean>;
  readonly late: (now: SearchProgress) => Promise<boolean>;
  readonly clock: Clock;
}

export interface RegionSearch {
  readonly words: string;
  /** null: it holds no counterexample. */
  region(searching: Searching): Promise<"sat" | "timeout" | { readonly unknown: string } | null>;
}

export interface SearchProgress {
  readonly parts: number;
  readonly open: number;
  /** How far below 0 the worst of the open bounds is, as far as it is known: it shrinks to 0. */
  readonly missing: number;
}

export interface Decision {
  readonly verdict: "sat" | "unsat" | "unknown" | "timeout";
  /** Why it is unknown; null otherwise. */
  readonly reason: string | null;
  /** float32 inputs, and outputs of the file's own type, that `replay` has confirmed. */
  readonly counterexample: { readonly x: Float32Array; readonly y: Float64Array } | null;
  /** How it was searched, in words; null where falsification was enough. */
  readonly plan: string | null;
  /** Parts of boxes that were bounded. */
  readonly parts: number;
  /** Since the clock began. */
  readonly seconds: number;
}

/**
 * Runs the user's own file on x and tells its outputs where they are a counterexample, exactly, and null where they are not: float64
 * arithmetic proposes, the file decides.
 */
export type Replay = (x: Float32Array) => Promise<Float32Array | Float64Array | null>;

/** Wait for what is under way, but not for long. */
async function patiently(milliseconds: number, doing: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  const patience = new Promise((go) => {
    timer = setTimeout(go, milliseconds);
  });
  await Promise.race([doing, patience]).finally(() => clearTimeout(timer));
}

/** MiB. */
export const MEMORY = 2_048;

/** Milliseconds of search from which on other threads are worth their start. */
const MOMENT = 3_000;
/** Milliseconds that threads are given to end. */
const PATIENCE = 500;

/** @throws the signal's reason */
export async function decide(
  network: Network,
  specification: Specification,
  replay: Replay,
  options: DecideOptions = {},
  clock = new Clock(options),
): Promise<Decision> {
  const search = new Decider(network, replay, options, clock);
  for (const [k, region] of specification.regions.entries()) {
    const ended = await search.region(region, k, fold(seedKey(options.seed ?? 0), k));
    if (ended) return search.decision(ended);
  }
  return search.decision(search.undecided > 0 ? "unknown" : "unsat");
}

const numbers = (terms: Row["outputs"]): GoalRow["outputs"] => terms.map(([i, c]) => [i, toFloat64(c)]);
const goalRow = ({ outputs, inputs, bound }: Row): GoalRow => ({
  outputs: numbers(outputs),
  inputs: numbers(inputs),
  bound: toFloat64(bound),
});

type Tried = (x: Float64Array) => Promise<boolean>;
type Ended = "sat" | "timeout" | "unknown";

class Decider {
  readonly #network: Network;
  readonly #replay: Replay;
  readonly #options: DecideOptions;
  readonly #clock: Clock;
  #told = performance.now();
  #found: Decision["counterexample"] = null;
  #plan: Plan | null = null;
  #full = false;
  /** A region has no float32 input. */
  #pointless = false;
  /** Why a search of the caller's gave up. */
  #why: string | null = null;
  parts = 0;
  /** Parts that float64 can neither refute nor split. */
  undecided = 0;

  constructor(network: Network, replay: Replay, options: DecideOptions, clock: Clock) {
    this.#network = network;
    this.#replay = replay;
    this.#options = options;
    this.#clock = clock;
  }

  decision(verdict: Decision["verdict"]): Decision {
    return {
      verdict,
      reason: verdict === "unknown" ? this.#reason() : null,
      counterexample: this.#found,
      plan: this.#plan?.words ?? null,
      parts: this.parts,
      seconds: this.#clock.seconds,
    };
  }

  #reason(): string {
    if (this.#why) return this.#why;
    if (this.#full) return `what is open takes more than ${this.#options.memory ?? MEMORY} MiB; allow more with --memory`;
    if (this.#pointless) return "the property is not proven, and no float32 input lies in its box that could be a counterexample";
    return `${this.undecided} parts that cannot be split are nearer to the border than bounds tell, and hold no counterexample in float32 that was found`;
  }

  /** Search one region. null: it holds no counterexample, or none that could be decided. */
  async region(region: Region, k: number, key: Key): Promise<Ended | null> {
    const goal = goalOf(
      this.#network,
      region.disjuncts.map((d) => d.map(goalRow)),
      ballOf(region),
    );
    const root = enclosure(region);
    const points = within(region);
    this.#pointless ||= points === null;
    const tried = async (x: Float64Array) => points !== null && (await this.#try(goal, x, points));
    // a disjunct without rows: every point will do
    if (region.disjuncts.some((d) => d.length === 0)) {
      if (await tried(root.low)) return "sat";
      this.undecided++;
      return null;
    }
    for (const x of falsify(goal, root, key, points ? (this.#options.starts ?? 30) : 0)) {
      if (x && (await tried(x))) return "sat";
      if (await this.#late({ parts: 0, open: 0, missing: Number.POSITIVE_INFINITY })) return "timeout";
    }
    const { search } = this.#options;
    this.#plan = planFor(goal, this.#options.split);
    try {
      if (search) {
        this.#plan = { ...this.#plan, words: search.words };
        const late = (now: SearchProgress) => {
          this.parts = now.parts;
          return this.#late(now);
        };
        const ended = await search.region({ goal, region: k, root, tried, late, clock: this.#clock });
        if (ended === null || typeof ended === "string") return ended;
        this.#why = ended.unknown;
        return "unknown";
      }
      return await this.#search(goal, this.#plan, root, tried);
    } catch (error) {
      if (error instanceof TimeUp) return "timeout";
      throw error;
    }
  }

  /** What takes a moment only is done in this thread, the rest by all that may be used, as soon as they are there. */
  async #search(goal: Goal, plan: Plan, root: Box, tried: Tried): Promise<Ended | null> {
    const { threads = 1 } = this.#options;
    const here = laneHere(goal, plan, this.#clock);
    let there: Promise<readonly Lane[]> | null = null;
    try {
      const open = await here.roots(root);
      const start = performance.now();
      const ended = await this.#work([here], open, tried, () => threads > 1 && performance.now() - start > MOMENT);
      if (ended || open.length === 0) return ended;
      let lanes: readonly Lane[] | null = null;
      let failed: unknown = null;
      there = lanesThere(goal, plan, threads, this.#clock);
      there.then(
        (found) => {
          lanes = found;
        },
        (error) => {
          failed = error;
        },
      );
      const early = await this.#work([here], open, tried, () => lanes !== null || failed !== null);
      if (early || open.length === 0) return early;
      if (lanes === null) throw failed;
      return await this.#work(lanes, open, tried, () => false);
    } finally {
      await here.release();
      // those that are not there yet are ended when they are; why they failed was told above, where it mattered
      const ended = there?.then((lanes) => Promise.all(lanes.map((lane) => lane.release())));
      if (ended) await patiently(PATIENCE, Promise.allSettled([ended]));
    }
  }

  /** Keep all lanes at work until nothing is open, or it is enough. */
  async #work(lanes: readonly Lane[], open: Part[], tried: Tried, isEnough: () => boolean): Promise<Ended | null> {
    const ended = await work({
      lanes,
      open,
      most: (this.#options.memory ?? MEMORY) * 2 ** 20,
      tried,
      late: (missing) => this.#late({ parts: this.parts, open: open.length, missing }),
      clock: this.#clock,
      onStretch: ({ looked, stuck }) => {
        this.parts += looked;
        this.undecided += stuck;
      },
      isEnough,
    });
    this.#full = ended === "full";
    return ended === "full" ? "unknown" : ended;
  }

  /** Round to float32 inside the region, and let the file decide where float64 says it is worth it. */
  async #try(goal: Goal, x: Float64Array, { low, high }: { readonly low: Float32Array; readonly high: Float32Array }): Promise<boolean> {
    const inside = goal.ball ? brought(x, goal.ball) : x;
    const rounded = Float32Array.from(inside, (v, j) => Math.min(Math.max(Math.fround(v), low[j]!), high[j]!));
    const { distance } = distanceOf(goal, evaluate(goal.network, Float64Array.from(rounded)).at(-1)!);
    if (goal.rows > 0 && !(distance <= NEAR)) return false;
    const y = await this.#replay(rounded);
    if (y) this.#found = { x: rounded, y: Float64Array.from(y) };
    return y !== null;
  }

  /** Whether the time is up. Lets others have their turn now and then. */
  async #late(now: SearchProgress): Promise<boolean> {
    const time = performance.now();
    if (time - this.#told > BREATH) {
      this.#told = time;
      await this.#clock.breath();
      this.#options.onProgress?.(now);
    }
    return this.#clock.left < 0;
  }
}
