/** VNN-LIB 2.x beside the same question in 1.0, and everything of it that is refused. */
import { expect, test } from "vitest";
import { elementName } from "../../../src/verify/spec/index.ts";
import { expectRefusal, type Refusal } from "../../data/refusal.ts";
import { read, version1 } from "./reading.ts";

const NET = "(declare-network net (declare-input X float32 [1,2]) (declare-output Y float32 [2]))";
const version2 = (network: string, ...assertions: readonly string[]) =>
  ["(vnnlib-version <2.0>)", network, ...assertions.map((a) => `(assert ${a})`)].join("\n");

test.each<readonly [what: string, second: string, first: string]>([
  [
    "elements by their indices",
    version2(NET, "(<= 0 X[0,0] 1)", "(<= 2 X[0,1] 3)", "(or (>= Y[0] Y[1]) (== Y[1] 4.0))"),
    version1(2, 2, "(<= 0 X_0 1)", "(<= 2 X_1 3)", "(or (>= Y_0 Y_1) (= Y_1 4.0))"),
  ],
  [
    "scalars have no indices",
    version2("(declare-network f (declare-input a Real []) (declare-output b Real []))", "(<= 0 a 1)", "(< b (* 2 a))"),
    version1(1, 1, "(<= 0 X_0 1)", "(< Y_0 (* 2 X_0))"),
  ],
  [
    "row-major, one variable after the other",
    version2(
      `(declare-network two (declare-input A Real [2,2]) (declare-input B Real []) (declare-input C Real [1,1,2])
         (declare-output U Real [1]) (declare-output V Real [3,2]))`,
      ...["A[0,0]", "A[0,1]", "A[1,0]", "A[1,1]", "B", "C[0,0,0]", "C[0,0,1]"].map((name, i) => `(<= ${i} ${name} ${i + 0.5})`),
      "(<= (+ U[0] V[0,1]) (- V[2,0]))",
    ),
    version1(7, 7, ...[0, 1, 2, 3, 4, 5, 6].map((i) => `(<= ${i} X_${i} ${i + 0.5})`), "(<= (+ Y_0 Y_2) (- Y_5))"),
  ],
  [
    "a hidden node that nothing mentions",
    version2(
      '(declare-network n (declare-input X Real [1]) (declare-hidden H Real [4] "conv/1") (declare-output Y Real [1]))',
      "(<= 0 X[0] 1)",
    ),
    version1(1, 1, "(<= 0 X_0 1)"),
  ],
  [
    "not equal",
    version2("(declare-network n (declare-input X Real [1]) (declare-output Y Real [1]))", "(<= 0 X[0] 1)", "(!= Y[0] -0.5)"),
    version1(1, 1, "(<= 0 X_0 1)", "(not (= Y_0 -0.5))"),
  ],
])("%s", async (_, second, first) => {
  expect((await read(second)).specification).toEqual((await read(first)).specification);
});

test("what was declared", async () => {
  const text = version2(
    "(declare-network f-copy (declare-input image real [1,3,2,2]) (declare-input bias float16 []) (declare-output logits float64 [1,10]))",
    "false",
  ).replace("<2.0>", "<2.1>");
  const { format, network, inputs, outputs, specification } = await read(text);
  expect({ format, network }).toEqual({ format: "vnnlib 2.1", network: "f-copy" });
  expect(inputs).toEqual([
    { name: "image", type: "real", shape: [1, 3, 2, 2] },
    { name: "bias", type: "float16", shape: [] },
  ]);
  expect(outputs).toEqual([{ name: "logits", type: "float64", shape: [1, 10] }]);
  expect([specification.inputs, specification.outputs]).toEqual([13, 10]);
  expect([0, 1, 2, 5, 11, 12].map((i) => elementName(inputs, i))).toEqual([
    "image[0,0,0,0]",
    "image[0,0,0,1]",
    "image[0,0,1,0]",
    "image[0,1,0,1]",
    "image[0,2,1,1]",
    "bias",
  ]);
});

const declared =
  (...parts: readonly string[]) =>
  () =>
    read(version2(`(declare-network net ${parts.join(" ")})`));
const asserted = (assertion: string) => () => read(version2(NET, assertion));

