/** VNN-LIB 1.0: points that are counterexamples and points that are not, by hand; the boxes; and everything that is refused. */
import { describe, expect, test } from "vitest";
import { holds, rational, readSpecification } from "../../../src/verify/spec/index.ts";
import { expectRefusal, type Refusal } from "../../data/refusal.ts";
import { read, readZipped, unitBox, version1 } from "./reading.ts";

type Points = readonly (readonly [x: readonly number[], y: readonly number[], counterexample: boolean])[];

const yes = (x: readonly number[], y: readonly number[]) => [x, y, true] as const;
const no = (x: readonly number[], y: readonly number[]) => [x, y, false] as const;

test.each<readonly [what: string, assertions: readonly string[], points: Points]>([
  ["≤ is closed", ["(<= Y_0 1/2)"], [yes([0], [0.5]), no([0], [0.5 + 2 ** -50])]],
  ["< is open", ["(< Y_0 0.5)"], [no([0], [0.5]), yes([0], [0.5 - 2 ** -50])]],
  ["a decimal is no float", ["(>= Y_0 0.1)"], [yes([0], [0.1]), no([0], [0.1 - 2 ** -56])]],
  ["0.3 as a float64 is less than three tenths", ["(>= Y_0 0.3)"], [no([0], [0.3])]],
  ["constants on either side", ["(>= 0.5 Y_0)", "(> Y_0 -1)"], [yes([0], [0.5]), no([0], [-1]), no([0], [1])]],
  ["outputs beside each other", ["(<= Y_0 Y_1)"], [yes([0], [1, 1]), no([0], [2, 1])]],
  ["=", ["(= Y_0 2)"], [yes([0], [2]), no([0], [2.5]), no([0], [1.5])]],
  ["not =", ["(not (= Y_0 2))"], [no([0], [2]), yes([0], [2.5]), yes([0], [1.5])]],
  ["!=", ["(!= Y_0 Y_1)"], [no([0], [2, 2]), yes([0], [2.5, 2]), yes([0], [1.5, 2])]],
  ["a chain", ["(< 0 Y_0 Y_1 5)"], [yes([0], [1, 2]), no([0], [2, 1]), no([0], [1, 5]), no([0], [0, 1])]],
  ["not a chain", ["(not (< 0 Y_0 Y_1))"], [no([0], [1, 2]), yes([0], [2, 1]), yes([0], [0, 1])]],
  ["not or", ["(not (or (<= Y_0 0) (>= Y_1 0)))"], [yes([0], [1, -1]), no([0], [0, -1]), no([0], [1, 0])]],
  ["not not and", ["(not (not (and (<= Y_0 0) (>= Y_1 0))))"], [yes([0], [0, 0]), no([0], [1, 0])]],
  ["true and false", ["true", "(or false (>= Y_0 1))"], [yes([0], [1]), no([0], [0])]],
  ["constants only", ["(<= 1 2)", "(or (< 1 1) (>= Y_0 1))"], [yes([0], [1]), no([0], [0])]],
  ["sums and multiples", ["(<= (+ (* 2 Y_0) (- Y_1) 1) (* Y_1 3 0.5))"], [yes([0], [1, 1.25]), no([0], [1, 1])]],
  ["differences", ["(>= (- 10 Y_0 Y_1 1) (- 2))"], [yes([0], [5, 6]), no([0], [6, 6])]],
  ["quotients", ["(>= (/ Y_0 3) (/ 1 3))"], [yes([0], [1]), no([0], [1 - 2 ** -53])]],
  ["a variable that cancels", ["(<= (- (+ Y_0 Y_1) Y_0) 1)"], [yes([0], [9, 1]), no([0], [9, 2])]],
  ["inputs with outputs", ["(>= Y_0 (* 2 X_0))"], [yes([0.5], [1]), no([0.75], [1])]],
  ["several inputs", ["(<= (+ X_0 X_1) 0.5)"], [yes([0.25, 0.25], [0]), no([0.5, 0.25], [0])]],
  ["a narrower box", ["(>= (* -2 X_0) 1)"], [yes([-0.5], [0]), no([-0.25], [0])]],
  ["an open side of the box", ["(< X_0 0.5)"], [yes([0.25], [0]), no([0.5], [0])]],
  ["an open side that is no side", ["(< X_0 3)"], [yes([1], [0])]],
  ["no output at all", ["(= X_0 0.5)"], [yes([0.5], [7]), no([0.25], [7])]],
  [
    "or of boxes and outputs",
    ["(or (and (<= X_0 0) (>= Y_0 1)) (and (>= X_0 0.5) (<= Y_0 -1)))"],
    [yes([-0.5], [1]), no([0.25], [1]), yes([0.75], [-1]), no([0.75], [1]), no([-0.5], [-1])],
  ],
  [
    "and of ors",
    ["(or (<= Y_0 0) (<= Y_1 0))", "(or (>= Y_0 2) (>= Y_1 2))"],
    [yes([0], [0, 2]), yes([0], [2, 0]), no([0], [0, 1]), no([0], [2, 2])],
  ],
])("%s", async (_, assertions, points) => {
  const [inputs, outputs] = [points[0]![0].length, points[0]![1].length];
  const { specification } = await read(version1(inputs, outputs, ...unitBox(inputs), ...assertions));
  for (const [x, y, expected] of points) expect(holds(specification, x, y) !== null, `x = ${x}, y = ${y}`).toBe(expected);
});

