/** What an attack that only asks may still ask: a budget for each sample, and many points asked about at once, in portions that fit in memory. */
import { fail, size, type Tensor } from "../base/index.ts";
import type { Batch, Threat } from "./attack.ts";
import { lead } from "./iterate.ts";
import type { LabelVictim, ScoreVictim } from "./victim.ts";

type Floats = Tensor<"float32">;

/** One answer to each point; `owners` says whose it is. */
export type Ask<A> = (points: Floats, owners: readonly number[]) => Promise<ArrayLike<A>>;

/** How far each point is from winning: its lead in scores, below 0 where it has won. */
export const margins =
  (victim: ScoreVictim, { labels }: Batch, { targeted }: Threat): Ask<number> =>
  async (points, owners) => {
    const scores = await victim.scores(points, owners);
    return owners.map((i, k) => lead(scores, k, labels[i]!, targeted));
  };

/** Whether each point wins, by its class alone. */
export const wins =
  (victim: LabelVictim, { labels }: Batch, { targeted }: Threat): Ask<boolean> =>
  async (points, owners) => {
    const classes = await victim.labels(points, owners);
    return owners.map((i, k) => (classes[k] === labels[i]) === targeted);
  };

/** Numbers in a portion: 16 MiB. */
const PORTION = 2 ** 22;

export class Questions<A> {
  /** What each sample may still ask. */
  readonly left: Float64Array;
  readonly #like: Floats;
  readonly #ask: Ask<A>;

  constructor(like: Floats, queries: number, ask: Ask<A>) {
    if (!Number.isInteger(queries) || queries < 1)
      fail({ code: "attack-queries", expected: "a whole number of queries ≥ 1", got: `${queries}`, mend: "pass --queries 1 or more" });
    this.left = new Float64Array(like.shape[0]!).fill(queries);
    this.#like = like;
    this.#ask = ask;
  }

  /** The samples that go on: with questions left, and not done. */
  open(done: (i: number) => unknown): number[] {
    return Array.from(this.left.keys()).filter((i) => this.left[i]! > 0 && !done(i));
  }

  /**
   * Ask about `count` points of each of the samples: `fill` writes point j of sample i, `hear` gets its answer. Points beyond a sample's budget are
   * not asked about.
   */
  async put(
    samples: readonly number[],
    count: number | ((i: number) => number),
    fill: (point: Float32Array, i: number, j: number) => void,
    hear: (answer: A, i: number, j: number, point: Float32Array) => void,
  ): Promise<void> {
    const width = size(this.#like.shape.slice(1));
    const most = Math.max(1, Math.floor(PORTION / Math.max(width, 1)));
    let owners: number[] = [];
    let numbers: number[] = [];
    const flush = async () => {
      const data = new Float32Array(owners.length * width);
      const point = (k: number) => data.subarray(k * width, (k + 1) * width);
      owners.forEach((i, k) => {
        fill(point(k), i, numbers[k]!);
      });
      const answers = await this.#ask({ dtype: "float32", shape: [owners.length, ...this.#like.shape.slice(1)], data }, owners);
      owners.forEach((i, k) => {
        hear(answers[k]!, i, numbers[k]!, point(k));
      });
      owners = [];
      numbers = [];
    };
    for (const i of samples) {
      const m = Math.min(typeof count === "number" ? count : count(i), this.left[i]!);
      this.left[i] = this.left[i]! - m;
      for (let j = 0; j < m; j++) {
        owners.push(i);
        numbers.push(j);
        if (owners.length === most) await flush();
      }
    }
    if (owners.length > 0) await flush();
  }
}
