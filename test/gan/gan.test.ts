/** Networks as published, and the range of what is made. */
import { expect, test } from "vitest";
import { fold, numbers, seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { dataset, poolOf, unitsOf } from "../../src/data/index.ts";
import {
  answersOf,
  auxiliaryClassifier,
  drawLatent,
  type GanProgress,
  generatorGraph,
  gradientPenalty,
  judgeOf,
  type NetworkName,
  type RecipeOptions,
  r1,
  recipe,
  trainGan,
} from "../../src/gan/index.ts";
import { write } from "../../src/onnx/index.ts";
import { openFile } from "../../src/run/index.ts";

const images = (shape: readonly number[], [low, high]: readonly [number, number], n = 200) => {
  const x: Tensor<"float32"> = tensor(uniform(seedKey(1), n * shape.reduce((a, b) => a * b), low, high), [n, ...shape]);
  return poolOf(dataset({ name: "noise", x, y: new Uint8Array(n), range: [low, high] }));
};

test("the networks of 2014: sizes as published", () => {
  const { generator, discriminator } = recipe(images([1, 28, 28], [0, 1], 2), { model: "maxout2014", key: seedKey(0) });
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
  const pool = images([1, 3, 3], [low, high]);
  const gan = recipe(pool, { model: "maxout2014", key: seedKey(0) });
  const each = trainGan(gan, pool, { steps: 2, threads: 1 });
  let next = await each.next();
  while (!next.done) next = await each.next();
  const made = await answersOf(next.value.generator, drawLatent(gan, 20, fold(seedKey(0), "z")), { threads: 1 });
  const values = numbers(made);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
  expect(Math.max(...values)).toBeLessThanOrEqual(high);
  expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.01 * (high - low));
});

test.each<[NetworkName, readonly number[]]>([
  ["plane", [2]],
  ["pacgan", [2]],
  ["dcgan", [1, 28, 28]],
  ["dcgan", [3, 8, 8]],
  ["resnet", [3, 16, 16]],
  ["r3gan", [1, 28, 28]],
  ["r3gan", [3, 32, 32]],
])("%s plays on [%s] by its own recipe, and both networks become files", async (model, shape) => {
  const pool = images(shape, [0, 1], 16);
  const gan = recipe(pool, { model, ...(model !== "pacgan" && { width: 8 }), batch: 8, key: seedKey(0) });
  const before = gan.generator.params;
  const each = trainGan(gan, pool, { steps: 2, threads: 1 });
  let next = await each.next();
  while (!next.done) {
    for (const [name, v] of Object.entries(next.value.metrics)) expect(Number.isFinite(v), name).toBe(true);
    next = await each.next();
  }
  const { generator, discriminator } = next.value;
  expect(Object.keys(generator.weights).sort()).toEqual([...Object.keys(before), ...Object.keys(gan.generator.buffers)].sort());
  const made = await answersOf(generator, drawLatent(gan, 3, seedKey(2)), { threads: 1 });
  expect(made.shape).toEqual([3, ...shape]);
  expect((await answersOf(discriminator, made, { threads: 1 })).shape).toEqual([3, 1]);
});

test.each<[NetworkName, readonly number[], "stddev" | "discrimination"]>([
  ["plane", [2], "stddev"],
  ["pacgan", [2], "discrimination"],
  ["dcgan", [1, 8, 8], "stddev"],
  ["resnet", [3, 16, 16], "discrimination"],
])("the discriminator of %s on %o sees a batch by %s, which no penalty on each sample's slope can", async (model, shape, minibatch) => {
  const pool = images(shape, [0, 1], 16);
  const width = model === "pacgan" ? {} : { width: 8 };
  const options = { model, minibatch, ...width, batch: 8, loss: "non-saturating", key: seedKey(0) } as const;
  const each = trainGan(recipe(pool, options), pool, { steps: 1, threads: 1 });
  let next = await each.next();
  while (!next.done) {
    for (const [name, v] of Object.entries(next.value.metrics)) expect(Number.isFinite(v), name).toBe(true);
    next = await each.next();
  }
  const plain = shape.length === 3 ? ({ norm: "none" } as const) : {};
  expect(() => recipe(pool, { ...options, ...plain, regularisers: [r1()] })).toThrow(/one with minibatch/);
});

