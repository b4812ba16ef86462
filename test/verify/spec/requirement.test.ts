/** JSON says what should hold: its counterexamples are where that fails. */
import { describe, expect, test } from "vitest";
import { holds, rational } from "../../../src/verify/spec/index.ts";
import { expectRefusal, type Refusal } from "../../data/refusal.ts";
import { read } from "./reading.ts";

const json = (stays: unknown, rest: object = {}) => JSON.stringify({ inputs: { low: [-1, -1], high: [1, 1] }, stays, ...rest });

type Points = readonly (readonly [y: readonly number[], kept: boolean])[];

test.each<readonly [stays: readonly unknown[], points: Points]>([
  [
    [{ output: 0, below: 3.9 }],
    [
      [[3.8], true],
      [[3.9], true],
      [[3.9000000000000004], false],
      [[4], false],
    ],
  ],
  [
    [{ output: 0, below: 4 }],
    [
      [[3.9], true],
      [[4], false],
    ],
  ],
  [
    [{ output: 0, atMost: 4 }],
    [
      [[4], true],
      [[4.5], false],
    ],
  ],
  [
    [{ output: 0, above: "1/2" }],
    [
      [[0.5], false],
      [[0.75], true],
    ],
  ],
  [
    [{ output: 0, atLeast: "0.5" }],
    [
      [[0.5], true],
      [[0.25], false],
    ],
  ],
  [
    [{ output: 0, above: 0, atMost: 1 }],
    [
      [[0], false],
      [[0.5], true],
      [[1], true],
      [[1.5], false],
    ],
  ],
  [
    [
      { output: 0, below: 4 },
      { output: 1, above: 0 },
    ],
    [
      [[3, 1], true],
      [[5, 1], false],
      [[3, -1], false],
      [[5, -1], false],
    ],
  ],
  [
    [{ sum: { y1: -2, y0: 1, x1: "0.5" }, atMost: 4 }],
    [
      [[4, 0.125], true],
      [[4, 0], false],
    ],
  ],
  [
    [{ sum: { y0: 1, y1: -1 }, below: 0 }],
    [
      [[1, 2], true],
      [[2, 2], false],
    ],
  ],
])("%j", async (stays, points) => {
  const { specification, format } = await read(json(stays));
  expect(format).toBe("json");
  for (const [y, kept] of points) {
    expect(holds(specification, [0, 0.5], y) === null, `y = ${y}`).toBe(kept);
    expect(holds(specification, [0, 1.5], y), "outside of the box nothing is asked").toBeNull();
  }
});

test("an output above or below the others", async () => {
  const above = (await read(json([{ output: 1, above: "others" }], { outputs: 3 }))).specification;
  const below = (await read(json([{ output: 1, below: "others" }]), { outputs: 3 })).specification;
  const rows: readonly (readonly [y: readonly number[], above: boolean, below: boolean])[] = [
    [[0, 1, 0], true, false],
    [[1, 1, 0], false, false],
    [[1, 0, 1], false, true],
    [[1, 0, 0], false, false],
  ];
  for (const [y, isAbove, isBelow] of rows) {
    expect(holds(above, [0, 0], y) === null).toBe(isAbove);
    expect(holds(below, [0, 0], y) === null).toBe(isBelow);
  }
});

describe("the box", () => {
  const box = async (inputs: object) => {
    const { specification } = await read(JSON.stringify({ inputs, stays: [{ output: 0, below: 1 }] }));
    const [{ low, high }] = specification.regions as [(typeof specification.regions)[0]];
    return [low.map(rational.print), high.map(rational.print)];
  };

  test("numbers are the decimals that they print as", async () =>
    expect(await box({ low: [0.1, "-1/3"], high: [0.3, "0.12345678901234567890123"] })).toEqual([
      ["0.1", "-1/3"],
      ["0.3", "0.12345678901234567890123"],
    ]));

  test("around a point", async () =>
    expect(await box({ around: [0.1, 0.5, 0.98], within: 0.03 })).toEqual([
      ["0.07", "0.47", "0.95"],
      ["0.13", "0.53", "1.01"],
    ]));

  test("cut to a range", async () =>
    expect(await box({ around: [0.01, 0.5, 0.98], within: 0.03, clip: [0, 1] })).toEqual([
      ["0", "0.47", "0.95"],
      ["0.04", "0.53", "1"],
    ]));
});

