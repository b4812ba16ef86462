/** A specification as data: boxes of inputs, and what a counterexample's outputs satisfy there. All numbers are exact. */
import { fail } from "../../base/index.ts";
import { add, compare, fromNumber, multiply, negate, type Rational, sign, subtract, ZERO } from "./rational.ts";

/** A sparse linear form: each index once, ascending, no coefficient 0. */
export type LinearForm = readonly (readonly [index: number, coefficient: Rational])[];

/** Σ c·y + Σ d·x ≤ bound (< where strict), over the network's flattened outputs y and inputs x. */
export interface Row {
  readonly outputs: LinearForm;
  readonly inputs: LinearForm;
  readonly bound: Rational;
  readonly strict: boolean;
}

/** All rows hold. Without rows: always true. */
export type Disjunct = readonly Row[];

/** ‖x − centre‖ ≤ radius, in L2 or L1. */
export interface RegionBall {
  readonly norm: "l2" | "l1";
  /** [inputs] */
  readonly centre: readonly Rational[];
  readonly radius: Rational;
}

/** Counterexamples are the x with low ≤ x ≤ high ([inputs] each), and in the ball where there is one, whose y satisfies all rows of some disjunct. */
export interface Region {
  readonly low: readonly Rational[];
  readonly high: readonly Rational[];
  readonly ball?: RegionBall;
  readonly disjuncts: readonly Disjunct[];
}

/** The property fails (`sat`) where some region has a counterexample: as in VNN-LIB, regions state what must *not* happen. */
export interface Specification {
  /** Elements of all the network's inputs together, and of its outputs. */
  readonly inputs: number;
  readonly outputs: number;
  readonly regions: readonly Region[];
}

/** Which region, and which of its disjuncts, by index. */
export interface Violation {
  readonly region: number;
  readonly disjunct: number;
}

/**
 * The first region and disjunct of which (x, y) is a counterexample, in exact arithmetic and with no tolerance; null where there is
 * none. What is infinite or NaN lies in no box and satisfies no row that mentions it.
 * @param x [inputs], y [outputs]: float64 or float32, taken exactly
 * @throws spec-size
 */
export function holds(spec: Specification, x: ArrayLike<number>, y: ArrayLike<number>): Violation | null {
  sameCount("inputs", spec.inputs, x.length);
  sameCount("outputs", spec.outputs, y.length);
  const [xs, ys] = [exact(x), exact(y)];
  for (const [region, { low, high, ball, disjuncts }] of spec.regions.entries()) {
    if (!xs.every((v, i) => v !== null && compare(low[i]!, v) <= 0 && compare(v, high[i]!) <= 0)) continue;
    if (ball && !isWithin(xs as Rational[], ball)) continue;
    const disjunct = disjuncts.findIndex((rows) => rows.every((row) => satisfies(row, xs, ys)));
    if (disjunct >= 0) return { region, disjunct };
  }
  return null;
}

function isWithin(x: readonly Rational[], { norm, centre, radius }: RegionBall): boolean {
  let sum = ZERO;
  x.forEach((v, i) => {
    const d = subtract(v, centre[i]!);
    sum = add(sum, norm === "l2" ? multiply(d, d) : sign(d) < 0 ? negate(d) : d);
  });
  return compare(sum, norm === "l2" ? multiply(radius, radius) : radius) <= 0;
}

const exact = (values: ArrayLike<number>): (Rational | null)[] => Array.from(values, (v) => (Number.isFinite(v) ? fromNumber(v) : null));

function satisfies({ outputs, inputs, bound, strict }: Row, x: readonly (Rational | null)[], y: readonly (Rational | null)[]): boolean {
  let sum = ZERO;
  for (const [terms, values] of [[outputs, y] as const, [inputs, x] as const])
    for (const [i, c] of terms) {
      const v = values[i];
      if (!v) return false;
      sum = add(sum, multiply(c, v));
    }
  const over = sign(subtract(sum, bound));
  return strict ? over < 0 : over <= 0;
}

/** @throws spec-size */
export function sameCount(what: "inputs" | "outputs", expected: number, got: number): void {
  if (expected !== got)
    fail({
      code: "spec-size",
      expected: `${expected} ${what}, as in the specification`,
      got: `${got}`,
      mend: "take the specification that was written for this network",
    });
}
