import { expect, test } from "vitest";
import { classOrder, orderText } from "../../src/model/index.ts";

/** Labels 0, 1, …, K − 1 over and over, and what a model says that is right but for an order of its own, and wrong where `wrong` says. */
const answers = (n: number, order: readonly number[], wrong: (i: number) => boolean = () => false) => {
  const labels = Array.from({ length: n }, (_, i) => i % order.length);
  return { labels, predicted: labels.map((y, i) => order[wrong(i) ? (y + 1) % order.length : y]!) };
};

test.each<[string, number, readonly number[], ((i: number) => boolean) | undefined, readonly number[] | null]>([
  ["two classes swapped", 40, [1, 0], undefined, [1, 0]],
  ["numbered as strings sort: 0, 1, 10, 2", 44, [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 2], undefined, [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 2]],
  ["with an error in ten", 100, [2, 0, 1], (i) => i % 10 === 9, [2, 0, 1]],
  ["right", 40, [0, 1], undefined, null],
  ["right but for a few", 12, [0, 1, 2], (i) => i === 4, null],
  ["wrong without an order", 60, [1, 2, 0], (i) => i % 2 === 0, null],
  ["too few to tell", 8, [1, 0], undefined, null],
])("%s", (_, n, order, wrong, expected) => {
  const { labels, predicted } = answers(n, order, wrong);
  expect(classOrder(predicted, labels, order.length)).toEqual(expected);
});

test("one answer for all is no order", () => {
  const labels = Array.from({ length: 40 }, (_, i) => i % 2);
  expect(classOrder(new Int32Array(40), labels, 2)).toBeNull();
  expect(classOrder(new Int32Array(40), new Int32Array(40).fill(1), 2)).toBeNull();
});
test("in words", () => {
  expect(orderText([1, 0, 2])).toBe("0 → 1, 1 → 0");
  expect(orderText([1, 2, 3, 4, 5, 0])).toBe("0 → 1, 1 → 2, 2 → 3, 3 → 4, …");
});
