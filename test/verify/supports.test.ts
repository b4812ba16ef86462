/** The list of operators that are read, against the rows of the laws: each listed one in a model of its own, each other one refused by name. */
import { describe, expect, test } from "vitest";
import { input } from "../../src/graph/index.ts";
import { ops } from "../../src/ops/index.ts";
import { builder, constant } from "../../src/pass/index.ts";
import { networkOf, READ } from "../../src/verify/net/read.ts";
import { bind, keyOf } from "../laws/graphs.ts";
import { dtypeOf, sample, shapeOf } from "../laws/row.ts";
import { rows } from "../laws/rows/index.ts";

/** What reading says of each row of an operator that data goes into: null where it is accepted. */
function answers(op: string): (string | null)[] {
  return rows
    .filter((row) => row.op === op && !row.build && (ops[op]!.still || row.inputs.some((s) => s?.kind === "data")))
    .flatMap((row, i) =>
      [false, true].flatMap((alone) => {
        try {
          const e = builder();
          const data = input("float32", [1, 3], "x");
          const first = row.inputs.findIndex((s) => s?.kind === "data");
          const given = bind(e, row, "float32", (s, slot) =>
            s.kind === "data" && slot === first
              ? input("float32", alone ? [1, ...shapeOf(s).slice(1)] : shapeOf(s), "x")
              : constant(sample(s, keyOf(row, i, `weight ${slot}`), dtypeOf(s, "float32"), slot)),
          );
          const [made] = e.node(row.op, given, row.attrs);
          const moving = given[first];
          // what gives no data of its own stands beside some
          const y = ops[op]!.still
            ? e.Add(e.Cast(e.node("ReduceSum", [e.Cast(made!, { to: 1 })], { keepdims: 0 })[0]!, { to: 1 }), data)
            : made!;
          const network = networkOf({ inputs: ops[op]!.still ? (moving ? [moving, data] : [data]) : [moving!], outputs: [y] });
          return ["unread" in network ? network.unread : null];
        } catch {
          // some rows are of another batch only
          return [];
        }
      }),
    );
}

describe("listed", () => {
  test.each(READ)("%s", (op) => {
    const given = answers(op);
    expect(given.length).toBeGreaterThan(0);
    expect(given).toContain(null);
  });
});

describe("not listed", () => {
  test.each(Object.keys(ops).filter((op) => !READ.includes(op)))("%s", (op) => {
    for (const said of answers(op)) expect(said).toMatch(new RegExp(`^${op}\\b`));
  });
});
