/** Falsification by projected descent from corners and random points of a box. */
import { fold, type Key, uniform } from "../../base/index.ts";
import type { Ball } from "../bound/concretize.ts";
import { atOnce } from "../clock.ts";
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

/** x, or where the way to it from the ball's centre leaves the ball, a little before. */
export function brought(x: Float64Array, { norm, centre, radius }: Ball): Float64Array {
  const distance = x.reduce((sum, v, j) => sum + (norm === "l2" ? (v - centre[j]!) ** 2 : Math.abs(v - centre[j]!)), 0);
  const share = (radius * (1 - 1e-6)) / (norm === "l2" ? Math.sqrt(distance) : distance);
  return share < 1 ? x.map((v, j) => centre[j]! + share * (v - centre[j]!)) : x;
}

/** A point, and how far it is from being a counterexample: ≤ 0 where float64 says that it is one. */
export interface Nearest {
  readonly x: Float64Array;
  readonly distance: number;
}

/**
 * Descend from `start` towards the nearest disjunct: signed steps, a share of each width that shrinks. Yields between steps.
 * @returns the nearest point
 */
export function* descending(goal: Goal, { low, high }: Box, start: Float64Array, steps: number, leak: number): Generator<null, Nearest> {
  const { ball } = goal;
  let x = ball ? brought(start, ball) : start;
  let best = { x, distance: Number.POSITIVE_INFINITY };
  for (let k = 0; ; k++) {
    const values = evaluate(goal.network, x);
    const { distance, row } = distanceOf(goal, values.at(-1)!);
    if (distance < best.distance) best = { x, distance };
    if (best.distance <= 0 || k === steps) return best;
    yield null;
    const g = slopeOf(goal.network, values, row, leak);
    const share = 0.25 * (1 - k / steps) + 0.002;
    // signs fit a box; in a ball the longest step is along the slope itself
    const steepest = ball ? g.reduce((most, v) => Math.max(most, Math.abs(v)), 0) : 0;
    const way = (v: number) => (steepest > 0 ? v / steepest : Math.sign(v));
    x = x.map((v, j) => Math.min(Math.max(v - share * (high[j]! - low[j]!) * way(g[j]!), low[j]!), high[j]!));
    if (ball) x = brought(x, ball);
    yield null;
  }
}

/** As {@link descending}, in one go. */
export const descend = (...given: Parameters<typeof descending>): Nearest => atOnce(descending(...given));

/** Starts one after another, true slopes and leaky ones in turn, one at a time. Yields what is a counterexample in float64, and null between steps. */
export function* falsify(goal: Goal, box: Box, key: Key, starts: number, steps = 60): Generator<Float64Array | null> {
  for (let s = 0; s < starts; s++) {
    const start = s === 0 ? box.low.map((l, j) => l + 0.5 * (box.high[j]! - l)) : cornerStart(box, fold(key, s));
    const { x, distance } = yield* descending(goal, box, start, steps, s % 2 === 0 ? 0 : 0.1);
    yield distance <= 0 ? x : null;
  }
}
