/** Counterexamples as the competition of verifiers exchanges them: ((X_0 0.5) (X_1 -1) … (Y_0 3.25) …). */
import { fail } from "../../base/index.ts";
import { parse } from "./rational.ts";
import { toFloat64 } from "./rounding.ts";
import { parseSexprs, refuse, type Sexpr } from "./sexpr.ts";

export interface Counterexample {
  readonly x: Float64Array;
  /** null where the file leaves the outputs out. */
  readonly y: Float64Array | null;
}

/**
 * A number that reads back as the same float64, so also as the same float32.
 * @throws counterexample-finite
 */
export function written(v: number): string {
  if (!Number.isFinite(v))
    fail({ code: "counterexample-finite", expected: "finite numbers in a counterexample", got: `${v}`, mend: "keep it out" });
  return Object.is(v, -0) ? "-0" : `${v}`;
}

/**
 * One line a value.
 * @param x [inputs], y [outputs]
 * @throws counterexample-finite
 */
export function writeCounterexample(x: ArrayLike<number>, y: ArrayLike<number>): string {
  const of = (letter: string, values: ArrayLike<number>) => Array.from(values, (v, i) => `(${letter}_${i} ${written(v)})`);
  return `(${[...of("X", x), ...of("Y", y)].join("\n")})`;
}

/**
 * Read what {@link writeCounterexample} or another verifier has written, also with its verdict in front (`sat`, once `violated`).
 * @param sizes of the network: elements of all inputs, and of all outputs
 * @param name of the file, for errors
 * @throws spec-syntax, counterexample
 */
export function readCounterexample(
  text: string,
  sizes: { readonly inputs: number; readonly outputs: number },
  name: string,
): Counterexample {
  const forms = parseSexprs({ name, text });
  const [first] = forms;
  const list = first?.kind === "atom" && /^(sat|violated)$/.test(first.text) ? forms.slice(1) : forms;
  const [values] = list;
  if (values?.kind !== "list" || list.length !== 1)
    return wrong("one list like ((X_0 0.5) (Y_0 1))", values ? `${list.length} expressions` : "none", name);
  const x = new Map<number, number>();
  const y = new Map<number, number>();
  for (const item of values.items) {
    const { letter, index, value } = pair(item);
    const into = letter === "X" ? x : y;
    if (into.has(index)) refuse(item, "counterexample", "each variable once", "delete one of the two");
    into.set(index, value);
  }
  return {
    x: filled("X", x, sizes.inputs, name),
    y: y.size > 0 ? filled("Y", y, sizes.outputs, name) : null,
  };
}

const wrong = (expected: string, got: string, name: string): never =>
  fail({ code: "counterexample", expected, got: `${got} in ${name}`, mend: "take the counterexample that belongs to this network" });

function pair(item: Sexpr): { readonly letter: string; readonly index: number; readonly value: number } {
  const [variable, number, ...more] = item.kind === "list" ? item.items : [];
  const [, letter, digits] = (variable?.kind === "atom" && /^([XY])_(\d+)$/.exec(variable.text)) || [];
  const value = number?.kind === "atom" ? numberOf(number.text) : null;
  if (letter === undefined || value === null || more.length > 0)
    return refuse(item, "counterexample", "a variable and its number, like (X_0 0.5)", "correct it");
  return { letter, index: Number(digits), value };
}

/** The float64 nearest to a decimal; null where it is none. */
export function numberOf(text: string): number | null {
  const r = parse(text);
  return r === null ? null : r.n === 0n && text.startsWith("-") ? -0 : toFloat64(r);
}

function filled(letter: string, values: ReadonlyMap<number, number>, count: number, name: string): Float64Array {
  for (let i = 0; i < count; i++) if (!values.has(i)) wrong(`${letter}_0 to ${letter}_${count - 1}`, `no ${letter}_${i}`, name);
  for (const i of values.keys()) if (i >= count) wrong(`${letter}_0 to ${letter}_${count - 1}`, `${letter}_${i}`, name);
  return Float64Array.from({ length: count }, (_, i) => values.get(i)!);
}
