/** What provers of a region have in common: what they are given, the tree that they grow, and the checker's word on a leaf. */
import type { Searching } from "../search/decide.ts";
import type { Region } from "../spec/specification.ts";
import { type Domain, refuted } from "./domain.ts";
import { type Bounds, coefficient } from "./exact.ts";
import type { Refutation } from "./proof.ts";

export type Ended = "sat" | "timeout" | { readonly unknown: string };

/** What provers of a region are given. */
export interface Proving extends Searching {
  readonly bounds: Bounds;
  readonly spec: Region;
}

/** A node whose place in the tree stands, and what is under it not yet. */
export type Growing = { -readonly [key in "derive" | "split" | "below" | "above" | "inactive" | "active" | "each" | "leaf"]?: unknown };

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
