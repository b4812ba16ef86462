/** Formulas at random, through text, normal form and boxes, mean what their plain evaluation says. */
import { expect, test } from "vitest";
import { bits, fold, seedKey } from "../../../src/base/index.ts";
import { holds } from "../../../src/verify/spec/index.ts";
import { read, version1 } from "./reading.ts";

const [INPUTS, OUTPUTS, DEPTH] = [2, 2, 4];
type Truth = (v: Readonly<Record<string, number>>) => boolean;
type Value = (v: Readonly<Record<string, number>>) => number;

/** A formula and its meaning in small whole numbers, on which JavaScript's arithmetic is exact. */
function random(seed: number): readonly [text: string, truth: Truth] {
  const words = bits(fold(seedKey(3), seed), 4000);
  let at = 0;
  const draw = (n: number): number => words[at++ % words.length]! % n;
  const term = (depth: number): readonly [string, Value] => {
    const kind = draw(depth > 0 ? 6 : 3);
    if (kind === 0) {
      const c = draw(7) - 3;
      return [c < 0 && draw(2) ? `(- ${-c})` : `${c}`, () => c];
    }
    if (kind < 3) {
      const name = draw(2) ? `X_${draw(INPUTS)}` : `Y_${draw(OUTPUTS)}`;
      return [name, (v) => v[name]!];
    }
    const [a, b] = [term(depth - 1), term(depth - 1)];
    if (kind === 3) return [`(+ ${a[0]} ${b[0]})`, (v) => a[1](v) + b[1](v)];
    if (kind === 4) return [`(- ${a[0]} ${b[0]})`, (v) => a[1](v) - b[1](v)];
    const c = draw(5) - 2;
    return [draw(2) ? `(* ${c} ${a[0]})` : `(* ${a[0]} ${c})`, (v) => c * a[1](v)];
  };
  const formula = (depth: number): readonly [string, Truth] => {
    const kind = draw(depth > 0 ? 6 : 2);
    if (kind < 2) {
      const [a, b] = [term(2), term(2)];
      const all: readonly (readonly [string, (p: number, q: number) => boolean])[] = [
        ["<=", (p, q) => p <= q],
        ["<", (p, q) => p < q],
        [">=", (p, q) => p >= q],
        [">", (p, q) => p > q],
        ["=", (p, q) => p === q],
        ["!=", (p, q) => p !== q],
      ];
      const [sign, compare] = all[draw(all.length)]!;
      return [`(${sign} ${a[0]} ${b[0]})`, (v) => compare(a[1](v), b[1](v))];
    }
    if (kind === 2) {
      const [text, truth] = formula(depth - 1);
      return [`(not ${text})`, (v) => !truth(v)];
    }
    const parts = Array.from({ length: 1 + draw(3) }, () => formula(depth - 1));
    const texts = parts.map(([text]) => text).join(" ");
    return kind < 5 ? [`(or ${texts})`, (v) => parts.some(([, t]) => t(v))] : [`(and ${texts})`, (v) => parts.every(([, t]) => t(v))];
  };
  const [text, truth] = formula(DEPTH);
  return [text, truth];
}

test("on every point of a grid", async () => {
  const grid = [-2, -1, 0, 1, 2];
  let [met, held] = [0, 0];
  for (let seed = 0; seed < 300; seed++) {
    const [text, truth] = random(seed);
    const box = Array.from({ length: INPUTS }, (_, i) => `(<= -2 X_${i} 2)`);
    const { specification } = await read(version1(INPUTS, OUTPUTS, ...box, text));
    for (const x of grid.flatMap((a) => grid.map((b) => [a, b])))
      for (const y of [
        [0, 0],
        [1, -1],
        [-2, 3],
        [2, 2],
      ]) {
        const expected = truth({ X_0: x[0]!, X_1: x[1]!, Y_0: y[0]!, Y_1: y[1]! });
        expect(holds(specification, x, y) !== null, `${text} at x = ${x}, y = ${y}`).toBe(expected);
        met++;
        held += Number(expected);
      }
  }
  // neither all true nor all false, or nothing was tested
  expect(held / met).toBeGreaterThan(0.2);
  expect(held / met).toBeLessThan(0.8);
});
