/**
 * What an input may be, whatever ε: limits of each feature, features that are fixed, whole steps, groups of which one is on. Constraints are
 * values that combine; an attack moves within the box, and the judge brings every candidate to a legal input before it asks the file.
 */
import { fail, size } from "../base/index.ts";
import { type Box, type Norm, projectExactly } from "./norm.ts";

export interface Domain extends Box {
  /** 1 where a feature may change. */
  readonly free: Uint8Array;
  /** Legal values lie whole steps from `origin`: 1/255 for pixels in [0, 1]; 0 where any value is legal. */
  readonly step: Float32Array;
  readonly origin: Float32Array;
  /** Features of which exactly one is 1 and the others 0. */
  readonly groups: readonly (readonly number[])[];
}

/** One number for all features, or one a feature. */
type PerFeature = number | ArrayLike<number>;

export interface Constraints {
  /** Least and largest value; default 0 and 1. */
  readonly low?: PerFeature;
  readonly high?: PerFeature;
  /** Features that may change (1) and that may not (0); default all may. */
  readonly mask?: ArrayLike<number>;
  /** Features that may not change, by number. */
  readonly fixed?: readonly number[];
  /** Values are `low` plus a whole number of steps: 1/255 for uint8 images in [0, 1], 1 for counts; 0: any value. */
  readonly step?: PerFeature;
  /** Features of a categorical variable, one-hot: exactly one of each group is 1. */
  readonly groups?: readonly (readonly number[])[];
}

/** Constraints as an attack uses them, for samples of `shape`. */
export function domain(shape: readonly number[], constraints: Constraints = {}): Domain {
  const n = size(shape);
  const { low = 0, high = 1, mask, fixed = [], step = 0, groups = [] } = constraints;
  const each = (what: string, v: PerFeature): Float32Array => {
    if (typeof v !== "number" && v.length !== n)
      fail({
        code: "constraint-size",
        expected: `${what} to be one number, or ${n}: one a feature`,
        got: `${v.length}`,
        mend: "give one a feature",
      });
    return typeof v === "number" ? new Float32Array(n).fill(v) : Float32Array.from(v);
  };
  const box = { low: each("low", low), high: each("high", high) };
  const bad = box.low.findIndex((v, i) => !(v <= box.high[i]!));
  if (bad >= 0)
    fail({
      code: "constraint-range",
      expected: "low ≤ high",
      got: `${box.low[bad]} and ${box.high[bad]} at feature ${bad}`,
      mend: "swap them",
    });
  const free = Uint8Array.from(mask ? each("mask", mask) : new Uint8Array(n).fill(1), (v) => (v ? 1 : 0));
  for (const i of [...fixed, ...groups.flat()])
    if (!Number.isInteger(i) || i < 0 || i >= n)
      fail({ code: "constraint-feature", expected: `features 0…${n - 1}`, got: `${i}`, mend: "count features from 0" });
  for (const i of fixed) free[i] = 0;
  return { ...box, free, step: each("step", step), origin: box.low, groups };
}

/** The box of one sample: what is not free stays at x. */
export function boxOf({ low, high, free }: Domain, x: Float32Array): Box {
  if (free.every((f) => f === 1)) return { low, high };
  return { low: low.map((v, i) => (free[i] ? v : x[i]!)), high: high.map((v, i) => (free[i] ? v : x[i]!)) };
}

const distanceOf = (norm: Norm, z: Float32Array, x: Float32Array): number => norm.distance(Float64Array.from(z, (v, i) => v - x[i]!));

/** Round to the lattice: to the nearest, or towards x, which never leaves a ball. */
function toLattice(z: Float32Array, x: Float32Array, { step, origin, low, high }: Domain, towards: boolean): void {
  for (let i = 0; i < z.length; i++) {
    const s = step[i]!;
    if (s === 0 || z[i] === x[i]) continue;
    const steps = (z[i]! - origin[i]!) / s;
    const whole = !towards ? Math.round(steps) : z[i]! > x[i]! ? Math.floor(steps) : Math.ceil(steps);
    const v = Math.fround(origin[i]! + whole * s);
    z[i] = v < low[i]! || v > high[i]! ? x[i]! : v;
  }
}

/** One feature of each group on: the largest. */
function toGroups(z: Float32Array, groups: Domain["groups"]): void {
  for (const group of groups) {
    const on = group.reduce((best, i) => (z[i]! > z[best]! ? i : best), group[0]!);
    for (const i of group) z[i] = i === on ? 1 : 0;
  }
}

/**
 * Bring a candidate to a legal input of the ball around `x`, in place: into ball and box, then to the lattice and the groups. What would leave the
 * ball by that is rounded towards x; groups that still do go back to x's own.
 * @param epsilon ∞ for a candidate that is only to be legal
 */
export function legalise(z: Float32Array, x: Float32Array, norm: Norm, epsilon: number, within: Domain): void {
  const box = boxOf(within, x);
  if (epsilon < Number.POSITIVE_INFINITY) projectExactly(z, x, norm, epsilon, box);
  else for (let i = 0; i < z.length; i++) z[i] = Math.min(Math.max(z[i]!, box.low[i]!), box.high[i]!);
  const { step, groups } = within;
  if (groups.length === 0 && !step.some((s) => s > 0)) return;
  const before = z.slice();
  toLattice(z, x, within, false);
  toGroups(z, groups);
  if (distanceOf(norm, z, x) <= epsilon) return;
  z.set(before);
  toLattice(z, x, within, true);
  toGroups(z, groups);
  for (const group of groups) {
    if (distanceOf(norm, z, x) <= epsilon) break;
    for (const i of group) z[i] = x[i]!;
  }
}

/** Refuse samples that are not legal themselves: an attack would have to leave them to begin. */
export function checkLegal(x: Float32Array, width: number, within: Domain, tolerance = 1e-6): void {
  for (let k = 0; k < x.length; k++) {
    const i = k % width;
    const [low, high, v, s] = [within.low[i]!, within.high[i]!, x[k]!, within.step[i]!];
    if (!(v >= low - tolerance && v <= high + tolerance))
      fail({
        code: "input-range",
        expected: `values from ${low} to ${high}`,
        got: `${v} in sample ${Math.floor(k / width)}`,
        mend: "declare the data's range (--range LOW,HIGH), or bring the data to it",
      });
    const off = s > 0 ? Math.abs((v - within.origin[i]!) / s - Math.round((v - within.origin[i]!) / s)) : 0;
    if (off > 1e-3)
      fail({
        code: "input-lattice",
        expected: `values a whole number of steps of ${s} from ${within.origin[i]}`,
        got: `${v} in sample ${Math.floor(k / width)}, feature ${i}`,
        mend: "round the data to its steps first, or leave the step out",
      });
  }
}
