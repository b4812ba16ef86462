/**
 * What an input may be, whatever ε: limits of each feature, features that are fixed, whole steps, groups of which one is on. Constraints are
 * values that combine; an attack moves within the box, and the judge brings every candidate to a legal input before it asks the file.
 */
import { fail, size } from "../base/index.ts";
import { type Box, type Norm, projectExactly } from "./norm.ts";

export interface Domain extends Box {
  /** 1 where a feature may change. */
  readonly free: Uint8Array;
  /** Whether all may. */
  readonly allFree: boolean;
  /** Legal values are the float32 numbers nearest to `origin` plus whole steps: 1/255 for pixels in [0, 1]; 0 where any value is legal. */
  readonly step: Float64Array;
  readonly origin: Float64Array;
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
  const each = (what: string, v: PerFeature): Float64Array => {
    if (typeof v !== "number" && v.length !== n)
      fail({
        code: "constraint-size",
        expected: `${what} to be one number, or ${n}: one a feature`,
        got: `${v.length}`,
        mend: "give one a feature",
      });
    return typeof v === "number" ? new Float64Array(n).fill(v) : Float64Array.from(v);
  };
  const [lows, steps] = [each("low", low), each("step", step)];
  const box = { low: Float32Array.from(lows), high: Float32Array.from(each("high", high)) };
  const bad = box.low.findIndex((v, i) => !(v <= box.high[i]!));
  if (bad >= 0)
    fail({
      code: "constraint-range",
      expected: "low ≤ high",
      got: `${box.low[bad]} and ${box.high[bad]} at feature ${bad}`,
      mend: "swap them",
    });
  const wrong = steps.find((s) => !(s >= 0 && s < Number.POSITIVE_INFINITY));
  if (wrong !== undefined)
    fail({ code: "constraint-step", expected: "steps ≥ 0", got: `${wrong}`, mend: "give the step's length; 0 where any value is legal" });
  const free = Uint8Array.from(mask ? each("mask", mask) : new Uint8Array(n).fill(1), (v) => (v ? 1 : 0));
  for (const i of [...fixed, ...groups.flat()])
    if (!Number.isInteger(i) || i < 0 || i >= n)
      fail({ code: "constraint-feature", expected: `features 0…${n - 1}`, got: `${i}`, mend: "count features from 0" });
  for (const i of fixed) free[i] = 0;
  // without a least value, steps are counted from 0
  const origin = lows.map((v) => (bounded(v) ? v : 0));
  return { ...box, free, allFree: !free.includes(0), step: steps, origin, groups };
}

/** Whether a limit is one: some write float32's largest number for none. */
const bounded = (v: number): boolean => Math.abs(v) < 1e30;

/** high − low of each feature: the unit of what is said as a share of the range. 1 where a feature has no limits, or only one value. */
export const widths = ({ low, high }: Box): Float64Array =>
  Float64Array.from(low, (v, i) => (bounded(v) && bounded(high[i]!) && high[i]! > v ? high[i]! - v : 1));

/** The box of one sample: what is not free stays at x. */
export function boxOf({ low, high, free, allFree }: Domain, x: Float32Array): Box {
  if (allFree) return { low, high };
  return { low: low.map((v, i) => (free[i] ? v : x[i]!)), high: high.map((v, i) => (free[i] ? v : x[i]!)) };
}

const distanceOf = (norm: Norm, z: Float32Array, x: Float32Array): number => norm.distance(Float64Array.from(z, (v, i) => v - x[i]!));

/** ε may be exceeded by this share where whole steps are counted: it is itself a rounded number of steps. */
const SLACK = 1e-6;

/** What float32 does not tell from `v`, in steps. */
const fuzz = (v: number, step: number): number => Math.min(SLACK + (Math.abs(v) * 2 ** -22) / step, 0.25);

/** How whole steps are made: what is added before the rest is cut off. To the nearest first; what then leaves the ball, more and more towards x. */
const NEAR = [0.5, 0.4, 0.3, 0.2, 0.1].map((share) => () => share);
/** Towards x; and towards x even from where it may be whole. */
const TOWARDS = [fuzz, (v: number, step: number) => -fuzz(v, step)];

interface Rounded {
  /** z − x as the lattice says it, which float32 only rounds. */
  readonly delta: Float64Array;
  readonly stepped: boolean;
  /** Whether features moved that take no steps. */
  readonly slid: boolean;
}

/**
 * Round to the lattice, in place, by whole steps from x. Features of groups are left out.
 * @param reach how far a feature may go
 */
