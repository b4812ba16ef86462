/** The game of 2014: its losses and moves in closed form, its networks, and the range of what is made. */
import { describe, expect, test } from "vitest";
import { fold, numbers, seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { GAN_METRICS, ganPair, ganStep, type Pair, trainGan } from "../../src/gan/index.ts";
import { dense, reshape, sequential } from "../../src/nn/index.ts";
import { constant, sgd } from "../../src/optim/index.ts";

const keys = { generator: fold(seedKey(0), "generator"), discriminator: fold(seedKey(0), "discriminator") };

describe("one step of two linear players", () => {
  // G(z) = g·z, D(x) = σ(d·x): both gradients can be written down
  const [g, d, rate] = [0.7, -0.4, 0.1];
  const B = 4;
  const linear = (w: number) => dense(1, { init: () => tensor([w], [1, 1]), bias: false });
  const pair: Pair = {
    spec: {
      latent: { size: 1, draw: { kind: "normal" } },
      generator: linear(g),
      discriminator: linear(d),
      bounded: false,
      transform: sgd(),
      schedule: constant(rate),
      batch: B,
    },
    generator: sequential(linear(g), reshape(1))([1], seedKey(0)),
    discriminator: linear(d)([1], seedKey(0)),
  };
  const real = [1.5, -0.3, 0.8, 2];
  const z = [0.4, -1.2, 0.9, -0.1];
  const fake = z.map((v) => g * v);
  const σ = (t: number) => 1 / (1 + Math.exp(-t));
  const mean = (xs: number[]) => xs.reduce((a, b) => a + b) / xs.length;

  test("losses, accuracies and both moves", async () => {
    const step = await ganStep(pair, { threads: 1 });
    const column = (xs: number[]): Tensor => tensor(xs, [B, 1]);
    const [metrics] = await step.program.steps([[column(real), tensor([rate], []), column(z)]]);
    const found = Object.fromEntries(GAN_METRICS.map((m, i) => [m, numbers(metrics![i]!)[0]!]));
    expect(found["discriminator/loss"]).toBeCloseTo(
      0.5 * (mean(real.map((x) => -Math.log(σ(d * x)))) + mean(fake.map((x) => -Math.log(1 - σ(d * x))))),
      5,
    );
    expect(found["generator/loss"]).toBeCloseTo(mean(fake.map((x) => -Math.log(σ(d * x)))), 5);
    expect(found["discriminator/accuracy-real"]).toBeCloseTo(mean(real.map((x) => Number(d * x > 0))), 6);
    expect(found["discriminator/accuracy-fake"]).toBeCloseTo(mean(fake.map((x) => Number(d * x < 0))), 6);
    // dL_D/dd = ½(mean((σ(dx) − 1)x) + mean(σ(dx̂)x̂)), dL_G/dg = mean((σ(dx̂) − 1)·d·z); both from the same parameters
    const dNext = d - rate * 0.5 * (mean(real.map((x) => (σ(d * x) - 1) * x)) + mean(fake.map((x) => σ(d * x) * x)));
    const gNext = g - rate * mean(z.map((v, i) => (σ(d * fake[i]!) - 1) * d * v));
    const state = new Map(step.program.read().map((t, i) => [step.names[i]!, numbers(t)]));
    const weight = (who: string) => [...state].find(([name]) => name.startsWith(`${who}/param/`))![1][0]!;
    expect(weight("discriminator")).toBeCloseTo(dNext, 6);
    expect(weight("generator")).toBeCloseTo(gNext, 6);
    await step.program.release();
  });
});

test("the networks of 2014: sizes as published", () => {
  const { generator, discriminator } = ganPair("mlp2014", [1, 28, 28], keys);
  const count = (params: typeof generator.params) => Object.values(params).reduce((n, t) => n + t.data.length, 0);
  expect(count(generator.params)).toBe(101 * 1200 + 1201 * 1200 + 1201 * 784);
  expect(count(discriminator.params)).toBe(785 * 1200 + 241 * 1200 + 241);
  expect([generator.outputShape, discriminator.outputShape]).toEqual([[1, 28, 28], [1]]);
});

test.each([
  [0, 1],
  [0, 255],
  [-1, 1],
])("samples of data in [%d, %d] lie there", async (low, high) => {
  const pair = ganPair("mlp2014", [1, 3, 3], keys, [low, high]);
  const x = tensor(uniform(seedKey(1), 200 * 9, low, high), [200, 1, 3, 3]);
  const shown: Tensor[] = [];
  await trainGan(pair, x, { epochs: 1, threads: 1, samples: 20, onSamples: async (_, samples) => void shown.push(samples) });
  const values = numbers(shown.at(-1)!);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
  expect(Math.max(...values)).toBeLessThanOrEqual(high);
  expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.01 * (high - low));
});