test("AC-GAN: the discriminator says the class itself, and the generator learns to be told", async () => {
  // two classes, black and white: a class that is told is seen at once
  const n = 64;
  const data = Float32Array.from({ length: n * 64 }, (_, i) => Number(Math.floor(i / 64) % 2));
  const pool = poolOf(
    dataset({ name: "tones", x: tensor(data, [n, 1, 8, 8]), y: Uint8Array.from({ length: n }, (_, i) => i % 2), range: [0, 1] }),
  );
  const gan = recipe(pool, {
    model: "small",
    width: 8,
    batch: 16,
    conditional: true,
    regularisers: [auxiliaryClassifier()],
    loss: "hinge",
    key: seedKey(0),
  });
  const each = trainGan(gan, pool, { steps: 60, threads: 1 });
  let next = await each.next();
  const told: number[] = [];
  for (; !next.done; next = await each.next()) told.push(next.value.metrics["discriminator/acgan"]!);
  // cross-entropy of two classes, on real and on generated samples: ln 2 each at first
  expect(told[0]).toBeCloseTo(2 * Math.log(2), 0);
  expect(told.at(-1)).toBeLessThan(told[0]! / 4);
  const z = drawLatent(gan, 20, seedKey(3));
  const tone = async (c: number) => {
    const labels: Tensor<"int64"> = { dtype: "int64", shape: [20], data: new BigInt64Array(20).fill(BigInt(c)) };
    const { data } = await answersOf(next.value.generator, z, { threads: 1 }, labels);
    return data.reduce((a, b) => a + b) / data.length;
  };
  expect((await tone(1)) - (await tone(0))).toBeGreaterThan(0.3);
  const plain = recipe(pool, { model: "small", width: 8, batch: 16, regularisers: [auxiliaryClassifier()], key: seedKey(0) });
  await expect(trainGan(plain, pool, { steps: 1 }).next()).rejects.toThrow(/add --conditional/);
});

test.each<[NetworkName, readonly number[]]>([
  ["plane", [2]],
  ["dcgan", [1, 8, 8]],
  ["resnet", [3, 16, 16]],
  ["r3gan", [1, 28, 28]],
])("%s, told the class of each sample, makes what is asked for", async (model, shape) => {
  const n = 16;
  const x: Tensor<"float32"> = tensor(uniform(seedKey(1), n * shape.reduce((a, b) => a * b)), [n, ...shape]);
  const pool = poolOf(dataset({ name: "noise", x, y: Uint8Array.from({ length: n }, (_, i) => i % 4), range: [0, 1] }));
  const gan = recipe(pool, { model, width: 8, batch: 8, conditional: true, key: seedKey(0) });
  expect(gan.classes).toBe(4);
  const each = trainGan(gan, pool, { steps: 1, threads: 1 });
  let next = await each.next();
  while (!next.done) next = await each.next();
  const { generator, discriminator } = next.value;
  // the file, run as it is
  const file = await openFile(write(generatorGraph(generator)), { threads: 1 });
  const latent = drawLatent(gan, 3, seedKey(2));
  const labels = (c: number): Tensor<"int64"> => ({ dtype: "int64", shape: [3], data: new BigInt64Array(3).fill(BigInt(c)) });
  const [zero] = await file.run([latent, labels(0)]);
  expect(zero!.shape).toEqual([3, ...shape]);
  await file.release();
  // the same latent vector, another class: another sample, where the class is told to the generator
  if (model !== "resnet") {
    const one = await answersOf(generator, latent, { threads: 1 }, labels(1));
    expect(numbers(one)).not.toEqual(numbers(zero!));
  }
  const real = zero as Tensor<"float32">;
  expect(numbers(await answersOf(discriminator, real, { threads: 1 }, labels(1)))).not.toEqual(
    numbers(await answersOf(discriminator, real, { threads: 1 }, labels(2))),
  );
  expect(() => recipe({ ...pool, classes: 1 }, { model, conditional: true, key: seedKey(0) })).toThrow(/labelled data of two classes/);
  expect(() => recipe({ ...pool, classes: 0 }, { model, conditional: true, key: seedKey(0) })).toThrow(/which has no labels/);
  await expect(trainGan(gan, { ...pool, classes: 0 }, { steps: 1 }).next()).rejects.toThrow(/for this conditional game, got .* no labels/);
});

test.each<[NetworkName, Partial<RecipeOptions>, RegExp]>([
  ["maxout2014", { conditional: true }, /networks that know --conditional: plane, small, dcgan, resnet, r3gan, got maxout2014; choose one/],
  ["pacgan", { width: 8 }, /that know --width: .*, got pacgan/],
  ["plane", { norm: "spectral" }, /that know --norm: small, dcgan, resnet, got plane/],
  ["r3gan", { norm: "batch" }, /that know --norm: .*, got r3gan/],
  ["maxout2014", { minibatch: "stddev" }, /that know --minibatch: .*, got maxout2014/],
  ["resnet", { norm: "batch" }, /spectral norm or none in the discriminator of resnet, got batch normalisation/],
])("%s refuses what it would not look at: %o", (model, options, says) => {
  const pool = { ...images([1, 16, 16], [0, 1], 4), classes: 3 };
  expect(() => recipe(pool, { model, ...options, key: seedKey(0) })).toThrow(says);
});

