/** What a file of specification says: the names and shapes that it declares, and the specification over their flattened elements. */
import { type Shape, size } from "../../base/index.ts";
import type { Specification } from "./specification.ts";

/** A declared tensor; elements are counted row-major. */
export interface Variable {
  readonly name: string;
  /** As written: `Real`, `float32`, … */
  readonly type: string;
  readonly shape: Shape;
}

export interface Query {
  /** `"vnnlib 1"`, `"vnnlib 2.0"` (any 2.x), `"json"`, or `"sample"`. */
  readonly format: string;
  /** The network's name in the file; null where it has none. */
  readonly network: string | null;
  /** In the order of the network's own inputs and outputs: the specification counts through one after the other. */
  readonly inputs: readonly Variable[];
  readonly outputs: readonly Variable[];
  readonly specification: Specification;
}

/** Elements of all of them together. */
export const elements = (variables: readonly Variable[]): number => variables.reduce((n, { shape }) => n + size(shape), 0);

/** `X[1,0]` from the flat index of an element. */
export function elementName(variables: readonly Variable[], index: number): string {
  let rest = index;
  for (const { name, shape } of variables) {
    const n = size(shape);
    if (rest >= n) {
      rest -= n;
      continue;
    }
    const at: number[] = [];
    for (const d of shape.toReversed()) {
      at.unshift(rest % d);
      rest = Math.floor(rest / d);
    }
    return shape.length > 0 ? `${name}[${at}]` : name;
  }
  return `element ${index}`;
}