test("decimals as the float64 nearest to them, where that is asked for", async () => {
  const text = version1(1, 1, "(<= 0 X_0 0.6)", "(<= Y_0 1e400)");
  const exact = (await read(text)).specification;
  const rounded = (await read(text, { decimals: "float64" })).specification;
  const [high, wide] = [exact, rounded].map(({ regions }) => rational.print(regions[0]!.high[0]!));
  expect([high, wide]).toEqual(["0.6", rational.print(rational.fromNumber(0.6))]);
  // what is past the largest float64 does not become infinite
  expect(rounded.regions[0]!.disjuncts[0]![0]!.bound).toEqual(rational.parse("1e400"));
});

describe("the structure", () => {
  const boxes = async (...assertions: readonly string[]) => {
    const { specification } = await read(version1(2, 2, ...assertions));
    return specification.regions.map(({ low, high, disjuncts }) => [low.map(rational.print), high.map(rational.print), disjuncts.length]);
  };

  test("boxes are decimals, exactly", async () =>
    expect(await boxes("(<= -0.1 X_0 0.30000000000000000000001)", "(>= 1 X_1 (/ 1 3))")).toEqual([
      [["-0.1", "1/3"], ["0.30000000000000000000001", "1"], 1],
    ]));

  test("disjuncts with one box share a region, whatever their order and spelling", async () =>
    expect(
      await boxes(
        ...unitBox(2),
        "(or (and (<= X_0 0) (>= Y_0 1)) (>= Y_1 1) (and (>= Y_1 2) (>= 0.00 (* 3 X_0))) (and (<= X_0 7) (<= Y_1 -4)))",
      ),
    ).toEqual([
      [["-1", "-1"], ["0", "1"], 2],
      [["-1", "-1"], ["1", "1"], 2],
    ]));

  test("boxes outside and inside of “or” meet", async () =>
    expect(await boxes("(<= 0 X_1 1)", "(or (<= 0 X_0 2) (<= 5 X_0 6))", "(or (<= X_1 0.5) (<= X_0 1))")).toEqual([
      [["0", "0"], ["2", "0.5"], 1],
      [["0", "0"], ["1", "1"], 1],
      [["5", "0"], ["6", "0.5"], 1],
    ]));

  test.each([
    ["low > high", "(>= X_0 2)"],
    ["an open side that leaves nothing", "(>= X_0 1) ", " (< X_0 1)"],
    ["false", "false"],
    ["every choice empty", "(or (>= X_0 2) (and (<= X_1 -2) (>= Y_0 0)))"],
  ])("no region: %s", async (_, ...assertions) => expect(await boxes(...unitBox(2), ...assertions)).toEqual([]));

  test("an unbounded box that is empty elsewhere is dropped too", async () => {
    expect(await boxes(...unitBox(1), "(or (and (<= 0 X_1 1) (<= Y_0 0)) (>= X_0 2))")).toEqual([[["-1", "0"], ["1", "1"], 1]]);
  });

  test("rows: bounds of an input are in the box, and only there unless open", async () => {
    const { specification } = await read(version1(1, 1, "(<= 0 X_0)", "(< X_0 1)", "(< X_0 2)", "(<= Y_0 X_0)"));
    const [{ disjuncts } = { disjuncts: [] }] = specification.regions;
    const shown = disjuncts[0]!.map(({ outputs, inputs, bound, strict }) => [
      outputs.map(([i, c]) => [i, rational.print(c)]),
      inputs.map(([i, c]) => [i, rational.print(c)]),
      rational.print(bound),
      strict,
    ]);
    expect(shown).toEqual([
      [[], [[0, "1"]], "1", true],
      [[[0, "1"]], [[0, "-1"]], "0", false],
    ]);
  });

  test("declarations in any order, as functions, gzipped, among commands of SMT-LIB", async () => {
    const text =
      "(set-logic QF_LRA)(declare-fun Y_0()Real)(declare-const X_1 Real)(declare-const X_0 Real)(assert(<= 0 X_0 1))(assert(<= 0 X_1 1))(check-sat)";
    const query = await readZipped(text);
    expect(query).toEqual(await read(text));
    expect(query).toMatchObject({
      format: "vnnlib 1",
      network: null,
      inputs: [{ name: "X", type: "Real", shape: [2] }],
      outputs: [{ name: "Y", type: "Real", shape: [1] }],
      specification: { inputs: 2, outputs: 1 },
    });
  });
});