test.each<Refusal>([
  [
    "a second network",
    "spec-network",
    "expected one network, got a second, other, beside net, at p.vnnlib:3:1; join the networks in one ONNX file with the inputs and outputs of all, and declare that",
    () => read(version2(`${NET}\n(declare-network other (declare-input Z Real [1]) (declare-output W Real [1]))`)),
  ],
  [
    "an equal network",
    "spec-network",
    "expected one network, equal to no other, got (equal-to f) at p.vnnlib:2:22; join the networks in one ONNX file with the inputs and outputs of all, and declare that",
    declared("(equal-to f)", "(declare-input X Real [1])", "(declare-output Y Real [1])"),
  ],
  [
    "an isomorphic network",
    "spec-network",
    "expected one network, equal to no other, got (isomorphic-to f) at p.vnnlib:2:22; join the networks in one ONNX file with the inputs and outputs of all, and declare that",
    declared("(isomorphic-to f)", "(declare-input X Real [1])", "(declare-output Y Real [1])"),
  ],
  [
    "a constraint on a hidden node",
    "spec-hidden",
    "expected constraints on inputs and outputs only, got H[0] at p.vnnlib:3:13; make the hidden node an output of the ONNX file",
    () =>
      read(
        version2(
          '(declare-network net (declare-input X Real [1]) (declare-hidden H Real [1] "h") (declare-output Y Real [1]))',
          "(<= H[0] 1)",
        ),
      ),
  ],
  [
    "no network",
    "spec-network",
    "expected a network, got none in p.vnnlib; declare it with (declare-network …)",
    () => read("(vnnlib-version <2.0>)"),
  ],
  [
    "an assertion before the network",
    "spec-network",
    "expected a network declared before this, got (assert (<= X[0] 1)) at p.vnnlib:2:1; move it up",
    () => read("(vnnlib-version <2.0>)\n(assert (<= X[0] 1))"),
  ],
  [
    "no version",
    "spec-version",
    `expected (vnnlib-version <2.0>) at the beginning, or another 2.x, got ${NET.slice(0, 59)}… at p.vnnlib:1:1; state the version that the file is written in`,
    () => read(NET),
  ],
  [
    "a version to come",
    "spec-version",
    "expected (vnnlib-version <2.0>) at the beginning, or another 2.x, got (vnnlib-version <3.0>) at p.vnnlib:1:1; state the version that the file is written in",
    () => read(`(vnnlib-version <3.0>)${NET}`),
  ],
  [
    "whole numbers",
    "spec-declaration",
    "expected elements of one of the types Real, real, float64, float32, float16, bfloat16, got (declare-input X int32 [1]) at p.vnnlib:2:22; state the property over real numbers",
    declared("(declare-input X int32 [1])"),
  ],
  [
    "an initialised input",
    "spec-declaration",
    "expected inputs that are given in the file, got (declare-input A Real [5] initialized) at p.vnnlib:2:22; leave “initialized” out and assert what A is",
    declared("(declare-input A Real [5] initialized)"),
  ],
  [
    "a name in the ONNX file",
    "spec-declaration",
    'expected (declare-input NAME TYPE [SHAPE]), got "image" at p.vnnlib:2:48; leave it out: inputs and outputs are told by their order in the ONNX file',
    declared('(declare-input X Real [5] "image")'),
  ],
  [
    "no shape",
    "spec-declaration",
    "expected (declare-output NAME TYPE [SHAPE]), got (declare-output Y Real) at p.vnnlib:2:22; correct it; the shape of a scalar is []",
    declared("(declare-output Y Real)"),
  ],
  [
    "an axis of length 0",
    "spec-declaration",
    "expected a shape of whole numbers ≥ 1, got (declare-output Y Real [1,0]) at p.vnnlib:2:22; correct it",
    declared("(declare-output Y Real [1,0])"),
  ],
  [
    "no outputs",
    "spec-declaration",
    "expected outputs of network net, got none at p.vnnlib:2:1; declare at least one",
    declared("(declare-input X Real [1])"),
  ],
  [
    "a name twice",
    "spec-declaration",
    "expected a name that nothing else has, got (declare-output X Real [1]) at p.vnnlib:2:49; call it otherwise",
    declared("(declare-input X Real [1])", "(declare-output X Real [1])"),
  ],
  [
    "something else in a network",
    "spec-declaration",
    "expected one of declare-input, declare-hidden, declare-output in a network, got (declare-weight W Real [1]) at p.vnnlib:2:22; correct it",
    declared("(declare-weight W Real [1])"),
  ],
  [
    "an index too large",
    "spec-name",
    "expected an element of X of shape [1,2], counted from 0, got X[0,2] at p.vnnlib:3:13; correct the indices",
    asserted("(<= X[0,2] 1)"),
  ],
  [
    "an index too few",
    "spec-name",
    "expected an element of X of shape [1,2], counted from 0, got X[0] at p.vnnlib:3:13; correct the indices",
    asserted("(<= X[0] 1)"),
  ],
  [
    "no indices",
    "spec-name",
    "expected an element of Y of shape [2], counted from 0, got Y at p.vnnlib:3:13; correct the indices",
    asserted("(<= Y 1)"),
  ],
  [
    "another name",
    "spec-name",
    "expected a variable of network net, got Z[0] at p.vnnlib:3:13; declare it in the network",
    asserted("(<= Z[0] 1)"),
  ],
  [
    "no bound",
    "spec-unbounded",
    "expected every input to be bounded on both sides, got X[0,1] without a bound above in p.vnnlib; assert (<= X[0,1] …)",
    () => read(version2(NET, "(<= 0 X[0,0] 1)", "(<= 0 X[0,1])")),
  ],
  [
    "a product of variables",
    "spec-nonlinear",
    "expected a product of constants and at most one variable, got (* X[0,0] X[0,1]) at p.vnnlib:3:13; state the property with linear constraints only",
    asserted("(<= (* X[0,0] X[0,1]) 1)"),
  ],
  [
    "a declaration of version 1",
    "spec-operator",
    "expected (declare-network …) or (assert CONSTRAINT), got (declare-const X_0 Real) at p.vnnlib:2:1; see the VNN-LIB standard for the format",
    () => read(version2("(declare-const X_0 Real)")),
  ],
])("refused: %s", (...refusal) => expectRefusal(refusal));
