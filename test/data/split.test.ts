import { describe, expect, it, test } from "vitest";
import { fold, seedKey, tensor, uniform } from "../../src/base/index.ts";
import { type Dataset, dataset, first, select, split, stratified } from "../../src/data/index.ts";
import { expectRefusal, type Refusal } from "./refusal.ts";

/** Sample i is the number i, so that a part says which samples it has. */
const numbered = (labels: ArrayLike<number>): Dataset =>
  dataset({
    name: "it",
    x: tensor(
      Array.from(labels, (_, i) => i),
      [labels.length, 1],
    ),
    y: labels,
  });
const idsOf = (data: Dataset): number[] => [...data.x.data];
const counts = (y: ArrayLike<number>, classes: number): number[] => {
  const out = new Array<number>(classes).fill(0);
  for (const k of Array.from(y)) out[k]!++;
  return out;
};

const balanced = Array.from({ length: 1000 }, (_, i) => i % 10);
const sorted = balanced.toSorted((a, b) => a - b);
const skewed = Array.from(uniform(seedKey(3), 1000), (u) => Math.floor(4 * u ** 3));
const labels: readonly (readonly [string, number[], number[]])[] = [
  ["balanced", balanced, [800, 100, 100]],
  ["sorted by class", sorted, [550, 50]],
  ["skewed", skewed, [700, 200, 100]],
  ["one class", new Array(100).fill(0), [10, 10, 80]],
  ["a class each", Array.from({ length: 50 }, (_, i) => i), [40, 5, 5]],
  ["an empty part", balanced, [0, 30]],
];

describe.each(labels)("split, %s", (_, y, sizes) => {
  const data = numbered(y);
  const parts = split(data, sizes, seedKey(5));
  const classes = data.classes.length;

  test("parts have their sizes, and no sample twice", () => {
    expect(parts.map((p) => p.y.length)).toEqual(sizes);
    const ids = parts.flatMap(idsOf);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("labels stay with their samples; what is not about samples stays", () => {
    for (const part of parts) {
      expect([...part.y]).toEqual(idsOf(part).map((i) => y[i]));
      expect(part).toMatchObject({ name: "it", classes: data.classes, inputShape: [1], range: data.range });
    }
  });

  test("each part has the classes in their proportions", () => {
    const whole = counts(y, classes);
    for (const part of parts)
      for (const [k, n] of counts(part.y, classes).entries()) expect(Math.abs(n - (whole[k]! * part.y.length) / y.length)).toBeLessThan(2);
  });

  test("the key decides", () => {
    expect(split(data, sizes, seedKey(5))).toEqual(parts);
    expect(split(data, sizes, seedKey(6)).map(idsOf)).not.toEqual(parts.map(idsOf));
  });
});

test("parts are shuffled: neighbours in class are no more common than by chance", () => {
  const [part] = split(numbered(sorted), [800], seedKey(0)) as [Dataset];
  const pairs = [...part.y].filter((k, i) => k === part.y[i + 1]).length;
  // expected 799/10, deviation 8.5
  expect(pairs).toBeGreaterThan(45);
  expect(pairs).toBeLessThan(115);
});

test("classes of one or two samples are in the first four fifths", () => {
  const y = [...new Array(97).fill(0), 1, 2, 2];
  for (let seed = 0; seed < 20; seed++)
    expect(
      counts(
        Array.from(stratified(y, seedKey(seed)).subarray(0, 80), (i) => y[i]!),
        3,
      ).slice(1),
    ).toEqual([1, 2]);
});

test("which sample goes where is uniform", () => {
  const data = numbered(new Array(20).fill(0));
  const hits = new Array<number>(20).fill(0);
  for (let i = 0; i < 1000; i++) for (const id of idsOf(split(data, [5], fold(seedKey(0), i))[0]!)) hits[id]!++;
  // binomial: 250 ± 14
  for (const n of hits) expect(Math.abs(n - 250)).toBeLessThan(70);
});

test("first keeps the order, and all where there are fewer", () => {
  const data = numbered([3, 1, 2, 0]);
  expect(first(data, 2)).toMatchObject({ y: Int32Array.of(3, 1), classes: data.classes, provenance: { n: 2, of: 4 } });
  expect(idsOf(first(data, 2))).toEqual([0, 1]);
  for (const limit of [4, 5, undefined]) expect(first(data, limit)).toBe(data);
});

test("select repeats and reorders", () => {
  expect(idsOf(select(numbered([0, 1, 2]), [2, 0, 2]))).toEqual([2, 0, 2]);
});

const few = numbered([0, 1, 0]);
const bad: readonly Refusal[] = [
  [
    "more than there are",
    "data-split",
    "expected whole sizes that add up to at most 3, the samples of it, got 2 + 2; ask for smaller parts",
    () => split(few, [2, 2], seedKey(0)),
  ],
  [
    "half a sample",
    "data-split",
    "expected whole sizes that add up to at most 3, the samples of it, got 1.5 + 1; ask for smaller parts",
    () => split(few, [1.5, 1], seedKey(0)),
  ],
  ["limit 0", "data-limit", "expected a limit that is a whole number ≥ 1, got 0; pass such a limit, or none", () => first(few, 0)],
];
it.each(bad)("%s: %s", async (...row) => expectRefusal(row));
