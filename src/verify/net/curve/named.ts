/** Curves by their names: functions cannot be sent to other threads, names can. */
import type { Curve } from "./curve.ts";
import { cosh, exp, exponentialUnit, log, sinh, softplus } from "./exponentials.ts";
import { erfGate, gelu, geluTanh, hardSwish, swish } from "./gates.ts";
import { pow } from "./powers.ts";
import { asinh, atan, erf, sigmoid, softsign, tanh } from "./sigmoids.ts";
import { cos, sin } from "./waves.ts";

const FIXED: readonly Curve[] = [
  sigmoid,
  tanh,
  atan,
  asinh,
  softsign,
  erf,
  exp,
  log,
  softplus,
  sinh,
  cosh,
  sin,
  cos,
  gelu,
  geluTanh,
  hardSwish,
];

/** Of those that are made of numbers, by what stands before these. */
const MADE: Readonly<Record<string, (...numbers: number[]) => Curve>> = {
  power: (p) => pow(p!),
  swish: (k) => swish(k),
  "gate of erf": (k, a, b) => erfGate(k!, a!, b!),
  "exponential unit": (scale, alpha, inner) => exponentialUnit({ scale, alpha, inner }),
};

/** The curve that is called so. A float64 reads back from its decimal as it was. */
export function curveNamed(name: string): Curve {
  const fixed = FIXED.find((c) => c.name === name);
  if (fixed) return fixed;
  const [, maker = "", numbers = ""] = /^(.+) \((.+)\)$/.exec(name) ?? [];
  const make = Object.hasOwn(MADE, maker) ? MADE[maker] : undefined;
  if (!make) throw new RangeError(`no curve is called ${name}`);
  return make(...numbers.split(", ").map(Number));
}
