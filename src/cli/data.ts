/** The data behind `--data`, `--limit` and `--seed`. */
import { type Dataset, type LoadOptions, loadData, loadSplits, type Splits } from "../data/index.ts";
import { number } from "./options.ts";

interface DataArgs {
  readonly limit?: string;
  readonly seed?: string;
}

const options = ({ limit, seed = "0" }: DataArgs): LoadOptions => ({
  limit: limit === undefined ? undefined : number("limit", limit, { least: 1, whole: true }),
  seed: number("seed", seed, { whole: true }),
});

/** Samples to evaluate on: of `mnist` the test set, the first `limit` in file order. */
export const labelled = (spec: string, args: DataArgs): Promise<Dataset> => loadData(spec, options(args));

/** Samples to train on, split by the seed. */
export const splits = (spec: string, args: DataArgs): Promise<Splits> => loadSplits(spec, options(args));
