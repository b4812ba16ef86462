/** The classic short form: the class stays the same all over a box. */
import { fail } from "../../base/index.ts";
import { compare, fromNumber, negate, ONE, print, ZERO } from "./rational.ts";
import { type RegionBall, type Row, type Specification, sameCount } from "./specification.ts";

export interface RobustnessOptions {
  /** The class that should have the largest output. */
  readonly label: number;
  /** How many outputs the network has. */
  readonly classes: number;
  /** Only this class is not to overtake it; by default none is. */
  readonly target?: number;
  /** What of the box is meant: a ball in another norm than L∞. Numbers are taken exactly. */
  readonly ball?: { readonly norm: RegionBall["norm"]; readonly centre: ArrayLike<number>; readonly radius: number };
}

/**
 * Output `label` stays above all others (or above `target`) over the box: a counterexample has y_j ≥ y_label for some such j.
 * @param box low and high, [inputs] each, taken exactly
 * @throws spec-class, spec-box, spec-size
 */
export function robustness(
  box: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> },
  { label, classes, target, ball }: RobustnessOptions,
): Specification {
  const rivals = target === undefined ? Array.from({ length: classes }, (_, j) => j).filter((j) => j !== label) : [target];
  for (const k of [label, ...rivals])
    if (!Number.isInteger(k) || k < 0 || k >= classes)
      fail({ code: "spec-class", expected: `a class from 0 to ${classes - 1}`, got: `${k}`, mend: "count classes from 0" });
  if (target === label)
    fail({ code: "spec-class", expected: "a target other than the label", got: `${target} for both`, mend: "name another class" });
  const [low, high] = [Array.from(box.low, fromNumber), Array.from(box.high, fromNumber)];
  sameCount("inputs", low.length, high.length);
  const empty = low.findIndex((v, i) => compare(v, high[i]!) > 0);
  if (empty >= 0)
    fail({
      code: "spec-box",
      expected: "low ≤ high",
      got: `${print(low[empty]!)} > ${print(high[empty]!)} at input ${empty}`,
      mend: "exchange them",
    });
  const disjuncts = rivals.map((j) => [overtakes(label, j)]);
  return { inputs: low.length, outputs: classes, regions: [{ low, high, ...(ball && { ball: exactBall(ball) }), disjuncts }] };
}

/** y_label − y_rival ≤ 0, terms in ascending order. */
export function overtakes(label: number, rival: number): Row {
  const terms = [[label, ONE] as const, [rival, negate(ONE)] as const];
  return { outputs: terms.sort(([i], [j]) => i - j), inputs: [], bound: ZERO, strict: false };
}

const exactBall = ({ norm, centre, radius }: NonNullable<RobustnessOptions["ball"]>): RegionBall => ({
  norm,
  centre: Array.from(centre, fromNumber),
  radius: fromNumber(radius),
});
