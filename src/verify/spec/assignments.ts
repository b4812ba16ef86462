/**
 * Counterexamples as VNN-LIB 2.x has them: of each variable a line with its name, type and shape, then its elements, one a line,
 * row-major. VNN-LIB standard, chapter “Command-line Interface”, “Command-line assignment format” (April 2026).
 */
import { fail, size } from "../../base/index.ts";
import { type Counterexample, numberOf, written } from "./counterexample.ts";
import { elements, type Query, type Variable } from "./query.ts";
import { sameCount } from "./specification.ts";

type Declared = Pick<Query, "inputs" | "outputs">;

/**
 * The assignment of all inputs and outputs, in their order. Hidden variables are left out: no constraint may mention them here.
 * @param x all inputs, one after the other; y all outputs
 * @throws spec-size, counterexample-finite
 */
export function writeAssignments({ inputs, outputs }: Declared, x: ArrayLike<number>, y: ArrayLike<number>): string {
  sameCount("inputs", elements(inputs), x.length);
  sameCount("outputs", elements(outputs), y.length);
  return `${[...blocks(inputs, x), ...blocks(outputs, y)].join("\n")}\n`;
}

function blocks(variables: readonly Variable[], values: ArrayLike<number>): string[] {
  let at = 0;
  return variables.flatMap(({ name, type, shape }) => {
    const own = Array.from({ length: size(shape) }, () => written(values[at++]!));
    return [`${name} ${type} [${shape}]`, ...own];
  });
}

const HEADER = /^([A-Za-z][A-Za-z0-9_]*)\s+(\S+)\s+\[([\d,\s]*)\]$/;

/**
 * Read what {@link writeAssignments} or another verifier has written, also with its `sat` in front. Variables that are neither
 * inputs nor outputs, such as hidden ones, are passed over; their types are not compared, as verifiers differ there.
 * @param name of the file, for errors
 * @throws assignments with the line
 */
export function readAssignments(text: string, { inputs, outputs }: Declared, name: string): Counterexample {
  const lines = text.split(/\r\n|\n/).map((line) => line.trim());
  const found = new Map<string, { readonly shape: string; readonly values: number[] }>();
  let values: number[] | null = null;
  for (const [i, line] of lines.entries()) {
    if (line === "" || (line === "sat" && values === null)) continue;
    const wrong = (expected: string): never => refuse(expected, `“${line}” at ${name}:${i + 1}`);
    const [, variable, , dimensions] = HEADER.exec(line) ?? [];
    if (variable !== undefined) {
      if (found.has(variable)) wrong("each variable once");
      values = [];
      found.set(variable, { shape: `[${dimensions!.replace(/\s/g, "")}]`, values });
    } else (values ?? wrong("a line like X float32 [1,5]")).push(numberOf(line) ?? wrong("a number, or a line like X float32 [1,5]"));
  }
  const all = (variables: readonly Variable[]): Float64Array =>
    Float64Array.from(
      variables.flatMap(({ name: variable, shape }) => {
        const own = found.get(variable);
        const expected = `${variable} of shape [${shape}], with ${size(shape)} numbers`;
        if (own?.shape !== `[${shape}]` || own.values.length !== size(shape))
          return refuse(expected, `${own ? `${own.values.length} numbers of shape ${own.shape}` : "none"} in ${name}`);
        return own.values;
      }),
    );
  return { x: all(inputs), y: outputs.some(({ name: variable }) => found.has(variable)) ? all(outputs) : null };
}

const refuse = (expected: string, got: string): never =>
  fail({ code: "assignments", expected, got, mend: "take the assignments that belong to this query" });
