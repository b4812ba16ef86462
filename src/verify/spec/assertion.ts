/** (assert …) as a formula: comparisons, chains of them, and, or, not. */
import { atMost, FALSE, type Formula, TRUE } from "./formula.ts";
import { type Linear, linear, type Scope } from "./linear.ts";
import { head, refuse, type Sexpr } from "./sexpr.ts";

type Comparison = (a: Linear, b: Linear) => Formula;

const lessOrEqual: Comparison = (a, b) => atMost(a, b, false);
const less: Comparison = (a, b) => atMost(a, b, true);
const equal: Comparison = (a, b) => ({ all: [atMost(a, b, false), atMost(b, a, false)] });
const differ: Comparison = (a, b) => ({ any: [atMost(a, b, true), atMost(b, a, true)] });

/** Each with its negation. */
const COMPARISONS: Readonly<Record<string, readonly [Comparison, Comparison]>> = {
  "<=": [lessOrEqual, (a, b) => less(b, a)],
  "<": [less, (a, b) => lessOrEqual(b, a)],
  ">=": [(a, b) => lessOrEqual(b, a), less],
  ">": [(a, b) => less(b, a), lessOrEqual],
  "=": [equal, differ],
  "==": [equal, differ],
  "!=": [differ, equal],
};

const KNOWN = [...Object.keys(COMPARISONS), "and", "or", "not"].join(" ");

/**
 * The formula that `node` says, or its negation, which is pushed inward.
 * @throws spec-operator, and what {@link linear} throws
 */
export function assertion(node: Sexpr, scope: Scope, negated = false): Formula {
  if (node.kind === "atom" && (node.text === "true" || node.text === "false")) return (node.text === "true") === negated ? FALSE : TRUE;
  const word = head(node);
  if (node.kind !== "list" || word === null) return refuse(node, "spec-operator", "a constraint, like (<= X_0 0.5)", "correct it");
  const operands = node.items.slice(1);
  if (word === "and" || word === "or") {
    const parts = operands.map((item) => assertion(item, scope, negated));
    return (word === "and") === negated ? { any: parts } : { all: parts };
  }
  if (word === "not") {
    if (operands.length !== 1) refuse(node, "spec-operator", "one constraint after not", "put and, or or around several");
    return assertion(operands[0]!, scope, !negated);
  }
  if (!Object.hasOwn(COMPARISONS, word)) return refuse(node, "spec-operator", `one of ${KNOWN}`, "write the constraint with these");
  // (< a b c) is a < b and b < c, but three that differ are more than two pairs
  if (operands.length < 2 || (word === "!=" && operands.length > 2))
    refuse(node, "spec-operator", `two operands of ${word}${word === "!=" ? "" : ", or more"}`, "correct it");
  const compare = COMPARISONS[word]![negated ? 1 : 0];
  const sides = operands.map((item) => linear(item, scope));
  const pairs = sides.slice(1).map((b, i) => compare(sides[i]!, b));
  if (pairs.length === 1) return pairs[0]!;
  return negated ? { any: pairs } : { all: pairs };
}
