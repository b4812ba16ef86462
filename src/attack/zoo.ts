import { fold, permutation } from "../base/index.ts";
import { CoordinateAdam } from "./adam.ts";
import type { Attack } from "./attack.ts";
import { boxOf, widths } from "./domain.ts";
import { Best, copied, row } from "./iterate.ts";
import { l2 } from "./norm.ts";
import { margins, Questions } from "./questions.ts";

export interface ZooOptions {
  /** Questions for each sample, over all constants; default 100,000. */
  readonly queries?: number;
  /** Weights c that are tried; default 3. */
  readonly searchSteps?: number;
  /** The first c, for distances as shares of the range (its root mean square, where features differ); default 10. */
  readonly constant?: number;
  /** Coordinates of one step, two questions each; default 128. */
  readonly coordinates?: number;
  /** Half of a difference, as a share of each feature's range; default 0.001. */
  readonly difference?: number;
  /** Of Adam, as a share of each feature's range; default 0.01. */
  readonly learningRate?: number;
}

/**
 * Zeroth order optimization. Chen, Zhang, Sharma, Yi & Hsieh 2017, arXiv:1708.03999, ZOO-ADAM (Algorithm 2): Carlini & Wagner's min ‖δ‖² + c·max(margin, 0), whose
 * partial derivatives are asked for, ∂f/∂x_k ≈ (f(x + h·e_k) − f(x − h·e_k))/2h, a few coordinates at a time, each with its own Adam. c is searched as in C&W: halved after
 * success, times 10 before the first. The box cuts steps; no change of variables. L2, smallest. Asks for scores; targeted or not.
 */
export const zoo = ({
  queries = 100_000,
  searchSteps = 3,
  constant = 10,
  coordinates = 128,
  difference = 0.001,
  learningRate = 0.01,
}: ZooOptions = {}): Attack<"scores"> => ({
  name: "zoo",
  access: "scores",
  kind: "minimal",
  norms: ["l2"],
  targets: true,
  async run(victim, batch, threat) {
    const { x, keys } = batch;
    const { domain } = threat;
    const questions = new Questions(x, queries, margins(victim, batch, threat));
    const best = new Best(x);
    const width = x.data.length / Math.max(keys.length, 1);
    const free = Array.from(domain.free.keys()).filter((k) => domain.free[k]);
    const range = widths(domain);
    const unit = free.reduce((sum, k) => sum + range[k]! ** 2, 0) / Math.max(free.length, 1);
    const many = Math.min(coordinates, free.length);
    if (many === 0) return [best.x];
    const c = keys.map(() => ({ low: 0, now: constant, high: Number.POSITIVE_INFINITY }));
    for (let search = 0; search < searchSteps; search++) {
      const reserve = Math.floor((queries * (searchSteps - 1 - search)) / searchSteps);
      const z = copied(x);
      const margin = new Float64Array(keys.length);
      const won = keys.map(() => false);
      const adam = new CoordinateAdam(x.data.length, learningRate);
      const look = (open: readonly number[]) =>
        questions.put(
          open,
          1,
          (out, i) => out.set(row(z, i)),
          (answer, i, _, point) => {
            margin[i] = answer;
            if (!(answer < 0)) return;
            won[i] = true;
            best.offer(i, point, -l2.distance(Float64Array.from(point, (v, k) => v - row(x, i)[k]!)), true);
          },
        );
      await look(questions.open((i) => questions.left[i]! <= reserve));
      for (let step = 0; ; step++) {
        const open = questions.open((i) => questions.left[i]! <= reserve);
        if (open.length === 0) break;
        // passes over all coordinates, each in an order of its own
        const chosen = new Map(
          open.map((i) => {
            const at = step * many;
            const draw = (k: number) => permutation(fold(fold(keys[i]!, search), Math.floor(k / free.length)), free.length);
            const order = [draw(at), draw(at + many - 1)];
            const pass = Math.floor(at / free.length);
            return [
              i,
              Array.from({ length: many }, (_, k) => free[order[Math.floor((at + k) / free.length) - pass]![(at + k) % free.length]!]!),
            ];
          }),
        );
        const asked = new Map(open.map((i) => [i, { value: new Float64Array(2 * many), at: new Float64Array(2 * many) }]));
        // where the margin is won, max(margin, 0) is flat: the distance alone is left, and nothing to ask
        await questions.put(
          open.filter((i) => margin[i]! >= 0),
          2 * many,
          (out, i, j) => {
            out.set(row(z, i));
            const { low, high } = boxOf(domain, row(x, i));
            const k = chosen.get(i)![j >> 1]!;
            out[k] = Math.min(Math.max(out[k]! + (j % 2 ? -difference : difference) * range[k]!, low[k]!), high[k]!);
          },
          (answer, i, j, point) => {
            const about = asked.get(i)!;
            about.value[j] = answer;
            about.at[j] = point[chosen.get(i)![j >> 1]!]!;
          },
        );
        for (const i of open) {
          const [out, clean, { value, at }] = [row(z, i), row(x, i), asked.get(i)!];
          const { low, high } = boxOf(domain, clean);
          chosen.get(i)!.forEach((k, n) => {
            const slope = (value[2 * n]! - value[2 * n + 1]!) / (at[2 * n]! - at[2 * n + 1]!);
            const g = (2 * (out[k]! - clean[k]!)) / unit + (Number.isFinite(slope) ? c[i]!.now * slope : 0);
            out[k] = Math.min(Math.max(out[k]! - range[k]! * adam.step(i * width + k, range[k]! * g), low[k]!), high[k]!);
          });
        }
        await look(open.filter((i) => questions.left[i]! > 0));
      }
      c.forEach((weight, i) => {
        if (won[i]) weight.high = weight.now;
        else weight.low = weight.now;
        weight.now = weight.high < Number.POSITIVE_INFINITY ? (weight.low + weight.high) / 2 : 10 * weight.now;
      });
    }
    return [best.x];
  },
});
