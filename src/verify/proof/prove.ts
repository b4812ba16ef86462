/** Search for a proof of `unsat` that the checker accepts: plain splits, bounds in float64 to find it, and the checker's own arithmetic for each leaf. */
import type { RegionSearch, Searching } from "../search/decide.ts";
import type { Region, Specification } from "../spec/specification.ts";
import type { Domain } from "./domain.ts";
import { refuted } from "./domain.ts";
import { type Bounds, coefficient } from "./exact.ts";
import type { Node, Refutation } from "./proof.ts";
import { proveByInputs } from "./prove-inputs.ts";
import { proveByRectifiers } from "./prove-rectifiers.ts";

export type Ended = "sat" | "timeout" | { readonly unknown: string };

/** What provers of a region are given. */
export interface Proving extends Searching {
  readonly bounds: Bounds;
  readonly spec: Region;
  /** `performance.now()` at which they stop. */
  readonly until: number;
}

/** A node whose place in the tree stands, and what is under it not yet. */
export type Growing = { -readonly [key in "derive" | "split" | "below" | "above" | "inactive" | "active" | "each" | "leaf"]?: unknown };

export class Prover implements RegionSearch {
  readonly words: string;
  readonly #bounds: Bounds;
  readonly #specification: Specification;
  readonly #split: "input" | "rectifier";
  readonly #until: number;
  /** A tree for each region that is refuted. */
  readonly regions: Node[] = [];

  constructor(bounds: Bounds, specification: Specification, split: "input" | "rectifier", until = Number.POSITIVE_INFINITY) {
    this.#bounds = bounds;
    this.#specification = specification;
    this.#split = split;
    this.#until = until;
    this.words = `splits at ${split === "input" ? "inputs" : "rectifiers"} that can be checked in exact arithmetic`;
  }

  async region(searching: Searching): Promise<Ended | null> {
    const spec = this.#specification.regions[searching.region]!;
    const proving: Proving = { ...searching, bounds: this.#bounds, spec, until: this.#until };
    const tree = await (this.#split === "input" ? proveByInputs : proveByRectifiers)(proving);
    if (typeof tree === "string" || "unknown" in tree) return tree;
    this.regions[searching.region] = tree as Node;
    return null;
  }
}

/** Whether the checker accepts a refutation as it will stand in the file. */
export function accepted(
  bounds: Bounds,
  domain: Domain,
  { disjuncts }: Region,
  d: number,
  { rows, alpha, beta }: Refutation,
  layers: readonly number[],
): boolean {
  const slopes = alpha && new Map(alpha.map((own, layer) => [layers[layer]!, own]));
  const chosen = {
    alpha: (k: number, i: number) => {
      const own = slopes?.get(k)?.[i];
      return own === undefined ? null : coefficient(own);
    },
    betas: beta?.map((b, s) => ({ ...domain.assumed[s]!, beta: coefficient(b) })) ?? [],
  };
  return refuted(bounds, domain, disjuncts[d]!, rows, chosen);
}
