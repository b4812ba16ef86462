/** Check a proof of `unsat` in whole numbers. What the proof chooses is used, and nothing that it claims is believed. */
import { sourcesOf } from "../net/network.ts";
import type { Region, Specification } from "../spec/specification.ts";
import { type Assumed, assuming, cutAt, type Domain, derived, halved, refuted, type Weighted, wholeOf } from "./domain.ts";
import { type Bounds, coefficient } from "./exact.ts";

type Json = Readonly<Record<string, unknown>>;

/** What it is checked against. */
export interface Claim {
  readonly specification: Specification;
  /** SHA-256 of the files. */
  readonly model: string;
  readonly property: string;
}

/** Yields the number of leaves that hold so far; returns null where the proof is one, else why it is none. */
export type Checking = Generator<number, string | null>;

export function* check(bounds: Bounds, proof: Json, { specification, model, property }: Claim): Checking {
  if (proof.semantics !== "real") return `it speaks of semantics ${text(proof.semantics)}, not of "real"`;
  if (proof.model !== model) return "it was written for another model (SHA-256)";
  if (proof.property !== property) return "it was written for another property (SHA-256)";
  const { regions } = specification;
  if (!Array.isArray(proof.regions) || proof.regions.length !== regions.length)
    return `the property has ${regions.length} regions, the proof ${Array.isArray(proof.regions) ? proof.regions.length : "none"}`;
  const checker = new Checker(bounds);
  for (const [k, region] of regions.entries()) {
    const why = yield* checker.node(
      proof.regions[k],
      { domain: wholeOf(region), region, left: region.disjuncts.map((_, d) => d) },
      `regions[${k}]`,
    );
    if (why) return why;
  }
  return null;
}

/** Splits on one way: far more than a search makes, and few enough for the stack. */
const DEEPEST = 1_000;

/** A part of a region and the disjuncts that are to be refuted there. */
interface Place {
  readonly domain: Domain;
  readonly region: Region;
  readonly left: readonly number[];
  readonly depth?: number;
}

