import { expect, test } from "vitest";
import { binomialTail, nearChance } from "../../src/model/chance.ts";

/** scipy.stats.binom.sf(k − 1, n, p) */
test.each([
  [24, 200, 0.1, 0.20170235200972658],
  [6, 10, 0.5, 0.376953125],
  [1, 1, 0.25, 0.25],
  [120, 1000, 0.1, 0.021996144965794422],
  [0, 10, 0.3, 1],
])("P(X ≥ %i of %i at %f)", (k, n, p, expected) => {
  expect(Math.abs(binomialTail(k, n, p) - expected)).toBeLessThan(1e-9);
});

test.each([
  ["a guess on many", 0.12, 10, 200, true],
  ["less than a guess", 0.02, 10, 200, true],
  ["better than a guess", 0.2, 10, 200, false],
  ["bad, but not a guess", 0.13, 10, 2000, false],
  ["too few samples to tell", 0.5, 2, 4, false],
  ["all right on few", 1, 2, 3, false],
  ["half right of two classes", 0.5, 2, 200, true],
])("%s", (_, accuracy, classes, n, expected) => {
  expect(nearChance(accuracy, classes, n)).toBe(expected);
});
