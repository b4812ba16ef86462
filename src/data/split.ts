/** Parts of a dataset. */
import { fail, fold, type Key, permutation, take } from "../base/index.ts";
import type { Dataset } from "./dataset.ts";

/** The given samples, in that order. */
export const select = (data: Dataset, indices: ArrayLike<number>): Dataset => ({
  ...data,
  x: take(data.x, indices),
  y: Int32Array.from(indices, (i) => data.y[i]!),
});

/** The first `limit` samples, or all where there are fewer. */
export function first(data: Dataset, limit?: number): Dataset {
  if (limit === undefined || checkedLimit(limit) >= data.y.length) return data;
  const part = select(
    data,
    Array.from({ length: limit }, (_, i) => i),
  );
  return { ...part, provenance: { ...data.provenance, n: limit, of: data.y.length } };
}

/** A limit must leave something. */
export function checkedLimit(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1)
    fail({ code: "data-limit", expected: "a limit that is a whole number ≥ 1", got: `${limit}`, mend: "pass such a limit, or none" });
  return limit;
}

/**
 * All samples in an order of which every stretch has the classes in their proportions, random otherwise. A class of one
 * or two samples has them in the first four fifths, where training finds them.
 */
export function stratified(y: ArrayLike<number>, key: Key): Uint32Array {
  const counts = new Map<number, number>();
  for (let i = 0; i < y.length; i++) counts.set(y[i]!, (counts.get(y[i]!) ?? 0) + 1);
  const seen = new Map<number, number>();
  const place = new Float64Array(y.length);
  const order = Array.from(permutation(key, y.length));
  for (const i of order) {
    const rank = seen.get(y[i]!) ?? 0;
    seen.set(y[i]!, rank + 1);
    // the samples of each class lie evenly on [0, 1]; the order of equals stays random, as sorting is stable
    place[i] = (rank + 0.5) / counts.get(y[i]!)!;
  }
  return Uint32Array.from(order.sort((i, j) => place[i]! - place[j]!));
}

/** Disjoint stratified parts of the given sizes, each shuffled; together at most as many as there are samples. */
export function split(data: Dataset, sizes: readonly number[], key: Key): Dataset[] {
  const total = sizes.reduce((n, k) => n + k, 0);
  if (total > data.y.length || sizes.some((k) => !Number.isInteger(k) || k < 0))
    fail({
      code: "data-split",
      expected: `whole sizes that add up to at most ${data.y.length}, the samples of ${data.name}`,
      got: sizes.join(" + "),
      mend: "ask for smaller parts",
    });
  const order = stratified(data.y, fold(key, "order"));
  let at = 0;
  return sizes.map((k, part) => {
    const start = at;
    at += k;
    return select(
      data,
      permutation(fold(key, part), k).map((i) => order[start + i]!),
    );
  });
}
