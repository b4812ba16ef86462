import { fold, normal } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { estimate } from "./gradient-estimate.ts";
import { Best, copied, row, stepRow } from "./iterate.ts";
import { margins, Questions } from "./questions.ts";

export interface NesOptions {
  /** Questions for each sample; default 10,000. */
  readonly queries?: number;
  /** Points of one estimate, an even number; default 50. */
  readonly samples?: number;
  /** Standard deviation of the search, as a share of each feature's range; default 0.001. */
  readonly sigma?: number;
  /** First step length as a share of ε; default 0.2. It halves where five steps gain nothing. */
  readonly relativeStep?: number;
  /** Share of the last estimate that stays; default 0.9. */
  readonly momentum?: number;
}

/** Steps without gain until the step length halves, and the least share of it. */
const [PATIENCE, LEAST] = [5, 1 / 64];

/**
 * Natural evolution strategies. Ilyas, Engstrom, Athalye & Lin 2018, "Black-box Adversarial Attacks with Limited Queries and Information", arXiv:1804.08598:
 * ĝ = 1/(σm) Σ f(x + σu) u over normal u and −u, then projected steps along it. f is the margin.
 * Norms: L∞, L2. Asks for scores; targeted or not.
 */
export const nes = ({
  queries = 10_000,
  samples = 50,
  sigma = 0.001,
  relativeStep = 0.2,
  momentum = 0.9,
}: NesOptions = {}): Attack<"scores"> => ({
  name: "nes",
  access: "scores",
  kind: "bounded",
  norms: ["linf", "l2"],
  targets: true,
  async run(victim, batch, threat) {
    const { x, keys } = batch;
    const questions = new Questions(x, queries, margins(victim, batch, threat));
    const best = new Best(x);
    const z = copied(x);
    const velocity = copied({ ...x, data: new Float32Array(x.data.length) });
    const length = keys.map(() => relativeStep);
    const stale = keys.map(() => 0);
    const look = (open: readonly number[]) =>
      questions.put(
        open,
        1,
        (out, i) => out.set(row(z, i)),
        (margin, i, _, point) => {
          stale[i] = best.offer(i, point, -margin, margin < 0) ? 0 : stale[i]! + 1;
          if (stale[i] === PATIENCE) {
            stale[i] = 0;
            length[i] = Math.max(length[i]! / 2, relativeStep * LEAST);
          }
        },
      );
    await look(questions.open(() => false));
    for (let step = 0; ; step++) {
      const open = questions.open((i) => best.won[i]);
      if (open.length === 0) return [best.x];
      const about = { keys: keys.map((key) => fold(key, step)), pairs: samples >> 1, sigma, direction: normal };
      const gradient = await estimate(questions, open, z, x, about, threat);
      for (const i of open) {
        const [v, g] = [row(velocity, i), row(gradient, i)];
        // the margin is to fall
        for (let k = 0; k < v.length; k++) v[k] = momentum * v[k]! - (1 - momentum) * g[k]!;
        stepRow(row(z, i), v, row(x, i), threat.epsilon * length[i]!, threat);
      }
      await look(open.filter((i) => questions.left[i]! > 0));
    }
  },
});
