/** Units of the user's own: brought to the size that networks are meant for, and back. */
import { expect, test } from "vitest";
import { numbers, tensor } from "../../src/base/index.ts";
import { dataset, inUnits, outOfUnits, unitsOf } from "../../src/data/index.ts";

const of = (x: readonly number[], shape: readonly number[]) => dataset({ name: "x", x: tensor([...x], shape) });

test("each number of vectors has its own, one that never changes is shifted", () => {
  const data = of([100, 0.001, 7, 300, 0.003, 7, 200, 0.001, 7], [3, 3]);
  const units = unitsOf(data)!;
  expect(units.range).toEqual([-1, 1]);
  const seen = inUnits(data.x, units);
  for (const [i, v] of [-1, -1, 0, 1, 1, 0, 0, -1, 0].entries()) expect(numbers(seen)[i]).toBeCloseTo(v, 4);
  for (const [i, v] of numbers(outOfUnits(seen, units)).entries()) expect(v).toBeCloseTo(data.x.data[i]!, 5);
});

test("pictures have one for all, and none in [0, 1]", () => {
  const bytes = of([0, 255, 51, 102], [1, 1, 2, 2]);
  expect(numbers(inUnits(bytes.x, unitsOf(bytes)))).toEqual([0, 1, Math.fround(0.2), Math.fround(0.4)]);
  expect(unitsOf(of([0, 1, 0.5, 0.5], [1, 1, 2, 2]))).toBeNull();
  expect(inUnits(bytes.x, null)).toBe(bytes.x);
});
