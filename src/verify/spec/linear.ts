/** Arithmetic: what an expression says is a constant plus multiples of inputs and outputs. */
import { add, divide, multiply, negate, ONE, type Rational, ZERO } from "./rational.ts";
import { type Atom, head, type List, refuse, type Sexpr } from "./sexpr.ts";

/** Coefficients by flat index, perhaps 0. */
export type Coefficients = ReadonlyMap<number, Rational>;

/** constant + Σ c·y + Σ d·x */
export interface Linear {
  readonly outputs: Coefficients;
  readonly inputs: Coefficients;
  readonly constant: Rational;
}

/** What the words of a file stand for. */
export interface Scope {
  /** The number that a word says; null for what says none. */
  readonly number: (word: string) => Rational | null;
  /** The variable of a name. Refuses what is not declared. */
  readonly variable: (name: Atom) => { readonly side: "inputs" | "outputs"; readonly index: number };
}

const NONE: Coefficients = new Map();

const constant = (value: Rational): Linear => ({ outputs: NONE, inputs: NONE, constant: value });

const isConstant = (a: Linear): boolean => a.outputs.size === 0 && a.inputs.size === 0;

const scaled = (terms: Coefficients, c: Rational): Coefficients => new Map([...terms].map(([i, v]) => [i, multiply(c, v)]));

const times = (c: Rational, a: Linear): Linear =>
  c.n === 0n ? constant(ZERO) : { outputs: scaled(a.outputs, c), inputs: scaled(a.inputs, c), constant: multiply(c, a.constant) };

/** Added into one map, as a sum of many terms is common. */
function sum(parts: readonly Linear[]): Linear {
  const [outputs, inputs] = [new Map<number, Rational>(), new Map<number, Rational>()];
  let total = ZERO;
  for (const part of parts) {
    for (const [into, terms] of [[outputs, part.outputs] as const, [inputs, part.inputs] as const])
      for (const [i, c] of terms) into.set(i, add(into.get(i) ?? ZERO, c));
    total = add(total, part.constant);
  }
  return { outputs, inputs, constant: total };
}

const MINUS_ONE = negate(ONE);

/** a − b − … */
export const difference = ([first, ...rest]: readonly Linear[]): Linear => sum([first!, ...rest.map((b) => times(MINUS_ONE, b))]);

const rule = (node: List, what: string, mend: string): never => refuse(node, "spec-nonlinear", what, mend);

const OPERATORS: Readonly<Record<string, (operands: readonly Linear[], node: List) => Linear>> = {
  "+": sum,
  "-": (operands) => (operands.length === 1 ? times(MINUS_ONE, operands[0]!) : difference(operands)),
  "*": (operands, node) =>
    operands.reduce((a, b) => {
      if (isConstant(a)) return times(a.constant, b);
      if (isConstant(b)) return times(b.constant, a);
      return rule(node, "a product of constants and at most one variable", "state the property with linear constraints only");
    }),
  "/": (operands, node) =>
    operands.reduce((a, b) => {
      if (!isConstant(b)) rule(node, "a division by constants", "state the property with linear constraints only");
      if (b.constant.n === 0n) rule(node, "a division by anything but 0", "correct the divisor");
      return times(divide(ONE, b.constant), a);
    }),
};

/**
 * The linear expression that `node` says: numbers, names, and + − * / of them, nested at will.
 * @throws spec-nonlinear, spec-operator, and what `scope.variable` throws
 */
export function linear(node: Sexpr, scope: Scope): Linear {
  if (node.kind === "atom") {
    const number = node.brackets ? null : scope.number(node.text);
    if (number) return constant(number);
    const { side, index } = scope.variable(node);
    return { ...constant(ZERO), [side]: new Map([[index, ONE]]) };
  }
  const word = head(node);
  const operator = word !== null && Object.hasOwn(OPERATORS, word) ? OPERATORS[word] : undefined;
  if (node.kind !== "list" || !operator || node.items.length < 2)
    return refuse(node, "spec-operator", `a number, a variable, or one of ${Object.keys(OPERATORS).join(" ")} of some`, "correct it");
  const operands = node.items.slice(1).map((item) => linear(item, scope));
  return operator(operands, node);
}
