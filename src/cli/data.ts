/** The data behind `--data`, `--limit` and `--seed`. */
import { type Dataset, type LoadOptions, loadData, loadSplits, type Splits } from "../data/index.ts";
import { maybeNumber, seedOf } from "./options.ts";

interface DataArgs {
  readonly limit?: string;
  readonly seed?: string;
}

const options = ({ limit, seed = "0" }: DataArgs): LoadOptions => ({
  limit: maybeNumber("limit", limit, { least: 1, whole: true }),
  seed: seedOf(seed),
});

/** Samples to evaluate on: of `mnist` the test set, the first `limit` in file order. */
export const labelled = (spec: string, args: DataArgs): Promise<Dataset> => loadData(spec, options(args));

/** Samples to train on, split by the seed. */
export const splits = (spec: string, args: DataArgs): Promise<Splits> => loadSplits(spec, options(args));
