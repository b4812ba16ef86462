/** Search for a proof of `unsat` that the checker accepts: plain splits, bounds in float64 to find it, and the checker's own arithmetic for each leaf. */
import type { RegionSearch, Searching } from "../search/decide.ts";
import type { Specification } from "../spec/specification.ts";
import type { Bounds } from "./exact.ts";
import type { Node } from "./proof.ts";
import { proveByInputs } from "./prove-inputs.ts";
import { proveByRectifiers } from "./prove-rectifiers.ts";
import type { Ended, Proving } from "./proving.ts";

export class Prover implements RegionSearch {
  readonly words: string;
  readonly #bounds: Bounds;
  readonly #specification: Specification;
  readonly #split: "input" | "rectifier";
  /** A tree for each region that is refuted. */
  readonly regions: Node[] = [];

  constructor(bounds: Bounds, specification: Specification, split: "input" | "rectifier") {
    this.#bounds = bounds;
    this.#specification = specification;
    this.#split = split;
    this.words = `splits at ${split === "input" ? "inputs" : "rectifiers"} that can be checked in exact arithmetic`;
  }

  async region(searching: Searching): Promise<Ended | null> {
    const spec = this.#specification.regions[searching.region]!;
    const proving: Proving = { ...searching, bounds: this.#bounds, spec };
    const tree = await (this.#split === "input" ? proveByInputs : proveByRectifiers)(proving);
    if (typeof tree === "string" || "unknown" in tree) return tree;
    this.regions[searching.region] = tree as Node;
    return null;
  }
}
