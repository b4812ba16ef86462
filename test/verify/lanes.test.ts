/** What lanes in threads of their own are given: goals as plain data, curves among them by their names. */
import { describe, expect, test } from "vitest";
import * as curves from "../../src/verify/net/curve/index.ts";
import { curveNamed } from "../../src/verify/net/curve/named.ts";
import { evaluate } from "../../src/verify/net/network.ts";
import { goalOf } from "../../src/verify/search/goal.ts";
import { received, sent } from "../../src/verify/search/lanes.ts";
import { BENDING } from "./bending.ts";
import { networkFor } from "./escapes.ts";

const third = Math.fround(1 / 3);
const MADE = [
  curves.pow(-third),
  curves.pow(3),
  curves.square,
  curves.sqrt,
  curves.reciprocal,
  curves.swish(),
  curves.swish(Math.fround(1.702)),
  curves.erfGate(1e-7, -0.25, 1),
  curves.exponentialUnit({}),
  curves.exponentialUnit({ scale: Math.fround(1.05), alpha: -third, inner: 2 }),
];
const isCurve = (v: unknown): v is curves.Curve => typeof v === "object" && v !== null && "pieces" in v;
const ALL = new Map([...Object.values(curves).filter(isCurve), ...MADE].map((curve) => [curve.name, curve]));

test.each([...ALL])("%s is found by its name", (name, curve) => {
  const found = curveNamed(name);
  expect(found.name).toBe(name);
  for (const x of [0.3, 1, 7.25]) expect([found.at(x), found.slope(x)]).toEqual([curve.at(x), curve.slope(x)]);
  for (const [l, h] of [[0.5, 2], [-3, 1]] as const) expect(curves.lines(found, l, h)).toEqual(curves.lines(curve, l, h)); // biome-ignore format: one line
});

test("what is called otherwise is none", () => {
  for (const name of ["", "sigmoid (1)", "toString (1)", "power"]) expect(() => curveNamed(name)).toThrow(/no curve/);
});

describe("goals that are sent", () => {
  test.each(BENDING)("%s: are the same goals", (kind) => {
    const network = networkFor(kind, 1);
    const goal = goalOf(network, [[{ outputs: [[0, 1]], inputs: [[0, 0.5]], bound: 0.25 }]]);
    const there = received(structuredClone(sent(goal)));
    expect(there.disjuncts).toEqual(goal.disjuncts);
    const x = new Float64Array(network.vertices[0]!.size).fill(0.1);
    expect(evaluate(there.network, x)).toEqual(evaluate(goal.network, x));
  });
});
