/** Data for a GAN by what a user calls it: a pool to learn from, a pool that was held out, and the mixture behind them where it is known. */
import { fold, seedKey } from "../base/index.ts";
import { type Pool, poolOf } from "./pool.ts";
import { type LoadOptions, loadSplits } from "./source.ts";
import { stackedMnist } from "./stacked-mnist.ts";
import { grid, type Mixture, ring, toy } from "./toy.ts";

export interface Pools {
  readonly train: Pool;
  readonly test: Pool;
  /** null where what the data are drawn from is not known. */
  readonly mixture: Mixture | null;
}

const MIXTURES: Readonly<Record<string, readonly ["ring" | "grid", Mixture]>> = {
  ring8: ["ring", ring],
  grid25: ["grid", grid],
  "toy:ring": ["ring", ring],
  "toy:grid": ["grid", grid],
};

/** As PacGAN draws them. */
const DRAWN = 100_000;
const HELD = 10_000;

/**
 * `ring8`, `grid25`, `stacked-mnist`, and what `loadSplits` takes.
 * @throws what `loadSplits` throws
 */
export async function loadPools(spec: string, { limit, seed = 0 }: LoadOptions = {}): Promise<Pools> {
  const known = MIXTURES[spec];
  if (known) {
    const [name, mixture] = known;
    const draw = (part: string, n: number): Pool => {
      const data = toy(name, fold(fold(seedKey(seed), name), part), n);
      return poolOf({ ...data, name: `${spec}:${part}`, provenance: { source: spec, n, split: part, seed } });
    };
    return { train: draw("train", Math.min(limit ?? DRAWN, DRAWN)), test: draw("test", HELD), mixture };
  }
  if (spec === "stacked-mnist")
    return {
      train: await stackedMnist("train", { seed, ...(limit && { size: limit }) }),
      test: await stackedMnist("test", { seed, size: HELD }),
      mixture: null,
    };
  const { train, test } = await loadSplits(spec, { limit, seed });
  return { train: poolOf(train), test: poolOf(test), mixture: null };
}
