/** What augmentations do to a picture, draw by draw; that a gradient passes; that ADA's probability moves as it should. */
import { describe, expect, test } from "vitest";
import { full, type Tensor } from "../../src/base/index.ts";
import { type AugmentationName, ada, augmentations, betweenLatents, type Kept, r1 } from "../../src/gan/index.ts";
import type { Play } from "../../src/gan/play.ts";
import { type Emit, input, type Value } from "../../src/graph/index.ts";
import { builder, gradOf } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";

type Numbers = Tensor<"float32">;

const SIDE = 8;
const at = (c: number, y: number, x: number) => (c * SIDE + y) * SIDE + x;
/** One picture of three channels, every pixel another number in [0, 1]. */
const picture: Numbers = {
  dtype: "float32",
  shape: [1, 3, SIDE, SIDE],
  data: Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i % 97) / 97),
};
const pixel = (c: number, y: number, x: number) => (y < 0 || x < 0 || y >= SIDE || x >= SIDE ? 0 : picture.data[at(c, y, x)]!);

/** A picture changed, with these draws in turn, and the slope of the sum of squares of what came out. */
async function changed(name: AugmentationName, gate: number, draws: readonly number[]) {
  const e = builder();
  const x = input("float32", picture.shape, "x");
  const noise: Value[] = [];
  const draw: Play["draw"] = (_, shape) => {
    noise.push(input("float32", [...shape], `noise${noise.length}`));
    return noise.at(-1)!;
  };
  const y = augmentations[name]({ e, draw }, x, e.scalar(gate, x));
  const slope = gradOf(e, e.ReduceSum(e.Mul(y, e.scalar(0.5, y)), null, { keepdims: 0 }), [x])[0]!;
  const program = await compile({ inputs: [x, ...noise], outputs: [y, slope] }, { threads: 1 });
  expect(noise.length).toBe(draws.length);
  const [out, passed] = await program.run([picture, ...noise.map((v, i) => full(v.type.shape, draws[i]!))]);
  await program.release();
  return { out: out!.data as Float32Array, passed: passed!.data as Float32Array };
}

const mean = (c?: number) => {
  const all = c === undefined ? picture.data : picture.data.subarray(c * SIDE * SIDE, (c + 1) * SIDE * SIDE);
  return all.reduce((a, b) => a + b) / all.length;
};
const grey = (y: number, x: number) => (pixel(0, y, x) + pixel(1, y, x) + pixel(2, y, x)) / 3;

describe("augmentations", () => {
  const rows: readonly (readonly [AugmentationName, readonly number[], (c: number, y: number, x: number) => number])[] = [
    ["brightness", [0.25], (c, y, x) => pixel(c, y, x) + 0.25],
    ["contrast", [1.5], (c, y, x) => mean() + 1.5 * (pixel(c, y, x) - mean())],
    ["saturation", [0], (_, y, x) => grey(y, x)],
    ["saturation", [2], (c, y, x) => grey(y, x) + 2 * (pixel(c, y, x) - grey(y, x))],
    ["translation", [1.2, -0.3], (c, y, x) => pixel(c, y + 1, x - 1)],
    ["translation", [0, 0], pixel],
    ["cutout", [2.5, 4], (c, y, x) => (Math.abs(y - 2) < 2 && Math.abs(x - 4) < 2 ? 0 : pixel(c, y, x))],
    ["flip", [1], (c, y, x) => pixel(c, y, SIDE - 1 - x)],
    ["flip", [0], pixel],
  ];
  test.each(rows)("%s, drawn %o", async (name, draws, expected) => {
    const { out, passed } = await changed(name, 1, draws);
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE; x++) expect(out[at(c, y, x)], `${c} ${y} ${x}`).toBeCloseTo(expected(c, y, x), 5);
    expect(passed.some((v) => v !== 0)).toBe(true);
  });
  test.each(rows)("%s, drawn %o, but not to be changed", async (name, draws) => {
    const { out, passed } = await changed(name, 0, draws);
    picture.data.forEach((v, i) => {
      expect(out[i]).toBeCloseTo(v, 6);
    });
    for (const v of passed) expect(v).toBeCloseTo(0.5, 6);
  });
  test("of vectors they are refused", () => {
    const e = builder();
    const x = input("float32", [4, 2]);
    expect(() => augmentations.brightness({ e, draw: () => x }, x, x)).toThrow(/pictures \[N, C, H, W\] to augment/);
  });
});