function toLattice(
  z: Float32Array,
  x: Float32Array,
  within: Domain,
  reach: number,
  rounding: (v: number, step: number) => number,
): Rounded {
  const { step, origin, low, high, groups } = within;
  const delta = new Float64Array(z.length);
  const grouped = new Set(groups.flat());
  let [stepped, slid] = [false, false];
  for (let i = 0; i < z.length; i++) {
    const s = step[i]!;
    const d = z[i]! - x[i]!;
    delta[i] = d;
    if (d === 0 || grouped.has(i)) continue;
    if (s === 0) {
      slid = true;
      continue;
    }
    // levels are counted from x's own
    const own = Math.round((x[i]! - origin[i]!) / s);
    const most = Math.floor((reach / s) * (1 + SLACK));
    const least = Math.max(Math.ceil((low[i]! - origin[i]!) / s - fuzz(low[i]!, s)) - own, -most);
    const last = Math.min(Math.floor((high[i]! - origin[i]!) / s + fuzz(high[i]!, s)) - own, most);
    const whole = Math.sign(d) * Math.max(Math.floor(Math.abs(d) / s + rounding(z[i]!, s)), 0);
    const steps = Math.min(Math.max(whole, least), last);
    const v = steps === 0 ? x[i]! : origin[i]! + (own + steps) * s;
    z[i] = Math.min(Math.max(v, low[i]!), high[i]!);
    delta[i] = steps * s;
    stepped ||= steps !== 0;
  }
  return { delta, stepped, slid };
}

/** One feature of each group on: the largest, x's own where others are only as large. Of a group with a feature that may not change, all are x's. */
function toGroups(z: Float32Array, x: Float32Array, { groups, free }: Domain): void {
  for (const group of groups) {
    const own = group.reduce((best, i) => (x[i]! > x[best]! ? i : best), group[0]!);
    const on = group.every((i) => free[i]) ? group.reduce((best, i) => (z[i]! > z[best]! ? i : best), own) : own;
    for (const i of group) z[i] = on === own ? x[i]! : i === on ? 1 : 0;
  }
}

/**
 * Bring a candidate to a legal input of the ball around `x`, in place: into ball and box, then to the lattice and the groups. What would leave the
 * ball by that is rounded towards x; groups that still do go back to x's own; and if that is not enough, all of it. The distance that counts is float64's
 * between the float32 values. But k steps are k steps, though float32 may store the ends of one a rounding further apart than of another: where only
 * whole steps were made, and in L∞, the lattice's own numbers count, and may be over by 1e-6 of ε, itself a rounded number.
 * @param epsilon ∞ for a candidate that is only to be legal
 */
export function legalise(z: Float32Array, x: Float32Array, norm: Norm, epsilon: number, within: Domain): void {
  const box = boxOf(within, x);
  if (epsilon < Number.POSITIVE_INFINITY) projectExactly(z, x, norm, epsilon, box);
  else for (let i = 0; i < z.length; i++) z[i] = Math.min(Math.max(z[i]!, box.low[i]!), box.high[i]!);
  const { step, groups } = within;
  if (groups.length === 0 && !step.some((s) => s > 0)) return;
  const before = z.slice();
  // no feature goes further than ε, but for L0, which only counts them
  const reach = norm.name === "l0" ? Number.POSITIVE_INFINITY : epsilon;
  for (const rounding of [...NEAR, ...TOWARDS]) {
    z.set(before);
    toGroups(z, x, within);
    const { delta, stepped, slid } = toLattice(z, x, within, reach, rounding);
    const inSteps = stepped && (!slid || norm.name === "linf");
    const fits = () => distanceOf(norm, z, x) <= epsilon || (inSteps && norm.distance(delta) <= epsilon * (1 + SLACK));
    if (fits()) return;
    if (!TOWARDS.includes(rounding)) continue;
    for (const group of groups) {
      for (const i of group) {
        z[i] = x[i]!;
        delta[i] = 0;
      }
      if (fits()) return;
    }
  }
  z.set(x);
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
    const steps = (v - within.origin[i]!) / s;
    if (s > 0 && Math.abs(steps - Math.round(steps)) > 1e-3 + fuzz(v, s))
      fail({
        code: "input-lattice",
        expected: `values a whole number of steps of ${s} from ${within.origin[i]}`,
        got: `${v} in sample ${Math.floor(k / width)}, feature ${i}`,
        mend: "round the data to its steps first, or leave the step out",
      });
  }
  for (let k = 0; k < x.length / Math.max(width, 1); k++)
    for (const group of within.groups) {
      const values = group.map((i) => x[k * width + i]!);
      const near = (to: number) => values.filter((v) => Math.abs(v - to) <= tolerance).length;
      if (near(1) !== 1 || near(0) !== group.length - 1)
        fail({
          code: "input-group",
          expected: `exactly one 1 and else 0 at features ${group.join(", ")}`,
          got: `${values.join(", ")} in sample ${k}`,
          mend: "encode the category one-hot, or take the features out of the groups",
        });
    }
}