test("a loss that the recipe has anyway leaves its penalties as they are; another takes its own", () => {
  const pool = images([2], [0, 1], 4);
  const names = (options: Partial<RecipeOptions>) => recipe(pool, { ...options, key: seedKey(0) }).regularisers.map((r) => r.name);
  expect(names({})).toEqual(["r1", "r2"]);
  expect(names({ loss: "relativistic-paired" })).toEqual(["r1", "r2"]);
  expect(names({ loss: "hinge" })).toEqual([]);
  expect(names({ loss: "wasserstein-gp" })).toEqual(["gp"]);
});

test("under spectral norm what tells a discriminator the class is bounded as well", () => {
  const pool = { ...images([1, 16, 16], [0, 1], 4), classes: 3 };
  const buffers = (options: Partial<RecipeOptions>) =>
    Object.keys(recipe(pool, { model: "resnet", width: 8, conditional: true, ...options, key: seedKey(0) }).discriminator.buffers);
  expect(buffers({}).some((name) => name.endsWith("embedding.u"))).toBe(true);
  expect(buffers({ regularisers: [auxiliaryClassifier()] }).some((name) => name.endsWith("classes.weight.u"))).toBe(true);
  expect(buffers({ norm: "none" })).toEqual([]);
});

test("units do not matter: the game of points in others is the same game, and what it makes is in them", async () => {
  const n = 64;
  const plain = uniform(seedKey(1), 2 * n, -1, 1);
  // corners, so that both fill their range
  plain.set([-1, -1, 1, 1]);
  const played = async (f: (v: number, k: number) => number, pack: number) => {
    const data = dataset({
      name: "points",
      x: tensor(
        plain.map((v, i) => f(v, i % 2)),
        [n, 2],
      ),
    });
    const pool = { ...poolOf(data), units: unitsOf(data) };
    const gan = recipe(pool, { width: 8, batch: 8, pack, key: seedKey(0) });
    const each = trainGan(gan, pool, { steps: 5, threads: 1 });
    const losses: number[] = [];
    let next = await each.next();
    for (; !next.done; next = await each.next())
      losses.push(next.value.metrics["discriminator/loss"]!, next.value.metrics["discriminator/r1"]!);
    const { generator, discriminator } = next.value;
    const made = await answersOf(generator, drawLatent(gan, 6, seedKey(2)), { threads: 1 });
    return { losses, made: numbers(made), judged: Array.from(await judgeOf(discriminator, pack, { threads: 1 })(made)) };
  };
  for (const pack of [1, 2]) {
    const [one, other] = [await played((v) => v, pack), await played((v, k) => (k === 0 ? 5_000 + 1_000 * v : v / 1_000), pack)];
    for (const [i, v] of one.losses.entries()) expect(other.losses[i]).toBeCloseTo(v, 3);
    for (const [i, v] of one.made.entries())
      expect(i % 2 === 0 ? (other.made[i]! - 5_000) / 1_000 : other.made[i]! * 1_000).toBeCloseTo(v, 3);
    for (const [i, v] of one.judged.entries()) expect(other.judged[i]).toBeCloseTo(v, 2);
  }
});

test("WGAN-GP weighs its penalty as its authors do: 10, and 0.1 for points", async () => {
  const first = async (shape: readonly number[], own: Partial<RecipeOptions>) => {
    const pool = images(shape, [0, 1], 16);
    const each = trainGan(recipe(pool, { loss: "wasserstein-gp", width: 8, batch: 8, ...own, key: seedKey(0) }), pool, {
      steps: 1,
      threads: 1,
    });
    const { value } = await each.next();
    await each.return(undefined as never);
    return (value as GanProgress).metrics["discriminator/gp"];
  };
  for (const [shape, weight] of [
    [[2], 0.1],
    [[1, 8, 8], 10],
  ] as const)
    expect(await first(shape, {})).toBe(await first(shape, { regularisers: [gradientPenalty(weight)] }));
});

test("pictures with their channels last are told of", () => {
  const pool = images([16, 16, 3], [0, 1], 4);
  expect(() => recipe(pool, { key: seedKey(0) })).toThrow(/got \[16,16,3\]; put their channels first/);
  expect(() => recipe(images([1, 20, 16], [0, 1], 4), { key: seedKey(0) })).toThrow(/got \[1,20,16\]; resize them/);
});