class Checker {
  readonly #bounds: Bounds;
  /** The vertices of rectifiers, in order. */
  readonly #layers: readonly number[];
  #leaves = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.#layers = layersOf(bounds);
  }

  *node(given: unknown, place: Place, at: string): Checking {
    if (!isObject(given)) return `${at}: nothing stands there`;
    const depth = (place.depth ?? 0) + 1;
    if (depth > DEEPEST) return `it is nested more than ${DEEPEST} deep`;
    // each part stands on its own bounds, or on those of a part that holds it
    const domain = given.derive === true || place.domain.ranges === null ? derivedLate(this.#bounds, place.domain, given) : place.domain;
    const here = { ...place, domain, depth };
    const ways = ["split", "each", "leaf"].filter((way) => given[way] !== undefined);
    if (ways.length !== 1) return `${at}: expected one of split, each and leaf, got ${ways.length === 0 ? "none" : ways.join(" and ")}`;
    if (given.leaf !== undefined) {
      const why = this.#leaf(given.leaf, here, at);
      if (why === null) yield ++this.#leaves;
      return why;
    }
    if (given.each !== undefined) {
      if (!Array.isArray(given.each) || given.each.length !== here.left.length)
        return `${at}: expected a node for each of ${here.left.length} disjuncts`;
      for (const [j, d] of here.left.entries()) {
        const why = yield* this.node(given.each[j], { ...here, left: [d] }, `${at}.each[${j}]`);
        if (why) return why;
      }
      return null;
    }
    const halves = this.#split(given.split, domain);
    if (typeof halves === "string") return `${at}: ${halves}`;
    for (const [name, half] of halves) {
      const why = yield* this.node(given[name], { ...here, domain: half }, `${at}.${name}`);
      if (why) return why;
    }
    return null;
  }

  /** The two parts, which together cover the domain: both halves of a box are closed, and a number is ≥ 0 or ≤ 0. */
  #split(given: unknown, domain: Domain): readonly (readonly [string, Domain])[] | string {
    if (!isObject(given)) return "expected a split at an input or a rectifier";
    const { vertices } = this.#bounds.network;
    if (given.rectifier !== undefined) {
      const [layer, element] = Array.isArray(given.rectifier) ? given.rectifier : [];
      const vertex = isIndex(layer, this.#layers.length) ? this.#layers[layer]! : -1;
      if (vertex < 0 || !isIndex(element, vertices[vertex]!.size)) return `there is no rectifier ${text(given.rectifier)}`;
      const source = sourcesOf(vertices[vertex]!)[0]!;
      const half = (sign: 1 | -1): Domain => assuming(domain, { vertex, element, sign } satisfies Assumed, source);
      return [
        ["inactive", half(-1)],
        ["active", half(1)],
      ];
    }
    const { input, at } = given;
    if (!isIndex(input, domain.box.low.length)) return `there is no input ${text(input)}`;
    if (typeof at !== "number" || !Number.isFinite(at)) return `it splits input ${input} at ${text(at)}, which is no number`;
    const cut = cutAt(at);
    if (cut < domain.box.low[input]! || cut > domain.box.high[input]!)
      return `it splits input ${input} at ${at}, beyond the part that is split`;
    return [
      ["below", halved(domain, input, cut, "below")],
      ["above", halved(domain, input, cut, "above")],
    ];
  }

  #leaf(given: unknown, { domain, region, left }: Place, at: string): string | null {
    if (!Array.isArray(given) || given.length !== left.length) return `${at}: expected a refutation of each of ${left.length} disjuncts`;
    for (const [j, d] of left.entries()) {
      const why = this.#refutation(given[j], domain, region, d);
      if (why) return `${at}.leaf[${j}]: ${why}`;
    }
    return null;
  }

  #refutation(given: unknown, domain: Domain, { disjuncts }: Region, d: number): string | null {
    if (!isObject(given)) return "nothing stands there";
    const { rows, alpha = null, beta = null } = given;
    const disjunct = disjuncts[d]!;
    const isPair = (r: unknown) => Array.isArray(r) && r.length === 2 && isIndex(r[0], disjunct.length) && isFrom(r[1], 0, Infinity);
    if (!Array.isArray(rows) || rows.length === 0 || !rows.every(isPair))
      return `expected rows of disjunct ${d} with weights ≥ 0, got ${text(rows)}`;
    const slopes = alpha === null ? null : this.#slopes(alpha);
    if (typeof slopes === "string") return slopes;
    if (beta !== null && (!Array.isArray(beta) || beta.length !== domain.assumed.length || !beta.every((b) => isFrom(b, 0, Infinity))))
      return `expected ${domain.assumed.length} multipliers beta ≥ 0, one for each split of a rectifier`;
    const betas = (beta as readonly number[] | null)?.map((b, s) => ({ ...domain.assumed[s]!, beta: coefficient(b) })) ?? [];
    const chosen = { alpha: (k: number, i: number) => slopes?.get(k)?.[i] ?? null, betas };
    return refuted(this.#bounds, domain, disjunct, rows as Weighted, chosen) ? null : "the bound does not refute it";
  }

  #slopes(alpha: unknown): Map<number, readonly bigint[]> | string {
    if (!Array.isArray(alpha) || alpha.length > this.#layers.length) return "expected alpha to be a list for each layer of rectifiers";
    const out = new Map<number, readonly bigint[]>();
    for (const [layer, own] of alpha.entries()) {
      const vertex = this.#layers[layer]!;
      if (!Array.isArray(own) || (own.length !== 0 && own.length !== this.#bounds.network.vertices[vertex]!.size))
        return `expected a slope for each element of layer ${layer}, or none`;
      const wrong = own.find((a) => !isFrom(a, 0, 1));
      if (wrong !== undefined) return `expected slopes from 0 to 1, got ${text(wrong)}`;
      out.set(vertex, own.map(coefficient));
    }
    return out;
  }
}

/** Bounds are wanted where somebody stands on them: not of what is split at an input without asking for them. */
const derivedLate = (bounds: Bounds, domain: Domain, given: Json): Domain =>
  given.derive !== true && isObject(given.split) && given.split.input !== undefined ? domain : derived(bounds, domain);

/** The vertices of rectifiers, in order. */
export const layersOf = ({ network: { vertices } }: Bounds): number[] => vertices.flatMap((v, k) => (v.kind === "rectifier" ? [k] : []));

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isIndex = (value: unknown, below: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < below;
const isFrom = (value: unknown, least: number, most: number): boolean =>
  typeof value === "number" && Number.isFinite(value) && value >= least && value <= most;

function text(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? "nothing").slice(0, 60);
  } catch {
    // deeper than the stack
    return "a nest";
  }
}
