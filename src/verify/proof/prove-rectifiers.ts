/** Proofs for many inputs: rectifiers are split, over bounds that are derived once for the region; slopes and multipliers are found by ascent. */
import { ascend } from "../bound/ascent.ts";
import { Backward, halfSpaceOf } from "../bound/backward.ts";
import { minimiser } from "../bound/concretize.ts";
import type { HalfSpace } from "../bound/cuts.ts";
import { type Enclosure, emptyEnclosure, encloseVertex, intersect } from "../bound/enclosure.ts";
import { type Places, placesOf, type Split } from "../bound/multipliers.ts";
import { domainOf, type Relaxation } from "../bound/relaxation.ts";
import { Tightener } from "../bound/tighten.ts";
import { sourcesOf } from "../net/network.ts";
import { native } from "../net/products.ts";
import { widestAxis } from "../search/axis.ts";
import { type Choice, chosenSplits } from "../search/branching.ts";
import type { Box } from "../search/falsify.ts";
import { layersOf } from "./check.ts";
import { assuming, cutAt, type Domain, deriving, halved, wholeOf } from "./domain.ts";
import { type Bounds, VALUE } from "./exact.ts";
import { accepted, type Ended, type Growing, type Proving } from "./proving.ts";

interface Open {
  readonly disjunct: number;
  readonly box: Box;
  readonly domain: Domain;
  readonly node: Growing;
  readonly splits: readonly Split[];
  readonly alphas: readonly Float64Array[];
  readonly betas: readonly Float64Array[];
  readonly missing: number;
}

const BATCH = 8;
const STEPS = { root: 60, node: 16 };
const CLEAR = 1e-6;

export async function proveByRectifiers({ goal, root, spec, bounds, tried, late, clock }: Proving): Promise<Growing | Ended> {
  const back = new Backward(goal.network, native(), clock);
  try {
    const tightener = new Tightener(back);
    const { vertices } = goal.network;
    const last = vertices.length - 1;
    const layers = layersOf(bounds);
    if (await late({ parts: 0, open: 1, missing: Number.POSITIVE_INFINITY })) return "timeout";
    const whole = await clock.along(deriving(bounds, wholeOf(spec)));
    const enclosure = floating(bounds, goal.network, root, whole);
    const over = ({ low, high }: Box, splits: readonly Split[]): Promise<Relaxation | null> =>
      tightener.enclose(low, high, { inherited: enclosure, splits, sameBox: true, backward: false });
    const lines = (await over(root, []))!;
    const places = placesOf(goal.network, lines, last);
    const start = Float64Array.from(places.elements.flatMap((elements, k) => Array.from(elements, (i) => lines.below[k]![i]!)));
    const each: Growing[] = goal.disjuncts.map(() => ({}));
    const open: Open[] = goal.disjuncts.map((rows, disjunct) => ({
      disjunct,
      box: root,
      domain: whole,
      node: each[disjunct]!,
      splits: [],
      alphas: rows.map(() => start),
      betas: rows.map(() => new Float64Array(0)),
      missing: Number.POSITIVE_INFINITY,
    }));
    let parts = 0;
    while (open.length > 0) {
      if (await late({ parts, open: open.length, missing: open.at(-1)!.missing })) return "timeout";
      const some = open.splice(-BATCH);
      parts += some.length;
      const looked = await look(some);
      if (looked) return looked;
    }
    return { derive: true, each };

    async function look(some: readonly Open[]): Promise<Ended | null> {
      const here = await Promise.all(some.map(async (part) => ({ part, lines: await over(part.box, part.splits) })));
      const all: { part: Open; lines: Relaxation; j: number; row: number }[] = [];
      for (const { part, lines: own } of here) {
        const rows = goal.disjuncts[part.disjunct]!;
        // what is assumed holds nowhere: any row says so
        if (part.domain.isEmpty || !own) {
          if (!part.domain.isEmpty) return { unknown: "float64 says of a part that it is empty, and exact arithmetic does not" };
          part.node.leaf = [{ rows: [[0, 1]] }];
        } else for (const [j, row] of rows.entries()) all.push({ part, lines: own, j, row });
      }
      if (all.length === 0) return null;
      const objective = new Float64Array(all.length * goal.rows);
      const alphas = new Float64Array(all.length * places.count);
      all.forEach(({ part, j, row }, r) => {
        objective[r * goal.rows + row] = 1;
        alphas.set(part.alphas[j]!, r * places.count);
      });
      const steps = some[0]!.splits.length === 0 ? STEPS.root : STEPS.node;
      const found = await ascend(
        back,
        last,
        objective,
        all.map((one) => one.lines),
        places,
        alphas,
        all.map(({ part }) => part.splits),
        all.map(({ part, j }) => part.betas[j]!),
        { steps, enough: CLEAR },
      );
      const alphasOf = (r: number) => found.alphas.slice(r * places.count, (r + 1) * places.count);
      const left: (Choice & { readonly part: Open; readonly own: readonly number[] })[] = [];
      for (const part of new Set(all.map((one) => one.part))) {
        const own = all.flatMap((one, r) => (one.part === part ? [r] : []));
        const best = own.reduce((a, r) => (found.least[r]! > found.least[a]! ? r : a), own[0]!);
        const one = all[best]!;
        if (found.least[best]! > 0) {
          const refutation = {
            rows: [[one.j, 1] as const],
            alpha: layers.map((k) => slopesOf(places, k, vertices[k]!.size, alphasOf(best))),
            ...(part.splits.length > 0 && { beta: Array.from(found.betas[best]!, (b) => Number(b.toPrecision(5))) }),
          };
          if (accepted(bounds, part.domain, spec, part.disjunct, refutation, layers)) {
            part.node.leaf = [refutation];
            continue;
          }
        }
        left.push({
          part,
          own,
          bounded: [{ row: best, least: found.least[best]!, alphas: alphasOf(best), betas: found.betas[best]! }],
          lines: one.lines,
          splits: part.splits,
        });
      }
      const chosen = await chosenSplits(back, last, objective, goal.rows, places, found.last.passed, left);
      const next: Open[] = [];
      for (const [c, { part, own, lines: ownLines, bounded }] of left.entries()) {
        const missing = -bounded[0]!.least;
        for (const r of own) if (await tried(minimiser(halfSpaceOf(found.last, r).g, domainOf(ownLines)))) return "sat";
        const split = chosen[c];
        if (!split) {
          // all is linear, and multipliers were not found in so few steps: half a box needs less of them
          const halves = cutInTwo(
            part,
            own.map((r) => halfSpaceOf(found.last, r)),
            { alphas: own.map(alphasOf), betas: own.map((r) => found.betas[r]!) },
          );
          if (!halves) return { unknown: "a part that cannot be split is nearer to the border than a proof tells" };
          next.push(...halves.map((h) => ({ ...h, missing })));
          continue;
        }
        const { vertex, element } = split;
        const source = sourcesOf(vertices[vertex]!)[0]!;
        const half = (sign: 1 | -1, node: Growing): Open => ({
          ...part,
          node,
          domain: assuming(part.domain, { vertex, element, sign }, source),
          splits: [...part.splits, { vertex, element, sign }],
          alphas: own.map(alphasOf),
          betas: own.map((r) => Float64Array.of(...found.betas[r]!, 0)),
          missing,
        });
        const [inactive, active]: [Growing, Growing] = [{}, {}];
        Object.assign(part.node, { split: { rectifier: [layers.indexOf(vertex), element] }, inactive, active });
        next.push(half(1, active), half(-1, inactive));
      }
      open.push(...next);
      return null;
    }
  } finally {
    await back.products.release();
  }
}

