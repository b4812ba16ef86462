import { describe, expect, it, test } from "vitest";
import { full, tensor } from "../../src/base/index.ts";
import { dataset } from "../../src/data/index.ts";
import { expectRefusal, type Refusal } from "./refusal.ts";

const make = (x: number[], shape: number[], y: ArrayLike<number | bigint>, classes?: string[]) =>
  dataset({ name: "it", x: tensor(x, shape), y, classes });
const ones = (n: number) => new Array<number>(n).fill(1);

describe("bad data", () => {
  const finite = (got: string) => `expected finite float32 values in it, got ${got}; drop or fill such samples`;
  const label = (got: string, most: number) =>
    `expected labels in it that are whole numbers from 0 to ${most}, got ${got}; number the classes from 0`;
  const rows: readonly Refusal[] = [
    [
      "no sample",
      "data-empty",
      "expected samples in it, got none (shape [0,2]); name data with at least one sample",
      () => make([], [0, 2], []),
    ],
    [
      "no axis",
      "data-shape",
      "expected x of shape [N, …] in it, got []; give each sample an axis of its own, even for one feature: x[:, None]",
      () => make([1], [], [0]),
    ],
    [
      "no feature",
      "data-empty",
      "expected samples in it, got none (shape [2,0]); name data with at least one sample",
      () => make([], [2, 0], [0, 0]),
    ],
    [
      "no axis for features",
      "data-shape",
      "expected x of shape [N, …] in it, got [2]; give each sample an axis of its own, even for one feature: x[:, None]",
      () => make([1, 1], [2], [0, 1]),
    ],
    [
      "labels missing",
      "data-length",
      "expected 2 labels in it, one a sample, got 3; save x and y of the same length",
      () => make(ones(4), [2, 2], [0, 1, 0]),
    ],
    ["NaN", "data-not-finite", finite("NaN at x[1,0,1]"), () => make([1, 1, 1, 1, 1, Number.NaN, 1, Number.NaN], [2, 2, 2], [0, 1])],
    ["infinity", "data-not-finite", finite("-Infinity at x[0,1]"), () => make([1, Number.NEGATIVE_INFINITY], [1, 2], [0])],
    ["too large for float32", "data-not-finite", finite("Infinity at x[0,0]"), () => make([1e300, 1], [1, 2], [0])],
    ["a fraction as label", "data-label", label("0.5 at y[1]", 99_999), () => make(ones(2), [2, 1], [0, 0.5])],
    ["a negative label", "data-label", label("-1 at y[0]", 99_999), () => make(ones(2), [2, 1], [-1, 1])],
    ["NaN as label", "data-label", label("NaN at y[0]", 99_999), () => make(ones(2), [2, 1], [Number.NaN, 1])],
    ["a label without class", "data-label", label("2 at y[1]", 1), () => make(ones(2), [2, 1], [0, 2], ["a", "b"])],
    ["identifiers as labels", "data-label", label("9007199254740993 at y[0]", 99_999), () => make([1], [1, 1], [9007199254740993n])],
  ];
  it.each(rows)("%s: %s", async (...row) => expectRefusal(row));
});

describe("good data", () => {
  const ranges: readonly (readonly [number[], readonly [number, number]])[] = [
    [
      [0.2, 0.7],
      [0, 1],
    ],
    [
      [0, 1],
      [0, 1],
    ],
    [
      [0, 255],
      [0, 255],
    ],
    [
      [-0.5, 0.5],
      [-0.5, 0.5],
    ],
    [
      [3, 3],
      [3, 3],
    ],
  ];
  it.each(ranges)("values %j have the range %j", (x, range) => {
    expect(make(x, [2, 1], [0, 1]).range).toEqual(range);
  });

  test("classes are numbered where they have no name, also those without a sample", () => {
    expect(make(ones(2), [2, 1], [3n, 0n])).toMatchObject({ y: Int32Array.of(3, 0), classes: ["0", "1", "2", "3"], inputShape: [1] });
  });

  test("a stated range stays", () => {
    expect(dataset({ name: "it", x: full([1, 1], 0.5), y: [0], range: [-1, 1] }).range).toEqual([-1, 1]);
  });
});
