/** Proofs for few inputs: boxes are halved until the bound of each, from nothing but itself, refutes every disjunct. */
import { Backward, halfSpaceOf } from "../bound/backward.ts";
import { minimiser } from "../bound/concretize.ts";
import { Tightener } from "../bound/tighten.ts";
import { widestAxis } from "../search/axis.ts";
import { type Box, descending } from "../search/falsify.ts";
import { cutAt, type Domain, deriving, halved, wholeOf } from "./domain.ts";
import { accepted, type Ended, type Growing, type Proving } from "./proving.ts";

interface Open {
  readonly box: Box;
  readonly domain: Domain;
  readonly node: Growing;
  readonly missing: number;
}

/** Bounds in float64 that are nearer to 0 are not worth the checker's time. */
const CLEAR = 1e-9;
/** Boxes between two descents. */
const DESCEND_EVERY = 16;

export async function proveByInputs({ goal, root, spec, bounds, tried, late, clock }: Proving): Promise<Growing | Ended> {
  const back = new Backward(goal.network, undefined, clock);
  const tightener = new Tightener(back);
  const last = goal.network.vertices.length - 1;
  const rows = new Float64Array(goal.rows ** 2);
  for (let r = 0; r < goal.rows; r++) rows[r * goal.rows + r] = 1;
  const top: Growing = {};
  const open: Open[] = [{ box: root, domain: wholeOf(spec), node: top, missing: Number.POSITIVE_INFINITY }];
  for (let parts = 1; open.length > 0; parts++) {
    const { box, domain, node, missing: before } = open.pop()!;
    if (await late({ parts, open: open.length, missing: before })) return "timeout";
    const lines = (await tightener.enclose(box.low, box.high))!;
    const found = await back.bound(last, rows, goal.rows, lines);
    const best = goal.disjuncts.map((d) => d.reduce((a, _, j) => (found.least[d[j]!]! > found.least[d[a]!]! ? j : a), 0));
    const missing = Math.max(...goal.disjuncts.map((d, k) => -found.least[d[best[k]!]!]!));
    if (missing < -CLEAR) {
      const own = await clock.along(deriving(bounds, domain));
      const leaf = best.map((j) => ({ rows: [[j, 1] as const] }));
      if (leaf.every((refutation, d) => accepted(bounds, own, spec, d, refutation, []))) {
        node.derive = true;
        node.leaf = leaf;
        continue;
      }
    }
    const hardest = goal.disjuncts.flatMap((d, k) => (found.least[d[best[k]!]!]! > CLEAR ? [] : [d[best[k]!]!]));
    const halves = (hardest.length > 0 ? hardest : goal.disjuncts.map((d, k) => d[best[k]!]!)).map((r) => halfSpaceOf(found, r));
    const points = halves.map(({ g }) => minimiser(g, { ...box, ball: goal.ball }));
    if (parts % DESCEND_EVERY === 1)
      points.push((await clock.along(descending(goal, box, points[0]!, 20, parts % (2 * DESCEND_EVERY) === 1 ? 0 : 0.1))).x);
    for (const x of points) if (await tried(x)) return "sat";
    const input = widestAxis(halves, box);
    const at = box.low[input]! + 0.5 * (box.high[input]! - box.low[input]!);
    if (!(at > box.low[input]! && at < box.high[input]!))
      return {
        unknown: "a part that cannot be split is nearer to the border than a proof tells, and holds no counterexample that was found",
      };
    const [below, above]: [Growing, Growing] = [{}, {}];
    Object.assign(node, { split: { input, at }, below, above });
    const cut = cutAt(at);
    const end = (side: "low" | "high"): Box => ({ ...box, [side]: box[side].with(input, at) });
    open.push({ box: end("low"), domain: halved(domain, input, cut, "above"), node: above, missing });
    open.push({ box: end("high"), domain: halved(domain, input, cut, "below"), node: below, missing });
  }
  return top;
}
