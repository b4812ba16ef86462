/** Decide a specification of a network: falsification first, then boxes until none is left, or the time is up. */
import { fold, type Key, seedKey } from "../../base/index.ts";
import { evaluate, type Network } from "../net/network.ts";
import { enclosure, type Region, type Row, type Specification, toFloat64, within } from "../spec/index.ts";
import { falsify } from "./falsify.ts";
import { distanceOf, type Goal, type GoalRow, goalOf } from "./goal.ts";
import { InputSplit, type Open } from "./input-split.ts";

export interface DecideOptions {
  /** Seconds; default no limit. */
  readonly timeout?: number;
  /** Random starts before the search; default 30. */
  readonly starts?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (now: { readonly boxes: number; readonly open: number }) => void;
}

export interface Decision {
  readonly verdict: "sat" | "unsat" | "unknown" | "timeout";
  /** Why it is unknown; null otherwise. */
  readonly reason: string | null;
  /** float32 inputs and outputs that `replay` has confirmed. */
  readonly counterexample: { readonly x: Float32Array; readonly y: Float32Array } | null;
  readonly boxes: number;
  readonly seconds: number;
}

/**
 * Runs the user's own file on x and tells its outputs where they are a counterexample, exactly, and null where they are not: float64
 * arithmetic proposes, the file decides.
 */
export type Replay = (x: Float32Array) => Promise<Float32Array | null>;

/** Points this near in float64 are worth asking the file about: it computes in float32. */
const NEAR = 1e-5;
/** Milliseconds between looks at the clock's other users. */
const BREATH = 50;
/** Of so many boxes one is the worst that is open, the others the latest. */
const WORST_EVERY = 8;

/** @throws the signal's reason */
export async function decide(
  network: Network,
  specification: Specification,
  replay: Replay,
  options: DecideOptions = {},
): Promise<Decision> {
  const search = new Decider(network, replay, options);
  for (const [k, region] of specification.regions.entries()) {
    const ended = await search.region(region, fold(seedKey(options.seed ?? 0), k));
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

class Decider {
  readonly #network: Network;
  readonly #replay: Replay;
  readonly #options: DecideOptions;
  readonly #start = performance.now();
  #breathed = performance.now();
  #found: Decision["counterexample"] = null;
  boxes = 0;
  /** Boxes that float64 can neither refute nor halve. */
  undecided = 0;

  constructor(network: Network, replay: Replay, options: DecideOptions) {
    this.#network = network;
    this.#replay = replay;
    this.#options = options;
  }

  decision(verdict: Decision["verdict"]): Decision {
    const reason =
      verdict === "unknown"
        ? `${this.undecided} boxes of a single point are nearer to the border than float64 tells, and are no counterexamples in float32`
        : null;
    return { verdict, reason, counterexample: this.#found, boxes: this.boxes, seconds: this.#seconds() };
  }

  #seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Search one region. null: it holds no counterexample, or none that could be decided. */
  async region(region: Region, key: Key): Promise<"sat" | "timeout" | null> {
    const goal = goalOf(
      this.#network,
      region.disjuncts.map((d) => d.map(goalRow)),
    );
    const root = enclosure(region);
    const points = within(region);
    const tried = async (x: Float64Array) => points !== null && (await this.#try(goal, x, points));
    // a disjunct without rows: every point will do
    if (region.disjuncts.some((d) => d.length === 0)) {
      if (await tried(root.low)) return "sat";
      this.undecided++;
      return null;
    }
    for (const x of falsify(goal, root, key, points ? (this.#options.starts ?? 30) : 0)) {
      if (x && (await tried(x))) return "sat";
      if (await this.#late(0)) return "timeout";
    }
    const search = new InputSplit(goal);
    const open: Open[] = [{ ...root, missing: 0 }];
    while (open.length > 0) {
      if (await this.#late(open.length)) return "timeout";
      const [box] = open.splice(this.boxes % WORST_EVERY === 0 ? worst(open) : open.length - 1, 1);
      const looked = await search.look(box!);
      this.boxes++;
      if (looked.kind === "refuted") continue;
      for (const x of looked.candidates) if (await tried(x)) return "sat";
      if (looked.kind === "stuck") this.undecided++;
      else open.push(...looked.parts);
    }
    return null;
  }

  /** Round to float32 inside the region, and let the file decide where float64 says it is worth it. */
  async #try(goal: Goal, x: Float64Array, { low, high }: { readonly low: Float32Array; readonly high: Float32Array }): Promise<boolean> {
    const rounded = Float32Array.from(x, (v, j) => Math.min(Math.max(Math.fround(v), low[j]!), high[j]!));
    const { distance } = distanceOf(goal, evaluate(goal.network, Float64Array.from(rounded)).at(-1)!);
    if (goal.rows > 0 && !(distance <= NEAR)) return false;
    const y = await this.#replay(rounded);
    if (y) this.#found = { x: rounded, y };
    return y !== null;
  }

  /** Whether the time is up. Lets others have their turn now and then. */
  async #late(open: number): Promise<boolean> {
    const now = performance.now();
    if (now - this.#breathed > BREATH) {
      this.#breathed = now;
      await new Promise((go) => setTimeout(go, 0));
      this.#options.signal?.throwIfAborted();
      this.#options.onProgress?.({ boxes: this.boxes, open });
    }
    return this.#options.timeout !== undefined && this.#seconds() > this.#options.timeout;
  }
}

/** The open box that most is missing of. */
function worst(open: readonly Open[]): number {
  let at = 0;
  for (const [i, box] of open.entries()) if (box.missing > open[at]!.missing) at = i;
  return at;
}
