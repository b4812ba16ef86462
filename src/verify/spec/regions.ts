/** A formula's disjuncts, sorted into the boxes of input that they speak of. */
import { fail } from "../../base/index.ts";
import { type Choices, choices, type Formula } from "./formula.ts";
import { compare, divide, print, type Rational, sign } from "./rational.ts";
import type { Disjunct, Region, Row } from "./specification.ts";

interface Interval {
  readonly low: Rational | null;
  readonly high: Rational | null;
}

/** The coordinates of a box that are not as in the box which all disjuncts share. */
type Own = Map<number, Interval>;

const OPEN: Interval = { low: null, high: null };

/** c·x_i ≤ b, and nothing else. */
const isBound = (row: Row): boolean => row.outputs.length === 0 && row.inputs.length === 1;

/** Which end of x_i's interval the row bounds, and where. */
function end(row: Row): { readonly index: number; readonly side: "low" | "high"; readonly at: Rational } {
  const [index, c] = row.inputs[0]!;
  return { index, side: sign(c) > 0 ? "high" : "low", at: divide(row.bound, c) };
}

function narrow(own: Own, shared: (index: number) => Interval, rows: Disjunct): void {
  for (const row of rows.filter(isBound)) {
    const { index, side, at } = end(row);
    const now = own.get(index) ?? shared(index);
    const old = now[side];
    const tighter = old === null || (side === "low" ? compare(at, old) > 0 : compare(at, old) < 0);
    if (tighter) own.set(index, { ...now, [side]: at });
  }
}

const isEmpty = ({ low, high }: Interval): boolean => low !== null && high !== null && compare(low, high) > 0;

/** A strict bound is a closed one and a row; where the box ends short of it the row says nothing. */
function touches(row: Row, at: (index: number) => Interval): boolean {
  if (!isBound(row)) return true;
  const bound = end(row);
  const limit = at(bound.index)[bound.side];
  return row.strict && limit !== null && compare(limit, bound.at) === 0;
}

/** x < 1 where x is 1. */
function excludes(row: Row, at: (index: number) => Interval): boolean {
  if (!isBound(row) || !row.strict) return false;
  const { low, high } = at(end(row).index);
  return low !== null && high !== null && compare(low, high) === 0;
}

/**
 * The regions of a formula: rows that bound one input make the boxes, disjuncts with the same box share a region, empty boxes are
 * dropped. No regions: the formula has no solution.
 * @param nameOf an input, in errors
 * @param where names the file in errors
 * @throws spec-unbounded, spec-disjuncts
 */
export function regionsOf(formula: Formula, inputs: number, nameOf: (input: number) => string, where: string): readonly Region[] {
  const { always, options }: Choices = choices(formula, where);
  const shared: Own = new Map();
  narrow(shared, () => OPEN, always);
  const base = Array.from({ length: inputs }, (_, i) => shared.get(i) ?? OPEN);
  if (base.some(isEmpty)) return [];
  // closed bounds are in the box from here on
  const remain = always.filter((row) => !isBound(row) || row.strict);
  const unbounded = base.flatMap(({ low, high }, i) => (low === null || high === null ? [i] : []));
  const sorted = new Map<string, { readonly low: Rational[]; readonly high: Rational[]; readonly disjuncts: Disjunct[] }>();
  for (const option of options) {
    const own: Own = new Map();
    narrow(own, (i) => base[i]!, option);
    const at = (i: number): Interval => own.get(i) ?? base[i]!;
    const rows = [...remain, ...option].filter((row) => touches(row, at));
    if ([...own.values()].some(isEmpty) || rows.some((row) => excludes(row, at))) continue;
    for (const i of unbounded) refuseUnbounded(at(i), nameOf(i), where);
    const key = [...own]
      .sort(([i], [j]) => i - j)
      .map(([i, { low, high }]) => `${i}:${print(low!)}:${print(high!)}`)
      .join();
    const region = sorted.get(key) ?? {
      low: base.map(({ low }, i) => own.get(i)?.low ?? low!),
      high: base.map(({ high }, i) => own.get(i)?.high ?? high!),
      disjuncts: [],
    };
    sorted.set(key, region);
    region.disjuncts.push(rows);
  }
  return [...sorted.values()];
}

function refuseUnbounded({ low, high }: Interval, name: string, where: string): void {
  if (low !== null && high !== null) return;
  const side = low === null ? (high === null ? "below or above" : "below") : "above";
  fail({
    code: "spec-unbounded",
    expected: "every input to be bounded on both sides",
    got: `${name} without a bound ${side} in ${where}`,
    mend: `assert ${low === null ? `(>= ${name} …)` : ""}${low === null && high === null ? " and " : ""}${high === null ? `(<= ${name} …)` : ""}`,
  });
}
