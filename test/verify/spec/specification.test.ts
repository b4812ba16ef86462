/** Counterexamples in exact arithmetic; boxes in floating point; the short form of robustness. */
import { describe, expect, test } from "vitest";
import {
  enclosure,
  holds,
  type Region,
  type Row,
  rational,
  robustness,
  type Specification,
  within,
} from "../../../src/verify/spec/index.ts";
import { expectRefusal, type Refusal } from "../../data/refusal.ts";

const r = (text: string) => rational.parse(text)!;

const region = (low: readonly string[], high: readonly string[], ...disjuncts: readonly (readonly Row[])[]): Region => ({
  low: low.map(r),
  high: high.map(r),
  disjuncts,
});
const row = (outputs: readonly (readonly [number, string])[], bound: string, strict = false): Row => ({
  outputs: outputs.map(([i, c]) => [i, r(c)]),
  inputs: [],
  bound: r(bound),
  strict,
});

describe("holds", () => {
  const spec: Specification = {
    inputs: 1,
    outputs: 2,
    regions: [region(["0"], ["0.6"], [row([[0, "1"]], "0"), row([[1, "1"]], "0")], [row([[0, "-1"]], "-5")]), region(["0.5"], ["1"], [])],
  };

  test.each<readonly [x: number, y: readonly number[], found: ReturnType<typeof holds>]>([
    [0.25, [0, 0], { region: 0, disjunct: 0 }],
    [0.25, [0, 1], null],
    [0.25, [5, 1], { region: 0, disjunct: 1 }],
    [0.55, [1, 1], { region: 1, disjunct: 0 }],
    [0.6, [-1, -1], { region: 0, disjunct: 0 }], // the float64 0.6 is less than six tenths
    [Math.fround(0.6), [-1, -1], { region: 1, disjunct: 0 }], // the float32 is more
    [1 + 2 ** -52, [0, 0], null],
    [Number.NaN, [0, 0], null],
    [Number.POSITIVE_INFINITY, [0, 0], null],
    [0.25, [Number.NEGATIVE_INFINITY, -1], null],
    [0.25, [Number.NaN, -1], null],
    [0.25, [6, Number.NaN], { region: 0, disjunct: 1 }], // which does not speak of it
  ])("x = %f, y = %j", (x, y, found) => expect(holds(spec, [x], y)).toEqual(found));

  test("no tolerance: a sum that floating point gets wrong", () => {
    const sum: Specification = {
      inputs: 1,
      outputs: 3,
      regions: [
        region(
          ["0"],
          ["1"],
          [
            row(
              [
                [0, "1"],
                [1, "1"],
                [2, "1"],
              ],
              "0",
            ),
          ],
        ),
      ],
    };
    // in float64, (1e16 + 1) − 1e16 is 0
    expect(holds(sum, [0], [1e16, 1, -1e16])).toBeNull();
    expect(holds(sum, [0], [1e16, -1, -1e16])).not.toBeNull();
  });

  test.each<Refusal>([
    [
      "inputs",
      "spec-size",
      "expected 1 inputs, as in the specification, got 2; take the specification that was written for this network",
      () => holds(spec, [0, 0], [0, 0]),
    ],
    [
      "outputs",
      "spec-size",
      "expected 2 outputs, as in the specification, got 1; take the specification that was written for this network",
      () => holds(spec, [0], [0]),
    ],
  ])("refused: another number of %s", (...refusal) => expectRefusal(refusal));
});

describe("boxes in floating point", () => {
  const box = region(["0.1", "-0.1", "0.5", "1e-400"], ["0.3", "0.7", "0.5", "1"]);

  type Numbers = readonly (number | rational.Rational)[];
  const exact = (v: number | rational.Rational) => (typeof v === "number" ? rational.fromNumber(v) : v);
  const below = (a: Numbers, b: Numbers) => a.every((v, i) => rational.compare(exact(v), exact(b[i]!)) <= 0);
  const contains = (low: Numbers, ownLow: Numbers, high: Numbers, ownHigh: Numbers) => below(low, ownLow) && below(ownHigh, high);

  test("outward in float64", () => {
    const { low, high } = enclosure(box);
    // some of these float64 are the nearest to the decimal, some its other neighbour
    expect([...low]).toEqual([0.09999999999999999, -0.1, 0.5, 0]);
    expect([...high]).toEqual([0.30000000000000004, 0.7000000000000001, 0.5, 1]);
    expect(contains([...low], box.low, [...high], box.high)).toBe(true);
  });

  test("inward in float32", () => {
    const { low, high } = within(box)!;
    expect(contains(box.low, [...low], box.high, [...high])).toBe(true);
    expect(low[3]).toBe(2 ** -149);
    expect(low[2]).toBe(high[2]);
  });

  test("no float32 between: null", () => {
    expect(within(region(["0", "0.1"], ["1", "0.1"]))).toBeNull();
    expect(within(region(["1e39"], ["1e40"]))).toBeNull();
  });
});

describe("robustness", () => {
  const box = { low: [0, Math.fround(0.1)], high: new Float32Array([1, 0.2]) };

  test("a counterexample is a tie with any other class, or a win", () => {
    const spec = robustness(box, { label: 1, classes: 3 });
    expect([spec.inputs, spec.outputs, spec.regions.length, spec.regions[0]!.disjuncts.length]).toEqual([2, 3, 1, 2]);
    const rows: readonly (readonly [y: readonly number[], found: number | null])[] = [
      [[0, 1, 0.5], null],
      [[1, 1, 0.5], 0],
      [[0, 1, 2], 1],
    ];
    for (const [y, found] of rows) expect(holds(spec, [1, Math.fround(0.2)], y)?.disjunct ?? null).toBe(found);
    expect(holds(spec, [1, Math.fround(0.2) + 2 ** -40], [1, 1, 1])).toBeNull();
  });

  test("or with the target only", () => {
    const spec = robustness(box, { label: 1, classes: 3, target: 2 });
    expect(holds(spec, [0, Math.fround(0.1)], [9, 1, 0])).toBeNull();
    expect(holds(spec, [0, Math.fround(0.1)], [9, 1, 1])).toEqual({ region: 0, disjunct: 0 });
  });

  test.each<Refusal>([
    ["label", "spec-class", "expected a class from 0 to 2, got 3; count classes from 0", () => robustness(box, { label: 3, classes: 3 })],
    [
      "target",
      "spec-class",
      "expected a class from 0 to 2, got 0.5; count classes from 0",
      () => robustness(box, { label: 1, classes: 3, target: 0.5 }),
    ],
    [
      "target like the label",
      "spec-class",
      "expected a target other than the label, got 1 for both; name another class",
      () => robustness(box, { label: 1, classes: 3, target: 1 }),
    ],
    [
      "box inside out",
      "spec-box",
      "expected low ≤ high, got 2 > 1 at input 1; exchange them",
      () => robustness({ low: [0, 2], high: [0, 1] }, { label: 0, classes: 2 }),
    ],
    [
      "box without an end",
      "rational-finite",
      "expected a finite number, got Infinity; keep infinities and NaN out",
      () => robustness({ low: [0], high: [Number.POSITIVE_INFINITY] }, { label: 0, classes: 2 }),
    ],
  ])("refused: a %s", (...refusal) => expectRefusal(refusal));
});