const boxed = (...assertions: readonly string[]) => read(version1(2, 2, ...unitBox(2), ...assertions));
const spread = (n: number) => Array.from({ length: n }, () => "(or (<= Y_0 0) (<= Y_1 0))");

test.each<Refusal>([
  [
    "a product of variables",
    "spec-nonlinear",
    "expected a product of constants and at most one variable, got (* X_0 Y_1) at p.vnnlib:7:18; state the property with linear constraints only",
    () => boxed("(<= (+ 1 (* X_0 Y_1)) 3)"),
  ],
  [
    "a product of sums",
    "spec-nonlinear",
    "expected a product of constants and at most one variable, got (* 2 X_0 (+ X_1 2)) at p.vnnlib:7:13; state the property with linear constraints only",
    () => boxed("(<= (* 2 X_0 (+ X_1 2)) 3)"),
  ],
  [
    "a division by a variable",
    "spec-nonlinear",
    "expected a division by constants, got (/ 1 Y_0) at p.vnnlib:7:13; state the property with linear constraints only",
    () => boxed("(<= (/ 1 Y_0) 3)"),
  ],
  [
    "a division by 0",
    "spec-nonlinear",
    "expected a division by anything but 0, got (/ Y_0 0) at p.vnnlib:7:13; correct the divisor",
    () => boxed("(<= (/ Y_0 0) 3)"),
  ],
  [
    "no bound below",
    "spec-unbounded",
    "expected every input to be bounded on both sides, got X_1 without a bound below in p.vnnlib; assert (>= X_1 …)",
    () => read(version1(2, 1, "(<= 0 X_0 1)", "(<= X_1 1)")),
  ],
  [
    "no bound above in one box",
    "spec-unbounded",
    "expected every input to be bounded on both sides, got X_0 without a bound above in p.vnnlib; assert (<= X_0 …)",
    () => read(version1(1, 1, "(>= X_0 0)", "(or (<= X_0 1) (>= Y_0 3))")),
  ],
  [
    "no bound",
    "spec-unbounded",
    "expected every input to be bounded on both sides, got X_0 without a bound below or above in p.vnnlib; assert (>= X_0 …) and (<= X_0 …)",
    () => read(version1(1, 1)),
  ],
  [
    "an explosion",
    "spec-disjuncts",
    "expected at most 100000 alternatives, once every “and” of “or”s is multiplied out, got 131072 in p.vnnlib; split the property into several files",
    () => boxed(...spread(17)),
  ],
  [
    "an output that was not declared",
    "spec-name",
    "expected a variable that was declared above, got Y_2 at p.vnnlib:7:13; declare it with (declare-const Y_2 Real)",
    () => boxed("(<= Y_2 3)"),
  ],
  [
    "a number that is none",
    "spec-name",
    "expected a variable or a finite number, got 1e9999 at p.vnnlib:7:13; write X_0, Y_0, … or a decimal",
    () => boxed("(<= 1e9999 3)"),
  ],
  [
    "a gap",
    "spec-declaration",
    "expected X_0, X_1, … declared without a gap, got no X_1 in p.vnnlib; declare it with (declare-const X_1 Real)",
    () => read("(declare-const X_0 Real)(declare-const X_2 Real)(declare-const Y_0 Real)"),
  ],
  [
    "no outputs",
    "spec-declaration",
    "expected Y_0, Y_1, … declared without a gap, got no Y_0 in p.vnnlib; declare it with (declare-const Y_0 Real)",
    () => read("(declare-const X_0 Real)"),
  ],
  [
    "a variable twice",
    "spec-declaration",
    "expected each variable declared once, got (declare-const X_0 Real) at p.vnnlib:1:25; delete this one",
    () => read("(declare-const X_0 Real)(declare-const X_0 Real)"),
  ],
  [
    "another type",
    "spec-declaration",
    "expected (declare-const X_0 Real), X for inputs and Y for outputs, got (declare-const X_0 Int) at p.vnnlib:1:1; correct the declaration",
    () => read("(declare-const X_0 Int)"),
  ],
  [
    "another letter",
    "spec-declaration",
    "expected (declare-const X_0 Real), X for inputs and Y for outputs, got (declare-const Z Real) at p.vnnlib:1:1; correct the declaration",
    () => read("(declare-const Z Real)"),
  ],
  [
    "another command",
    "spec-operator",
    "expected (declare-const NAME Real) or (assert CONSTRAINT), got (push 1) at p.vnnlib:1:1; see vnnlib.org for the format",
    () => read("(push 1)"),
  ],
  [
    "another connective",
    "spec-operator",
    "expected one of <= < >= > = == != and or not, got (=> (<= Y_0 1) (<= Y_1 1)) at p.vnnlib:7:9; write the constraint with these",
    () => boxed("(=> (<= Y_0 1) (<= Y_1 1))"),
  ],
  [
    "another function",
    "spec-operator",
    "expected a number, a variable, or one of + - * / of some, got (max Y_0 Y_1) at p.vnnlib:7:13; correct it",
    () => boxed("(<= (max Y_0 Y_1) 1)"),
  ],
  [
    "a comparison of one",
    "spec-operator",
    "expected two operands of <=, or more, got (<= Y_0) at p.vnnlib:7:9; correct it",
    () => boxed("(<= Y_0)"),
  ],
  [
    "three that differ",
    "spec-operator",
    "expected two operands of !=, got (!= Y_0 Y_1 3) at p.vnnlib:7:9; correct it",
    () => boxed("(!= Y_0 Y_1 3)"),
  ],
  [
    "a number for a constraint",
    "spec-operator",
    "expected a constraint, like (<= X_0 0.5), got Y_0 at p.vnnlib:7:9; correct it",
    () => boxed("Y_0"),
  ],
])("refused: %s", (...refusal) => expectRefusal(refusal));

test("just as many disjuncts as are allowed", async () => {
  const { specification } = await boxed(...spread(16));
  expect(specification.regions[0]!.disjuncts.length).toBe(65536);
});

test("broken gzip is refused", async () => {
  await expect(readSpecification(Uint8Array.of(0x1f, 0x8b, 8, 0, 1), "p.vnnlib.gz")).rejects.toMatchObject({ code: "spec-gzip" });
});
