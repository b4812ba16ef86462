/** Counterexamples, written and read: as the competition has them, and as VNN-LIB 2.x does. */
import { describe, expect, test } from "vitest";
import { bits, seedKey } from "../../../src/base/index.ts";
import { readAssignments, readCounterexample, writeAssignments, writeCounterexample } from "../../../src/verify/spec/index.ts";
import { expectRefusal, type Refusal } from "../../data/refusal.ts";

const sizes = { inputs: 2, outputs: 1 };
const query = {
  inputs: [
    { name: "A", type: "float32", shape: [1, 2] },
    { name: "B", type: "float32", shape: [] },
  ],
  outputs: [{ name: "Y", type: "Real", shape: [2] }],
};
/** Any finite float32. */
const singles = new Float32Array(bits(seedKey(9), 3000).buffer).filter(Number.isFinite);

describe("of version 1", () => {
  test("as it is written", () => {
    expect(writeCounterexample([Math.fround(0.6), -1], Float32Array.of(2 ** -149))).toBe(
      "((X_0 0.6000000238418579)\n(X_1 -1)\n(Y_0 1.401298464324817e-45))",
    );
  });

  test("every float32 comes back, −0 too", () => {
    const x = Float32Array.of(...singles, -0, 0, 2 ** -149, 3.4028234663852886e38);
    const back = readCounterexample(writeCounterexample(x, [1]), { inputs: x.length, outputs: 1 }, "cex");
    expect(Float32Array.from(back.x)).toEqual(x);
    expect([...back.x].map(Math.fround)).toEqual([...back.x]);
  });

  test.each<readonly [what: string, text: string, x: number[], y: number[] | null]>([
    ["a verdict before it", "sat\n((X_0 1) (X_1 2) (Y_0 3))", [1, 2], [3]],
    ["the verdict of 2021", "violated ((X_0 1)(X_1 2)(Y_0 3))", [1, 2], [3]],
    ["no space, any order, any spelling", "((Y_0 +3.)(X_1 .5)(X_0 -1E-3))", [-0.001, 0.5], [3]],
    ["no outputs", "((X_0 1)(X_1 2))", [1, 2], null],
  ])("%s", (_, text, x, y) => {
    const read = readCounterexample(text, sizes, "cex");
    expect([...read.x]).toEqual(x);
    expect(read.y && [...read.y]).toEqual(y);
  });

  const reading = (text: string) => () => readCounterexample(text, sizes, "cex");
  const MEND = "take the counterexample that belongs to this network";
  test.each<Refusal>([
    ["nothing", "counterexample", `expected one list like ((X_0 0.5) (Y_0 1)), got none in cex; ${MEND}`, reading("sat")],
    [
      "two",
      "counterexample",
      `expected one list like ((X_0 0.5) (Y_0 1)), got 2 expressions in cex; ${MEND}`,
      reading("((X_0 1)) ((X_1 2))"),
    ],
    ["an input missing", "counterexample", `expected X_0 to X_1, got no X_1 in cex; ${MEND}`, reading("((X_0 1)(Y_0 2))")],
    ["an input too many", "counterexample", `expected X_0 to X_1, got X_2 in cex; ${MEND}`, reading("((X_0 1)(X_1 1)(X_2 1))")],
    [
      "a variable twice",
      "counterexample",
      "expected each variable once, got (X_0 2) at cex:1:9; delete one of the two",
      reading("((X_0 1)(X_0 2))"),
    ],
    [
      "no number",
      "counterexample",
      "expected a variable and its number, like (X_0 0.5), got (X_0 nan) at cex:1:2; correct it",
      reading("((X_0 nan))"),
    ],
    [
      "NaN to be written",
      "counterexample-finite",
      "expected finite numbers in a counterexample, got NaN; keep it out",
      () => writeCounterexample([Number.NaN], []),
    ],
  ])("refused: %s", (...refusal) => expectRefusal(refusal));
});

describe("of version 2", () => {
  test("as it is written", () => {
    expect(writeAssignments(query, [0.5, -0, 2], [1e-7, 3])).toBe("A float32 [1,2]\n0.5\n-0\nB float32 []\n2\nY Real [2]\n1e-7\n3\n");
  });

  test("every float32 comes back", () => {
    const one = {
      inputs: [{ name: "X", type: "float32", shape: [singles.length] }],
      outputs: [{ name: "Y", type: "float32", shape: [1] }],
    };
    const { x, y } = readAssignments(writeAssignments(one, singles, [-0]), one, "cex");
    expect(Float32Array.from(x)).toEqual(singles);
    expect([...y!]).toEqual([-0]);
  });

  test("a verdict, hidden nodes, empty lines, other types", () => {
    const text = "sat\r\nA Real [1, 2]\r\n1\r\n2\r\n\r\nB Real []\r\n3\r\nH Real [2]\r\n7\r\n8\r\nY float32 [2]\r\n4\r\n5\r\n";
    const { x, y } = readAssignments(text, query, "cex");
    expect([[...x], [...y!]]).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  test("no outputs", () => expect(readAssignments("A Real [1,2]\n1\n2\nB Real []\n3", query, "cex").y).toBeNull());

  const reading = (text: string) => () => readAssignments(text, query, "cex");
  const MEND = "take the assignments that belong to this query";
  test.each<Refusal>([
    ["an input missing", "assignments", `expected B of shape [], with 1 numbers, got none in cex; ${MEND}`, reading("A Real [1,2]\n1\n2")],
    [
      "another shape",
      "assignments",
      `expected A of shape [1,2], with 2 numbers, got 2 numbers of shape [2] in cex; ${MEND}`,
      reading("A Real [2]\n1\n2"),
    ],
    [
      "a number missing",
      "assignments",
      `expected A of shape [1,2], with 2 numbers, got 1 numbers of shape [1,2] in cex; ${MEND}`,
      reading("A Real [1,2]\n1\n"),
    ],
    ["no header", "assignments", `expected a line like X float32 [1,5], got “1” at cex:2; ${MEND}`, reading("sat\n1")],
    [
      "no number",
      "assignments",
      `expected a number, or a line like X float32 [1,5], got “inf” at cex:2; ${MEND}`,
      reading("A Real [1,2]\ninf"),
    ],
    [
      "a variable twice",
      "assignments",
      `expected each variable once, got “B Real []” at cex:3; ${MEND}`,
      reading("B Real []\n1\nB Real []"),
    ],
    [
      "another size",
      "spec-size",
      "expected 3 inputs, as in the specification, got 2; take the specification that was written for this network",
      () => writeAssignments(query, [1, 2], [1, 2]),
    ],
  ])("refused: %s", (...refusal) => expectRefusal(refusal));
});
