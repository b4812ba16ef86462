import { fold, normal, uniform } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { boxOf, legalise } from "./domain.ts";
import { copied, eachRow, row } from "./iterate.ts";
import { Questions, wins } from "./questions.ts";
import { distanceOf, type StartOptions, startingPoints, toBoundary } from "./starting-point.ts";

export interface HopSkipJumpOptions extends StartOptions {
  /** Questions for each sample; default 25,000, as in the paper. */
  readonly queries?: number;
  /** Points of the first estimate, B₀; default 100. Estimate t takes B₀·√t. */
  readonly firstEstimate?: number;
  /** Most points of an estimate; default 10,000. */
  readonly largestEstimate?: number;
}

/** Questions kept for the step and the search that follow an estimate. */
const RESERVE = 40;

/**
 * HopSkipJump. Chen, Jordan & Wainwright 2019, arXiv:1904.02144, Algorithm 2: from a point at the boundary estimate its normal by labels alone,
 * v = mean (φ − φ̄)·u over random u, φ = ±1, step ξ·v with ξ = ‖x_t − x‖/√t halved until it wins, and search back to the boundary towards x.
 * Norms: L2, L∞ (steps along the sign; noise from the cube). Asks for labels; targeted with `starts` of the class, or where random points are of it.
 */
export const hopSkipJump = ({
  queries = 25_000,
  firstEstimate = 100,
  largestEstimate = 10_000,
  ...start
}: HopSkipJumpOptions = {}): Attack<"labels"> => ({
  name: "hop-skip-jump",
  access: "labels",
  kind: "minimal",
  norms: ["l2", "linf"],
  targets: true,
  async run(victim, batch, threat) {
    const { x, keys } = batch;
    const { norm, domain } = threat;
    const cube = norm.name === "linf";
    const d = Math.max(
      domain.free.reduce((s, f) => s + f, 0),
      1,
    );
    // how near to the boundary a search ends, and how far around it points are drawn, as shares of the distance
    const tolerance = cube ? d ** -2 : d ** -1.5;
    const radius = (cube ? d : Math.sqrt(d)) * tolerance;
    const questions = new Questions(x, queries, wins(victim, batch, threat));
    const best = await startingPoints(questions, batch, threat, start);
    const z = copied(best.x);
    const search = (samples: readonly number[]) => toBoundary(questions, samples, { x, z, best, tolerance }, threat);
    await search(questions.open((i) => !best.won[i]));
    for (let t = 1; ; t++) {
      const open = questions.open((i) => !best.won[i]);
      if (open.length === 0) return [best.x];
      const distance = new Map(open.map((i) => [i, distanceOf(norm, row(z, i), row(x, i))]));
      const many = (i: number) =>
        Math.max(Math.min(Math.floor(firstEstimate * Math.sqrt(t)), largestEstimate, questions.left[i]! - RESERVE), 1);
      // v·B = Σφu − φ̄ Σu
      const [signed, plain] = [eachRow(x, () => {}), eachRow(x, () => {})];
      const votes = new Map(open.map((i) => [i, { sum: 0, count: 0 }]));
      await questions.put(
        open,
        many,
        (out, i, j) => {
          const at = row(z, i);
          const { low, high } = boxOf(domain, row(x, i));
          const key = fold(fold(keys[i]!, t), j);
          const u = cube ? uniform(key, out.length, -1, 1) : normal(key, out.length);
          let length = 0;
          for (let k = 0; k < u.length; k++) length += domain.free[k] ? u[k]! ** 2 : 0;
          const delta = (radius * distance.get(i)!) / (Math.sqrt(length) || 1);
          for (let k = 0; k < out.length; k++) out[k] = Math.min(Math.max(at[k]! + delta * u[k]!, low[k]!), high[k]!);
        },
        (won, i, _, point) => {
          const [s, p, at, vote] = [row(signed, i), row(plain, i), row(z, i), votes.get(i)!];
          vote.sum += won ? 1 : -1;
          vote.count++;
          for (let k = 0; k < s.length; k++) {
            const u = point[k]! - at[k]!;
            s[k] = s[k]! + (won ? u : -u);
            p[k] = p[k]! + u;
          }
        },
      );
      const normals = eachRow(x, (v, i) => {
        const vote = votes.get(i);
        if (!vote) return;
        const mean = vote.sum / vote.count;
        const even = Math.abs(mean) === 1 ? 0 : mean;
        const raw = row(signed, i).map((s, k) => s - even * row(plain, i)[k]!);
        norm.steepest(raw, v);
      });
      const moved: number[] = [];
      let stepping = open;
      for (let length = 1 / Math.sqrt(t); stepping.length > 0 && length > 1e-8; length /= 2) {
        const short: number[] = [];
        await questions.put(
          stepping,
          1,
          (out, i) => {
            const [at, v] = [row(z, i), row(normals, i)];
            for (let k = 0; k < out.length; k++) out[k] = at[k]! + length * distance.get(i)! * v[k]!;
            legalise(out, row(x, i), norm, Number.POSITIVE_INFINITY, domain);
          },
          (won, i, _, point) => {
            if (!won) short.push(i);
            else {
              row(z, i).set(point);
              moved.push(i);
            }
          },
        );
        stepping = short.filter((i) => questions.left[i]! > 0);
      }
      await search(moved);
    }
  },
});
