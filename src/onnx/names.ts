/** The file's names and what they stand for. */
import { fail } from "../base/index.ts";
import type { Value } from "../graph/index.ts";

/** Each name is given once, and before it is read. A branch sees the names around it. */
export class Names {
  readonly #values = new Map<string, Value>();
  /** Outputs that the operator's record does not compute, by their giver: harmless until something reads them. */
  readonly #absent = new Map<string, string>();
  readonly #around: Names | null;

  constructor(around: Names | null = null) {
    this.#around = around;
  }

  place(name: string, value: Value | undefined, giver: string): void {
    if (this.#values.has(name) || this.#absent.has(name))
      fail({
        code: "onnx-duplicate",
        expected: "each name to be given to one value",
        got: `"${name}" given again by ${giver}`,
        mend: "export the model again: it is damaged",
      });
    if (value) this.#values.set(name, value);
    else this.#absent.set(name, giver);
  }

  find(name: string, reader: string): Value {
    const giver = this.#absent.get(name);
    if (giver)
      fail({
        code: "operator-output",
        expected: "only outputs that docs/operators.md lists to be read",
        got: `"${name}" of ${giver}, a further output of that operator, read by ${reader}`,
        mend: "export the model without it (a dropout mask and saved statistics are for training), or cut it off (onnx.utils.extract_model)",
      });
    const value = this.#values.get(name);
    if (value) return value;
    if (this.#around) return this.#around.find(name, reader);
    return fail({
      code: "onnx-dangling",
      expected: `a value "${name}" before ${reader}, which reads it`,
      got: "none",
      mend: "export the model again: it is damaged, or its nodes are out of order",
    });
  }
}
