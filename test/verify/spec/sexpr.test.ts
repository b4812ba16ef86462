/** The text itself: what separates words, and the line and column of what is wrong. */
import { expect, test } from "vitest";
import { parseSexprs, type Sexpr } from "../../../src/verify/spec/sexpr.ts";
import { expectRefusal, type Refusal } from "../../data/refusal.ts";

const parsed = (text: string) => parseSexprs({ name: "p.vnnlib", text });

const plain = (node: Sexpr): unknown =>
  node.kind === "list" ? node.items.map(plain) : node.kind === "atom" && node.brackets ? [node.text, { at: node.brackets }] : node.text;

test.each<readonly [text: string, forms: unknown[]]>([
  ["", []],
  ["; only a comment (assert", []],
  ["(a)(b)", [["a"], ["b"]]],
  ["(a(b)c)", [["a", ["b"], "c"]]],
  ["\t( a\r\n( b )\r)\n", [["a", ["b"]]]],
  ["(a;not (this)\nb)", [["a", "b"]]],
  ["(a ; the line ends with a return\rb)", [["a", "b"]]],
  ["(<= X[0,2] 1.0)", [["<=", ["X", { at: [0, 2] }], "1.0"]]],
  ["(<= X [ 0 , 2 ] 1.0)", [["<=", ["X", { at: [0, 2] }], "1.0"]]],
  ["(declare-output Y Real[])", [["declare-output", "Y", ["Real", { at: [] }]]]],
  ['(declare-hidden H Real [1] "a (b) \\" ; c")', [["declare-hidden", "H", ["Real", { at: [1] }], '"a (b) \\" ; c"']]],
  ["(vnnlib-version <2.0>)", [["vnnlib-version", "<2.0>"]]],
  ["sat ((X_0 1))", ["sat", [["X_0", "1"]]]],
])("%j", (text, forms) => expect(parsed(text).map(plain)).toEqual(forms));

test.each<Refusal>([
  [
    "an open parenthesis",
    "spec-syntax",
    "expected a ) for every (, got one without at p.vnnlib:2:1; close it",
    () => parsed("(a)\n(b (c)"),
  ],
  [
    "one too many",
    "spec-syntax",
    "expected a ( before every ), got ) at p.vnnlib:2:5; delete it, or open what it closes",
    () => parsed("(a)\r\n(b) )"),
  ],
  [
    "an open bracket",
    "spec-syntax",
    'expected what opens with [ or " to close, and only that, got [ at p.vnnlib:1:6; balance it',
    () => parsed("(<= X[0 1)"),
  ],
  [
    "a closing bracket",
    "spec-syntax",
    'expected what opens with [ or " to close, and only that, got ] at p.vnnlib:1:6; balance it',
    () => parsed("(<= X] 1)"),
  ],
  [
    "an open quote",
    "spec-syntax",
    'expected what opens with [ or " to close, and only that, got " at p.vnnlib:3:2; balance it',
    () => parsed('\n\n("abc)'),
  ],
  [
    "brackets after nothing",
    "spec-syntax",
    "expected a name before [, got [1] at p.vnnlib:1:2; write it like X[0,2]",
    () => parsed("([1])"),
  ],
  [
    "no numbers",
    "spec-syntax",
    "expected whole numbers with commas between them, got [1 4] at p.vnnlib:1:3; write it like [1,5]",
    () => parsed("(X[1 4])"),
  ],
  [
    "a pit of parentheses",
    "spec-syntax",
    "expected parentheses nested at most 500 deep, got one more at p.vnnlib:1:501; flatten the formula",
    () => parsed("(".repeat(100_000)),
  ],
])("%s", (...refusal) => expectRefusal(refusal));