/** Halve a part's box where its rows depend on it most; null where float64 has no middle. */
function cutInTwo(part: Open, rows: readonly HalfSpace[], multipliers: Pick<Open, "alphas" | "betas">): Open[] | null {
  const { low, high } = part.box;
  const input = widestAxis(rows, part.box);
  const at = low[input]! + 0.5 * (high[input]! - low[input]!);
  if (!(at > low[input]! && at < high[input]!)) return null;
  const [below, above]: [Growing, Growing] = [{}, {}];
  Object.assign(part.node, { split: { input, at }, below, above });
  const cut = cutAt(at);
  return [
    { ...part, ...multipliers, node: above, box: { low: low.with(input, at), high }, domain: halved(part.domain, input, cut, "above") },
    { ...part, ...multipliers, node: below, box: { low, high: high.with(input, at) }, domain: halved(part.domain, input, cut, "below") },
  ];
}

/** Slopes of all elements of a layer, to three digits: any will do. */
function slopesOf({ elements, starts }: Places, k: number, size: number, alphas: Float64Array): number[] {
  const out = new Array<number>(size).fill(0);
  elements[k]!.forEach((i, u) => {
    out[i] = Math.round(1000 * alphas[starts[k]! + u]!) / 1000;
  });
  return out;
}

/** Exact bounds as the search's: outward, with what else it needs to know of each vertex. */
function floating(bounds: Bounds, network: Proving["goal"]["network"], root: Box, { ranges }: Domain): Enclosure {
  const all = emptyEnclosure(network);
  all.low[0]!.set(root.low);
  all.high[0]!.set(root.high);
  const number = (n: bigint, sign: 1 | -1) => {
    const x = Number(n) * 2 ** -VALUE;
    return x + sign * (Math.abs(x) * 2 ** -50 + 2 ** -VALUE);
  };
  for (let k = 1; k < network.vertices.length; k++) {
    encloseVertex(network, k, all);
    if (k >= bounds.network.vertices.length) continue;
    const { low, high } = ranges![k]!;
    const place = (v: bigint[], sign: 1 | -1) => Object.assign([] as Float64Array[], { [k]: Float64Array.from(v, (n) => number(n, sign)) });
    intersect(k, all, { low: place(low, -1), high: place(high, 1), reach: [] });
  }
  return all;
}
