/** Formulas without negation, and their disjunctive normal form. */
import { fail } from "../../base/index.ts";
import { type Coefficients, difference, type Linear } from "./linear.ts";
import { negate, sign } from "./rational.ts";
import type { Disjunct, LinearForm, Row } from "./specification.ts";

/** A row; or all of several hold, or any does: all of none is true, any of none is false. */
export type Formula = Row | { readonly all: readonly Formula[] } | { readonly any: readonly Formula[] };

export const TRUE: Formula = { all: [] };
export const FALSE: Formula = { any: [] };

const terms = (coefficients: Coefficients): LinearForm => [...coefficients].filter(([, c]) => c.n !== 0n).sort(([i], [j]) => i - j);

/** a ≤ b, or a < b where strict. */
export function atMost(a: Linear, b: Linear, strict: boolean): Formula {
  const d = difference([a, b]);
  const row: Row = { outputs: terms(d.outputs), inputs: terms(d.inputs), bound: negate(d.constant), strict };
  if (row.outputs.length > 0 || row.inputs.length > 0) return row;
  return strict ? (sign(row.bound) > 0 ? TRUE : FALSE) : sign(row.bound) >= 0 ? TRUE : FALSE;
}

/** A property of more disjuncts than this is refused: each is bounded on its own, and files of that kind are made by mistake. */
const MOST_DISJUNCTS = 100_000;

/** always ∧ (options[0] ∨ options[1] ∨ …): what all disjuncts share is not copied into each. */
export interface Choices {
  readonly always: Disjunct;
  readonly options: readonly Disjunct[];
}

const count = (f: Formula): number => {
  if ("all" in f) return f.all.reduce((n, g) => n * count(g), 1);
  return "any" in f ? f.any.reduce((n, g) => n + count(g), 0) : 1;
};

/**
 * Disjunctive normal form.
 * @param where names the file in the error
 * @throws spec-disjuncts past 100,000 of them
 */
export function choices(formula: Formula, where: string): Choices {
  const n = count(formula);
  if (n > MOST_DISJUNCTS)
    fail({
      code: "spec-disjuncts",
      expected: `at most ${MOST_DISJUNCTS} alternatives, once every “and” of “or”s is multiplied out`,
      got: `${n} in ${where}`,
      mend: "split the property into several files",
    });
  return expanded(formula);
}

function expanded(f: Formula): Choices {
  if ("any" in f) {
    const each = f.any.map(expanded);
    if (each.length === 1) return each[0]!;
    return { always: [], options: each.flatMap(({ always, options }) => options.map((own) => [...always, ...own])) };
  }
  if (!("all" in f)) return { always: [f], options: [[]] };
  // before anything is multiplied by nothing
  if (f.all.some((g) => count(g) === 0)) return { always: [], options: [] };
  const each = f.all.map(expanded);
  const [first = [[]], ...others] = each.map(({ options }) => options).filter((options) => options.length !== 1 || options[0]!.length > 0);
  const product = others.reduce((all, more) => all.flatMap((a) => more.map((b) => [...a, ...b])), first);
  return { always: each.flatMap(({ always }) => always), options: product };
}
