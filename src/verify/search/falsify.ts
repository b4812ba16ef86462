/** Falsification by projected descent from corners and random points of a box. */
import { fold, type Key, uniform } from "../../base/index.ts";
import { evaluate } from "../net/network.ts";
import { distanceOf, type Goal } from "./goal.ts";
import { slopeOf } from "./slope.ts";

export interface Box {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** A start: each coordinate at its low end, its high end, or between, a third each. Counterexamples like faces of boxes. */
export function cornerStart({ low, high }: Box, key: Key): Float64Array {
  const u = uniform(key, 2 * low.length);
  return low.map((l, j) => (u[2 * j]! < 1 / 3 ? l : u[2 * j]! < 2 / 3 ? high[j]! : l + u[2 * j + 1]! * (high[j]! - l)));
}

/**
 * Descend from `start` towards the nearest disjunct: signed steps, a share of each width that shrinks.
 * @returns the nearest point, and how far it is: ≤ 0 where float64 says it is a counterexample
 */
export function descend(
  goal: Goal,
  { low, high }: Box,
  start: Float64Array,
  steps: number,
  leak: number,
): { x: Float64Array; distance: number } {
  let x = start;
  let best = { x, distance: Number.POSITIVE_INFINITY };
  for (let k = 0; ; k++) {
    const values = evaluate(goal.network, x);
    const { distance, row } = distanceOf(goal, values.at(-1)!);
    if (distance < best.distance) best = { x, distance };
    if (best.distance <= 0 || k === steps) return best;
    const g = slopeOf(goal.network, values, row, leak);
    const share = 0.25 * (1 - k / steps) + 0.002;
    x = x.map((v, j) => Math.min(Math.max(v - share * (high[j]! - low[j]!) * Math.sign(g[j]!), low[j]!), high[j]!));
  }
}

/** Starts one after another, true slopes and leaky ones in turn, one at a time. Yields what is a counterexample in float64, null after a start that found none. */
export function* falsify(goal: Goal, box: Box, key: Key, starts: number, steps = 60): Generator<Float64Array | null> {
  for (let s = 0; s < starts; s++) {
    const start = s === 0 ? box.low.map((l, j) => l + 0.5 * (box.high[j]! - l)) : cornerStart(box, fold(key, s));
    const { x, distance } = descend(goal, box, start, steps, s % 2 === 0 ? 0 : 0.1);
    yield distance <= 0 ? x : null;
  }
}