/** A regulariser's hook on scalars: what it kept after one step from `p`. */
async function kept(run: (play: Pick<Play, "e" | "keep">, real: Value) => void, p: number, logits: readonly number[]): Promise<number> {
  const e = builder();
  const [before, real] = [input("float32", [], "p"), input("float32", [logits.length, 1], "real")];
  let after: Value = before;
  const keep = (): Kept => ({
    value: before,
    set: (v) => {
      after = v;
    },
  });
  run({ e, keep }, real);
  const program = await compile({ inputs: [before, real], outputs: [after] }, { threads: 1 });
  const [out] = await program.run([full([], p), { dtype: "float32", shape: [logits.length, 1], data: Float32Array.from(logits) }]);
  await program.release();
  return Number(out!.data[0]);
}

test("ADA's p rises while the discriminator is sure, falls while it is not, and stays in [0, 1]", async () => {
  const { watch } = ada({ target: 0.6, span: 100 });
  expect(await kept(watch!, 0.5, [1, 2, 3, 4])).toBeCloseTo(0.54, 6);
  expect(await kept(watch!, 0.5, [1, -2, 3, -4])).toBeCloseTo(0.46, 6);
  expect(await kept(watch!, 0.99, [1, 2, 3, 4])).toBe(1);
  expect(await kept(watch!, 0.01, [-1, -2, -3, -4])).toBe(0);
});

test("a weight that falls goes along half a cosine", async () => {
  const e: Emit = builder();
  const [x, progress] = [input("float32", [1, 1], "x"), input("float32", [], "progress")];
  const critic = (v: Value) => e.Mul(v, e.scalar(3, v));
  const play = { e, real: x, fake: x, critic, progress } as unknown as Play;
  const program = await compile({ inputs: [x, progress], outputs: [r1(1, 0.1).discriminator!(play)] }, { threads: 1 });
  for (const [at, weight] of [
    [0, 1],
    [0.5, 0.55],
    [1, 0.1],
  ] as const) {
    const [out] = await program.run([full([1, 1], 1), full([], at)]);
    expect(Number(out!.data[0])).toBeCloseTo((weight / 2) * 9, 4);
  }
  await program.release();
});

describe("ways between latent vectors", () => {
  const [a, b] = [Float32Array.of(2, 0), Float32Array.of(0, 2)];
  test("of normal noise keep their distance from 0; of uniform noise are straight", () => {
    const round = betweenLatents(a, b, 5, { draw: { kind: "normal" } });
    for (let k = 0; k < 5; k++) expect(Math.hypot(round.data[2 * k]!, round.data[2 * k + 1]!)).toBeCloseTo(2, 5);
    const straight = betweenLatents(a, b, 5, { draw: { kind: "uniform", low: -1, high: 1 } });
    expect([...straight.data]).toEqual([2, 0, 1.5, 0.5, 1, 1, 0.5, 1.5, 0, 2]);
  });
  test("begin and end where they should, also on one line through 0", () => {
    for (const [p, q] of [
      [a, b],
      [a, a],
      [a, a.map((v) => -v)],
      [a.map(() => 0), b],
    ] as const) {
      const way = betweenLatents(p, q, 3, { draw: { kind: "normal" } }).data;
      for (const [i, v] of [...p, ...q].entries()) expect(way[i < 2 ? i : i + 2]).toBeCloseTo(v, 5);
    }
  });
});
