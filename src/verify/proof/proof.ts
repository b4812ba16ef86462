/** A proof of `unsat` as a file: how each region is split until nothing is left, and what was chosen at each end. */
import { fail } from "../../base/index.ts";

export const FORMAT = "counterfoil-proof-1";

/** How one disjunct is refuted. Numbers are any numbers: what is chosen may change how much is proven, and never whether it holds. */
export interface Refutation {
  /** Rows of the disjunct and their weights ≥ 0: of counterexamples each row is ≤ 0, and so is the weighted sum. */
  readonly rows: readonly (readonly [row: number, weight: number])[];
  /** By rectifiers' layer and element: slopes from 0 to 1 of the lines below those that are open. Left out: the checker's own choice. */
  readonly alpha?: readonly (readonly number[])[];
  /** Multipliers ≥ 0, one for each split of a rectifier on the way here. */
  readonly beta?: readonly number[];
}

/** What a node does once its bounds stand. `derive` asks for bounds of this part's own: without it those of the part it was split from stay. */
export type Node = { readonly derive?: true } & (
  | { readonly split: { readonly input: number; readonly at: number }; readonly below: Node; readonly above: Node }
  | { readonly split: { readonly rectifier: readonly [layer: number, element: number] }; readonly inactive: Node; readonly active: Node }
  /** A node for each disjunct that is left. */
  | { readonly each: readonly Node[] }
  /** One for each disjunct that is left. */
  | { readonly leaf: readonly Refutation[] }
);

export interface Proof {
  readonly format: typeof FORMAT;
  /** SHA-256 of the model and of the property, as files. */
  readonly model: string;
  readonly property: string;
  /** The network that the file describes, in exact arithmetic. */
  readonly semantics: "real";
  /** One tree for each region of the specification. */
  readonly regions: readonly Node[];
}

/**
 * The JSON of a proof's file. What it states is for the checker to judge.
 * @throws proof-file
 */
export function readProof(text: string, name: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return fail({
      code: "proof-file",
      expected: `JSON in ${name}`,
      got: cause instanceof Error ? cause.message : `${cause}`,
      mend: "pass a file that verify --proof has written",
      cause,
    });
  }
  const format = (json as { readonly format?: unknown } | null)?.format;
  if (format !== FORMAT)
    fail({
      code: "proof-file",
      expected: `a proof of format ${FORMAT} in ${name}`,
      got: `format ${JSON.stringify(format) ?? "none"}`,
      mend: "pass a file that verify --proof has written",
    });
  return json as Readonly<Record<string, unknown>>;
}
