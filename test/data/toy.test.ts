import { describe, expect, it, test } from "vitest";
import { seedKey } from "../../src/base/index.ts";
import { grid, type Mixture, ring, TOY_NAMES, type ToyName, toy } from "../../src/data/index.ts";
import { expectRefusal } from "./refusal.ts";

const N = 20_000;

describe.each(TOY_NAMES)("%s", (name) => {
  const { x, y, classes, range, inputShape } = toy(name, seedKey(7), N);

  test("points in the plane, inside the range, classes in equal number", () => {
    expect(inputShape).toEqual([2]);
    expect(x.shape).toEqual([N, 2]);
    expect(x.data.every((v) => v >= range[0] && v <= range[1])).toBe(true);
    const found = new Array<number>(classes.length).fill(0);
    for (const k of y) found[k]!++;
    for (const n of found) expect(Math.abs(n - N / classes.length)).toBeLessThan(1);
  });

  test("the key decides", () => {
    expect(toy(name, seedKey(7), N).x).toEqual(x);
    expect(toy(name, seedKey(8), N).x).not.toEqual(x);
  });
});

const mixtures: readonly (readonly [ToyName, Mixture, number])[] = [
  ["ring", ring, 8],
  ["grid", grid, 25],
];
test.each(mixtures)("%s: every mode has the mean and deviation it says", (name, { means, std }, modes) => {
  expect(new Set(means.map((m) => m.map((v) => v.toFixed(3)).join())).size).toBe(modes);
  const { x, y } = toy(name, seedKey(1), 1000 * modes);
  for (const [k, mean] of means.entries())
    for (const axis of [0, 1]) {
      const values = [...y].flatMap((label, i) => (label === k ? [x.data[2 * i + axis]!] : []));
      const average = values.reduce((a, b) => a + b) / values.length;
      const deviation = Math.sqrt(values.reduce((a, v) => a + (v - average) ** 2, 0) / values.length);
      // five standard errors of 1,000 samples
      expect(Math.abs(average - mean[axis]!)).toBeLessThan(5 * std * 0.032);
      expect(deviation / std).toBeGreaterThan(0.88);
      expect(deviation / std).toBeLessThan(1.12);
    }
});

test("moons lie on half circles of radius 1 about (0, 0) and (1, 1/2)", () => {
  const { x, y } = toy("moons", seedKey(2), N);
  for (let i = 0; i < N; i++) {
    const [a, b] = [x.data[2 * i]!, x.data[2 * i + 1]!];
    const off = y[i] === 0 ? Math.hypot(a, b) - 1 : Math.hypot(a - 1, b - 0.5) - 1;
    expect(Math.abs(off)).toBeLessThan(0.7);
    if (y[i] === 0) expect(b).toBeGreaterThan(-0.7);
    else expect(b).toBeLessThan(1.2);
  }
});

test("the second spiral is the first, turned by half a turn", () => {
  const { x, y } = toy("spirals", seedKey(3), N);
  // along an arm the angle is 3πr, so that half a turn apart is the other arm
  const wrong = Array.from(y).filter((label, i) => {
    const [a, b] = [x.data[2 * i]!, x.data[2 * i + 1]!];
    const turn = (Math.atan2(b, a) - 3 * Math.PI * Math.hypot(a, b)) / Math.PI - label;
    return Math.cos(Math.PI * turn) < 0;
  });
  expect(wrong.length / N).toBeLessThan(0.01);
});

test("the roll is its closed form and noise: radius = angle/(4.5π), the angle from 1.5π to 4.5π, uniform; its classes are the halves", () => {
  const { x, y } = toy("swiss-roll", seedKey(4), N);
  const std = 0.25 / (4.5 * Math.PI);
  let squares = 0;
  const along = Array.from(y, (label, i) => {
    const [a, b] = [x.data[2 * i]!, x.data[2 * i + 1]!];
    // of the two turns there may be, the one whose radius is nearest
    const turns = [0, 1, 2].map((k) => Math.atan2(b, a) + 2 * Math.PI * k + (Math.atan2(b, a) < 0 ? 2 * Math.PI : 0));
    const off = (angle: number) => Math.hypot(a, b) - angle / (4.5 * Math.PI);
    const angle = turns.reduce((best, t) => (Math.abs(off(t)) < Math.abs(off(best)) ? t : best));
    squares += off(angle) ** 2;
    const share = (angle / (1.5 * Math.PI) - 1) / 2;
    expect(Math.abs(share - (label + 0.5) / 2)).toBeLessThan(0.3);
    return share;
  });
  expect(Math.sqrt(squares / N) / std).toBeGreaterThan(0.9);
  expect(Math.sqrt(squares / N) / std).toBeLessThan(1.1);
  // Kolmogorov–Smirnov: 1.95/√N has probability 0.001; 0.005 for the noise along the arm
  const far = Math.max(...along.sort((a, b) => a - b).map((s, i) => Math.abs(s - (i + 0.5) / N)));
  expect(far).toBeLessThan(1.95 / Math.sqrt(N) + 0.005);
});

it("refuses another name", () =>
  expectRefusal([
    "",
    "toy-unknown",
    "expected one of ring, grid, moons, spirals, swiss-roll, got “moon”; choose one of those",
    () => toy("moon" as ToyName, seedKey(0)),
  ]));
