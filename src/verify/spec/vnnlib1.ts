/**
 * VNN-LIB 1.0 as the competition of verifiers uses it: a subset of SMT-LIB in which inputs are called X_0, X_1, … and outputs
 * Y_0, Y_1, …, and the assertions together describe a counterexample. Bak, Liu & Johnson 2021, arXiv:2109.00498, §3.
 */
import { fail } from "../../base/index.ts";
import { assertion } from "./assertion.ts";
import type { Formula } from "./formula.ts";
import type { Scope } from "./linear.ts";
import type { Query } from "./query.ts";
import { regionsOf } from "./regions.ts";
import { head, type List, refuse, type Sexpr } from "./sexpr.ts";

const NAME = /^([XY])_(0|[1-9]\d*)$/;

/** Of SMT-LIB, and without meaning here. */
const IDLE = ["set-logic", "set-info", "set-option", "check-sat", "get-model", "get-value", "exit"];

type Declared = Readonly<Record<"X" | "Y", Set<number>>>;

/**
 * @param forms all that stands in the file
 * @param file its name, for errors
 * @param number reads a constant
 * @throws spec-declaration, spec-name, spec-operator, spec-nonlinear, spec-unbounded, spec-disjuncts
 */
export function vnnlib1(forms: readonly Sexpr[], file: string, number: Scope["number"]): Query {
  const declared: Declared = { X: new Set(), Y: new Set() };
  const variable: Scope["variable"] = (atom) => {
    const [, letter, digits] = NAME.exec(atom.text) ?? [];
    if (letter === undefined) return refuse(atom, "spec-name", "a variable or a finite number", "write X_0, Y_0, … or a decimal");
    if (atom.brackets || !declared[letter as "X" | "Y"].has(Number(digits)))
      return refuse(atom, "spec-name", "a variable that was declared above", `declare it with (declare-const ${atom.text} Real)`);
    return { side: letter === "X" ? "inputs" : "outputs", index: Number(digits) };
  };
  const all: Formula[] = [];
  for (const form of forms) {
    const word = head(form);
    if (form.kind === "list" && (word === "declare-const" || word === "declare-fun")) declare(form, word, declared);
    else if (form.kind === "list" && word === "assert" && form.items.length === 2)
      all.push(assertion(form.items[1]!, { number, variable }));
    else if (word === null || !IDLE.includes(word))
      refuse(form, "spec-operator", "(declare-const NAME Real) or (assert CONSTRAINT)", "see vnnlib.org for the format");
  }
  const [inputs, outputs] = [counted("X", declared, file), counted("Y", declared, file)];
  const regions = regionsOf({ all }, inputs, (i) => `X_${i}`, file);
  return {
    format: "vnnlib 1",
    network: null,
    inputs: [{ name: "X", type: "Real", shape: [inputs] }],
    outputs: [{ name: "Y", type: "Real", shape: [outputs] }],
    specification: { inputs, outputs, regions },
  };
}

function declare(form: List, word: "declare-const" | "declare-fun", declared: Declared): void {
  const [, name, ...rest] = form.items;
  const takesNothing = rest[0]?.kind === "list" && rest[0].items.length === 0;
  const type = word === "declare-const" ? rest : takesNothing ? rest.slice(1) : [];
  const isReal = type.length === 1 && type[0]!.kind === "atom" && type[0]!.text === "Real" && !type[0]!.brackets;
  const [, letter, digits] = (isReal && name?.kind === "atom" && !name.brackets && NAME.exec(name.text)) || [];
  const numbers = letter === "X" || letter === "Y" ? declared[letter] : notReal(form);
  if (numbers.has(Number(digits))) refuse(form, "spec-declaration", "each variable declared once", "delete this one");
  numbers.add(Number(digits));
}

const notReal = (form: List): never =>
  refuse(form, "spec-declaration", "(declare-const X_0 Real), X for inputs and Y for outputs", "correct the declaration");

/** How many were declared, which must be 0, 1, 2, … */
function counted(letter: "X" | "Y", declared: Declared, file: string): number {
  const numbers = declared[letter];
  let n = 0;
  while (numbers.has(n)) n++;
  if (n === 0 || n < numbers.size)
    fail({
      code: "spec-declaration",
      expected: `${letter}_0, ${letter}_1, … declared without a gap`,
      got: `no ${letter}_${n} in ${file}`,
      mend: `declare it with (declare-const ${letter}_${n} Real)`,
    });
  return n;
}
