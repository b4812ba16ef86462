/** Data for a GAN by what a user calls it: a pool to learn from, a pool that was held out, and the mixture behind them where it is known. */
import { host } from "#host";
import { fail, fold, seedKey } from "../base/index.ts";
import { csvSamples } from "./csv.ts";
import { type ImagePoolOptions, imagePool } from "./image-pool.ts";
import { npzSamples } from "./npz.ts";
import { holdOut, type Pool, poolOf } from "./pool.ts";
import { loadSplits } from "./source.ts";
import { stackedMnist } from "./stacked-mnist.ts";
import { grid, type Mixture, ring, TOY_NAMES, type ToyName, toy } from "./toy.ts";
import { unitsOf } from "./units.ts";

export interface Pools {
  readonly train: Pool;
  readonly test: Pool;
  /** null where what the data are drawn from is not known. */
  readonly mixture: Mixture | null;
}

const DRAWS: ReadonlyMap<string, readonly [ToyName, Mixture | null]> = new Map([
  ["ring8", ["ring", ring]],
  ["grid25", ["grid", grid]],
  ["swiss-roll", ["swiss-roll", null]],
  ["toy:ring", ["ring", ring]],
  ["toy:grid", ["grid", grid]],
  ["toy:swiss-roll", ["swiss-roll", null]],
]);

/** As PacGAN draws them. */
const DRAWN = 100_000;
const HELD = 10_000;

/**
 * Data for a GAN: `ring8`, `grid25`, `swiss-roll`, `stacked-mnist`, `mnist`, `toy:NAME`, and what is on disk, of which a tenth is held out by the seed. On disk there may be
 * - a folder of pictures, or of class folders, as {@link imagePool} reads it: [C, R, R] in [0, 1]; `resolution` and `strict` are for these,
 * - `file.csv` of numbers, one sample a line, with labels or without, as {@link csvSamples} tells: [D], its values as they are,
 * - `file.npz` with an array `x` [N, …], and `y` [N] where there are labels.
 * Without labels `classes` is 0.
 * @throws data-unknown, data-resolution, data-few, and what `loadSplits`, `imagePool`, `csvSamples` and `npzSamples` throw
 */
export async function loadPools(spec: string, options: ImagePoolOptions = {}): Promise<Pools> {
  const { limit, seed = 0 } = options;
  const directory = !known(spec) && (await host.kind(spec)) === "directory";
  if (options.resolution !== undefined && !directory)
    fail({
      code: "data-resolution",
      expected: "a resolution for a folder of pictures only",
      got: `${options.resolution} for ${spec}`,
      mend: "leave the resolution out",
    });
  if (directory) return { ...holdOut(await imagePool(spec, options), { seed }), mixture: null };
  const draw = DRAWS.get(spec);
  if (draw) {
    const [name, mixture] = draw;
    const part = (part: string, n: number): Pool => {
      const data = toy(name, fold(fold(seedKey(seed), name), part), n);
      return poolOf({ ...data, name: `${spec}:${part}`, provenance: { source: spec, n, split: part, seed } });
    };
    return { train: part("train", Math.min(limit ?? DRAWN, DRAWN)), test: part("test", HELD), mixture };
  }
  if (spec === "stacked-mnist")
    return {
      train: await stackedMnist("train", { seed, ...(limit && { size: limit }) }),
      test: await stackedMnist("test", { seed, size: HELD }),
      mixture: null,
    };
  if (known(spec)) {
    const { train, test } = await loadSplits(spec, { limit, seed });
    return { train: poolOf(train), test: poolOf(test), mixture: null };
  }
  const read = /\.npz$/i.test(spec) ? npzSamples : /\.csv$/i.test(spec) ? csvSamples : null;
  if (read) {
    const data = await read(await host.readFile(spec), spec);
    return { ...holdOut({ ...poolOf(data), units: unitsOf(data) }, { seed, ...(limit !== undefined && { limit }) }), mixture: null };
  }
  return fail({
    code: "data-unknown",
    expected: `ring8, grid25, swiss-roll, stacked-mnist, mnist[:train|:test], toy:${TOY_NAMES.join(", toy:")}, a folder of pictures or of class folders, file.npz or file.csv`,
    got: `“${spec}”`,
    mend: "check the spelling and the path",
  });
}

/** Whether a name is of data that come with the library. */
const known = (spec: string): boolean => DRAWS.has(spec) || spec === "stacked-mnist" || /^(mnist(:train|:test)?$|toy:)/.test(spec);
