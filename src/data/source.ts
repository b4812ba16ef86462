/** Data by what a user calls it: `mnist`, `toy:moons`, a folder, `file.npz`, `file.csv`. */
import { host } from "#host";
import { fail, fold, seedKey } from "../base/index.ts";
import { csv } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { imageFolder } from "./image-folder.ts";
import { mnist } from "./mnist.ts";
import { npz } from "./npz.ts";
import { checkedLimit, first, split } from "./split.ts";
import { TOY_NAMES, type ToyName, toy } from "./toy.ts";

export interface LoadOptions {
  /** Use only so many samples. */
  readonly limit?: number;
  /** Of everything random: toys, splits. Default 0. */
  readonly seed?: number;
}

/** What training needs. */
export interface Splits extends Omit<Dataset, "x" | "y"> {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

type Part = "train" | "test";

interface Benchmark {
  readonly part?: Part;
  readonly load: (part: Part) => Promise<Dataset>;
}

/** Data with a test set of its own: `name`, `name:train` or `name:test`. */
function benchmark(spec: string, seed: number): Benchmark | undefined {
  const [, name, part] = /^(.+?)(?::(train|test))?$/.exec(spec) ?? [];
  if (name === "mnist") return { part: part as Part, load: mnist };
  if (!name?.startsWith("toy:")) return undefined;
  const load = async (part: Part) => {
    const drawn = toy(name.slice(4) as ToyName, fold(fold(seedKey(seed), name), part));
    return { ...drawn, name: `${name}:${part}`, provenance: { ...drawn.provenance, split: part, seed } };
  };
  return { part: part as Part, load };
}

/** What the user has on disk. */
async function file(spec: string, limit?: number): Promise<Dataset> {
  const [, type] = /\.(npz|csv)$/i.exec(spec) ?? [];
  if (type) return (type.toLowerCase() === "npz" ? npz : csv)(await host.readFile(spec), spec);
  if ((await host.kind(spec)) === "directory") return imageFolder(spec, { limit });
  return fail({
    code: "data-unknown",
    expected: `mnist[:train|:test], toy:${TOY_NAMES.join(", toy:")}, a folder of class folders, file.npz or file.csv`,
    got: `“${spec}”`,
    mend: "check the spelling and the path",
  });
}

/** Samples to evaluate on, the first `limit` in the source's order; of `mnist` and the toys the test set unless `:train` is said. */
export async function loadData(spec: string, { limit, seed = 0 }: LoadOptions = {}): Promise<Dataset> {
  if (limit !== undefined) checkedLimit(limit);
  const known = benchmark(spec, seed);
  return first(known ? await known.load(known.part ?? "test") : await file(spec, limit), limit);
}

/**
 * Samples to train on, by a stratified split: 80/10/10 for training, validation and test. `mnist` and the toys keep
 * their own test set, whole, and give a twelfth of the rest to validation (MNIST: 55,000/5,000/10,000). A `limit` draws
 * so many samples from what is split.
 */
export async function loadSplits(spec: string, { limit, seed = 0 }: LoadOptions = {}): Promise<Splits> {
  if (limit !== undefined) checkedLimit(limit);
  const known = benchmark(spec, seed);
  const key = fold(seedKey(seed), "split");
  const own = known && known.part === undefined ? await known.load("test") : undefined;
  const all = own ? await known!.load("train") : known ? await known.load(known.part!) : await file(spec);
  const n = Math.min(limit ?? all.y.length, all.y.length);
  const held = Math.max(1, Math.round(n / (own ? 12 : 10)));
  const sizes = own ? [n - held, held] : [n - 2 * held, held, held];
  if (sizes[0]! < 1)
    fail({
      code: "data-few",
      expected: `at least ${sizes.length} samples of ${spec} to split`,
      got: `${n}`,
      mend: "bring more samples, or raise the limit",
    });
  const [train, validation, test = own] = split(all, sizes, key) as [Dataset, Dataset, Dataset?];
  const { x: _x, y: _y, ...facts } = all;
  const part = (data: Dataset, name: string): Dataset => ({
    ...data,
    name: `${spec}:${name}`,
    provenance: { ...data.provenance, n: data.y.length, part: name },
  });
  return {
    ...facts,
    name: spec,
    provenance: {
      ...all.provenance,
      ...(own && { split: "train, test" }),
      n: train.y.length + validation.y.length + test!.y.length,
      train: train.y.length,
      validation: validation.y.length,
      test: test!.y.length,
      seed,
    },
    train: part(train, "train"),
    validation: part(validation, "validation"),
    test: part(test!, "test"),
  };
}
