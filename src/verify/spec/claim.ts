/** What is claimed of one sample: its class stays the same within ε, within the range of the data. */
import { fail } from "../../base/index.ts";
import { add, compare, fromNumber, type Rational, subtract } from "./rational.ts";
import { overtakes } from "./robustness.ts";
import type { Region, Specification } from "./specification.ts";

export interface Claim {
  /** [inputs] */
  readonly x: Float32Array;
  readonly label: number;
  readonly norm: "linf" | "l2" | "l1";
  readonly epsilon: number;
  readonly range: readonly [number, number];
  /** Only this class is not to overtake; default: none is. */
  readonly target?: number;
}

/**
 * A claim as what must not be found, all numbers taken exactly.
 * @throws spec-class
 */
export function claimed({ x, label, norm, epsilon, range, target }: Claim, classes: number): Specification {
  const [radius, least, most] = [fromNumber(epsilon), fromNumber(range[0]), fromNumber(range[1])];
  const centre = Array.from(x, fromNumber);
  const larger = (a: Rational, b: Rational) => (compare(a, b) < 0 ? b : a);
  const smaller = (a: Rational, b: Rational) => (compare(a, b) < 0 ? a : b);
  const others = Array.from({ length: classes }, (_, j) => j).filter((j) => j !== label);
  if (target !== undefined && !others.includes(target))
    fail({
      code: "spec-class",
      expected: `a target from 0 to ${classes - 1}, other than the class ${label}`,
      got: `${target}`,
      mend: "name another class",
    });
  const region: Region = {
    low: centre.map((c) => larger(subtract(c, radius), least)),
    high: centre.map((c) => smaller(add(c, radius), most)),
    ...(norm !== "linf" && { ball: { norm, centre, radius } }),
    disjuncts: (target === undefined ? others : [target]).map((j) => [overtakes(label, j)]),
  };
  return { inputs: x.length, outputs: classes, regions: [region] };
}