const STAYS =
  'to be like {"output": 0, "below": 3.9}, {"output": 2, "above": "others"} or {"sum": {"y0": 1, "y3": -2, "x1": 0.5}, "atMost": 4}';
const BOX = 'to be {"low": […], "high": […]}, or {"around": […], "within": 0.03, "clip": [0, 1]}';
const refused = (expected: string, got: string) => `expected ${expected}, got ${got} in p.vnnlib; correct it`;
const fine = [{ output: 0, below: 1 }];

test.each<Refusal>([
  [
    "a misspelling",
    "requirement",
    refused(`stays[1] ${STAYS}`, '{"output":0,"bellow":4}'),
    () => read(json([...fine, { output: 0, bellow: 4 }])),
  ],
  ["nothing required", "requirement", refused(`stays[0] ${STAYS}`, '{"output":0}'), () => read(json([{ output: 0 }]))],
  ["no requirements", "requirement", refused("stays to hold one requirement at least", "[]"), () => read(json([]))],
  [
    "no number",
    "requirement",
    refused(`stays[0] ${STAYS}`, '{"output":0,"below":"four"}'),
    () => read(json([{ output: 0, below: "four" }])),
  ],
  [
    "a sum of nothing",
    "requirement",
    refused("stays[0].sum to mention an output, as y0 or y1", '{"y0":0}'),
    () => read(json([{ sum: { y0: 0 }, below: 1 }])),
  ],
  [
    "another key",
    "requirement",
    refused(
      "p.vnnlib to hold inputs, outputs and stays only",
      '{"inputs":{"low":[-1,-1],"high":[1,1]},"stays":[{"output":0,"below":1}],"box":1}',
    ),
    () => read(json(fine, { box: 1 })),
  ],
  ["no box", "requirement", refused(`inputs ${BOX}`, "nothing"), () => read(JSON.stringify({ stays: fine }))],
  [
    "sides of two lengths",
    "requirement",
    refused("as many numbers in high as in low", "1 in low, 2 in high"),
    () => read(json(fine, { inputs: { low: [0], high: [1, 1] } })),
  ],
  [
    "an empty box",
    "requirement",
    refused("low ≤ high", "2 > 0.5 at input 0"),
    () => read(json(fine, { inputs: { low: [2], high: [0.5] } })),
  ],
  [
    "an input that is not there",
    "requirement",
    refused("inputs from x0 to x1", "x2"),
    () => read(json([{ sum: { y0: 1, x2: 1 }, below: 1 }])),
  ],
  [
    "an output that is not there",
    "requirement",
    refused("outputs from 0 to 1", "output 2"),
    () => read(json([{ output: 2, below: 1 }]), { outputs: 2 }),
  ],
  [
    "another network",
    "requirement",
    refused("outputs to be 2, as of the network", "3"),
    () => read(json(fine, { outputs: 3 }), { outputs: 2 }),
  ],
  [
    "others unknown",
    "requirement",
    refused('how many "others" there are', 'no "outputs"'),
    () => read(json([{ output: 0, above: "others" }])),
  ],
  [
    "no others",
    "requirement",
    refused('other outputs, where "others" is said', "a network of one output"),
    () => read(json([{ output: 0, above: "others" }]), { outputs: 1 }),
  ],
  [
    "an output below 0",
    "requirement",
    refused("stays[0].output to be a whole number ≥ 0", "-1"),
    () => read(json([{ output: -1, below: 1 }])),
  ],
])("refused: %s", (...refusal) => expectRefusal(refusal));

test("what is no JSON is refused", async () => {
  await expect(read('{"inputs": ')).rejects.toMatchObject({ code: "requirement", expected: "JSON in p.vnnlib" });
});
