/** What cannot be answered soundly is refused, with the code of the question. */
import { describe, expect, it } from "vitest";
import { type Emit, input, type Value } from "../../src/graph/index.ts";
import { builder, intervals, linear, rebatch } from "../../src/pass/index.ts";

const codeOf = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return "none";
};

/** Bounds of `y` over a box of `v`, asked for at batch 1 and 4 rows. */
function bounds(make: (e: Emit, v: Value) => Value) {
  const e = builder();
  const v = input("float32", [1, 4]);
  const y = make(e, v);
  const [lo, hi] = [input("float32", [1, 4]), input("float32", [1, 4])];
  const wide = rebatch({ inputs: [v], outputs: [y] }, 4);
  const out = wide.graph.outputs[0]!;
  return {
    interval: () => intervals(e, [y], new Map([[v, { lo, hi }]])),
    linear: () => linear(e, out, input("float32", [4, ...out.type.shape.slice(1)]), wide.graph.inputs, () => ({ lo, hi })),
  };
}

describe("an index that depends on the data", () => {
  const indices = (e: Emit, v: Value) => e.Cast(e.Relu(v), { to: 7 });
  it.each([
    [
      "Gather",
      (e: Emit, v: Value) =>
        e.Gather(v, e.Slice(e.Reshape(indices(e, v), e.ints([-1])), e.ints([0]), e.ints([1]), e.ints([0]), e.ints([1])), { axis: 1 }),
    ],
    ["GatherElements", (e: Emit, v: Value) => e.GatherElements(v, indices(e, v), { axis: 1 })],
    ["ScatterElements", (e: Emit, v: Value) => e.ScatterElements(v, indices(e, v), v, { axis: 1, reduction: "add" })],
  ])("%s", (_, make) => {
    const { interval, linear } = bounds(make);
    expect(codeOf(interval)).toBe("operator-no-interval");
    expect(codeOf(linear)).toBe("operator-no-lines");
  });
});

describe("a value whose axis 0 is not the batch", () => {
  it.each([
    ["a sum over the batch", (e: Emit, v: Value) => e.ReduceSum(v, e.ints([0]), { keepdims: 1 })],
    // as many columns as rows: the shapes alone do not tell
    ["a transpose", (e: Emit, v: Value) => e.Relu(e.Transpose(v, { perm: [1, 0] }))],
  ])("%s", (_, make) => {
    expect(codeOf(bounds(make).linear)).toBe("linear-batch");
  });
});
