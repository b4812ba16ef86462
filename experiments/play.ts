/** One game from start to verdict, as `counterfoil gan` plays it: for the experiments. */

import type { Pools } from "../src/data/index.ts";
import {
  diagnose,
  evaluateGan,
  everyOf,
  type Gan,
  type GanReport,
  type GanVerdict,
  type Observation,
  observer,
  sourceOf,
  trainGan,
} from "../src/gan/index.ts";

export interface Played {
  readonly report: GanReport | null;
  /** Names of the rules that found something. */
  readonly found: readonly string[];
  readonly verdicts: readonly GanVerdict[];
  readonly looks: readonly Observation[];
  readonly steps: number;
  readonly seconds: number;
}

export interface PlayOptions {
  readonly steps: number;
  readonly seed: number;
  readonly every?: number;
  readonly n?: number;
  readonly threads?: number;
}

/** Train, look, measure, diagnose. What diverges is a finding here, not an error. */
export async function play(
  gan: Gan,
  pools: Pools,
  { steps, seed, every = everyOf(gan, pools.train), n = 5_000, threads = 1 }: PlayOptions,
): Promise<Played> {
  const run = { threads };
  const start = performance.now();
  const watch = await observer(gan, pools, { seed, ...run });
  const looks: Observation[] = [];
  const losses: { generator: number; discriminator: number }[] = [];
  let sums = { generator: 0, discriminator: 0, n: 0 };
  let report: GanReport | null = null;
  let blame: string | null = null;
  const each = trainGan(gan, pools.train, {
    ...run,
    steps,
    every,
    seed,
    onLook: async (look) => {
      if (look.step === 0) return {};
      looks.push(await watch.observe(look));
      losses.push({ generator: sums.generator / sums.n, discriminator: sums.discriminator / sums.n });
      sums = { generator: 0, discriminator: 0, n: 0 };
      return {};
    },
  });
  try {
    for (;;) {
      const next = await each.next();
      if (next.done) {
        report = await evaluateGan(sourceOf(gan, next.value, run), pools, { ...run, n, seed });
        break;
      }
      const { metrics } = next.value;
      sums.generator += metrics["generator/loss"]!;
      sums.discriminator += metrics["discriminator/loss"]!;
      sums.n++;
    }
  } catch (error) {
    const { code, got } = error as { code?: string; got?: string };
    if (code !== "diverged") throw error;
    blame = got ?? "a loss";
  } finally {
    await watch.release();
  }
  const verdicts = diagnose({ looks, floor: watch.floor, losses, report, blame });
  return {
    report,
    found: verdicts.filter((v) => v.found).map((v) => v.rule),
    verdicts,
    looks,
    steps,
    seconds: (performance.now() - start) / 1000,
  };
}
