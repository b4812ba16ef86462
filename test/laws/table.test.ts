/** No operator without a law. */
import { expect, it } from "vitest";
import { isGap, ops } from "../../src/ops/index.ts";
import { rows } from "./rows/index.ts";

it("every operator has a row, and every row an operator", () => {
  const met = new Set(rows.filter((row) => !row.build).map((row) => row.op));
  expect(Object.keys(ops).filter((name) => !met.has(name))).toEqual([]);
  expect([...met].filter((name) => !ops[name])).toEqual([]);
});

it("gaps are sentences", () => {
  for (const [name, op] of Object.entries(ops))
    for (const answer of [op.vjp, op.interval, op.lines]) if (isGap(answer)) expect(answer.gap, name).toMatch(/^\w+( \S+){2,}$/);
});

it("what has no float64 kernel has a composition, and so has what is bounded by one", () => {
  for (const [name, op] of Object.entries(ops))
    if (op.noFloat64 || op.lines === "composed" || op.interval === "composed") expect(op.compose, name).toBeTypeOf("function");
});
