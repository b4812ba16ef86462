/** What is trained on lies in the ball and in the data's range, and is what the papers' equations give. */
import { describe, expect, test } from "vitest";
import { full, seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { input, type Value } from "../../src/graph/index.ts";
import { type Ball, fgsmRs, pgdTraining } from "../../src/harden/index.ts";
import { builder } from "../../src/pass/index.ts";
import { evaluate } from "../../src/run/index.ts";
import type { Adversary } from "../../src/train/index.ts";

const [N, D] = [30, 6];
const slope = uniform(seedKey(1), D, -1, 1);

/** The adversary's points for loss ⟨slope, x⟩, whose gradient is the slope everywhere, from noise that is given. */
async function points(adversary: Adversary, x: Tensor<"float32">, noise: Tensor<"float32">): Promise<Float32Array> {
  const e = builder();
  const [xs, start] = [input("float32", [N, D], "x"), input("float32", [N, D], "noise")];
  const lossAt = (z: Value) => e.Reshape(e.MatMul(z, e.constant(tensor(slope, [D, 1]))), e.ints([-1]));
  const z = adversary({ e, x: xs, labels: input("int64", [N], "labels"), lossAt, noise: () => start });
  const [out] = await evaluate([z], new Map([[xs, x], [start, noise]])); // biome-ignore format: one thought
  return out!.data as Float32Array;
}

const cases: readonly [what: string, ball: Ball & { range: readonly [number, number] }, make: (ball: Ball) => Adversary][] = [
  ["FGSM with random start, images", { epsilon: 0.3, range: [0, 1] }, (ball) => fgsmRs(ball)],
  ["FGSM with random start, bytes", { epsilon: 16, range: [0, 255] }, (ball) => fgsmRs(ball)],
  ["PGD, images", { epsilon: 0.1, range: [0, 1] }, (ball) => pgdTraining(ball)],
  ["PGD, any range", { epsilon: 0.5, range: [-3, 5] }, (ball) => pgdTraining(ball, 3)],
];

describe.each(cases)("%s", (_, ball, make) => {
  const [low, high] = ball.range;
  const x = tensor(uniform(seedKey(2), N * D, low, high), [N, D]);
  const noise = tensor(uniform(seedKey(3), N * D, -ball.epsilon, ball.epsilon), [N, D]);
  test("in the ball, in the range, and never less loss than at its start", async () => {
    const found = await points(make(ball), x, noise);
    found.forEach((v, i) => {
      expect(Math.abs(v - x.data[i]!)).toBeLessThanOrEqual(ball.epsilon * (1 + 1e-5));
      expect(v).toBeGreaterThanOrEqual(low);
      expect(v).toBeLessThanOrEqual(high);
      const start = Math.min(Math.max(x.data[i]! + noise.data[i]!, low), high);
      expect((v - start) * Math.sign(slope[i % D]!)).toBeGreaterThanOrEqual(-1e-5 * high);
    });
  });
});

test("one step of 1.25 ε from δ: clip(δ + 1.25 ε·sign), as Wong et al.'s Algorithm 3 says", async () => {
  const [epsilon, x] = [0.2, full([N, D], 0.5)];
  const noise = tensor(uniform(seedKey(4), N * D, -epsilon, epsilon), [N, D]);
  const found = await points(fgsmRs({ epsilon }), x as Tensor<"float32">, noise);
  found.forEach((v, i) => {
    const delta = Math.min(Math.max(noise.data[i]! + 1.25 * epsilon * Math.sign(slope[i % D]!), -epsilon), epsilon);
    expect(v).toBeCloseTo(0.5 + delta, 5);
  });
});

test("of a linear loss PGD finds the corner", async () => {
  const epsilon = 0.2;
  const noise = tensor(uniform(seedKey(5), N * D, -epsilon, epsilon), [N, D]);
  const found = await points(pgdTraining({ epsilon }, 10), full([N, D], 0.5) as Tensor<"float32">, noise);
  found.forEach((v, i) => {
    expect(v).toBeCloseTo(0.5 + epsilon * Math.sign(slope[i % D]!), 5);
  });
});
