/** Layers of discriminators and conditional networks, against what they say in plain arithmetic. */
import { describe, expect, test } from "vitest";
import { numbers, seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { input, type Value } from "../../src/graph/index.ts";
import {
  apply,
  bind,
  classEmbedding,
  conditionalBatchNorm,
  conv,
  dense,
  globalSum,
  type Layer,
  minibatchDiscrimination,
  minibatchStddev,
  projection,
  residual,
  sequential,
  spectralNorm,
  upsample,
} from "../../src/nn/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";

/** The layer's output, and its buffers after it, for samples x and one-hot classes. */
async function run(layer: Layer, x: Tensor<"float32">, { training = true, classes }: { training?: boolean; classes?: Tensor } = {}) {
  const e = builder();
  const [xv, cv] = [input("float32", x.shape, "x"), classes && input("float32", classes.shape, "classes")];
  const bound = bind(layer);
  const { output, updates } = apply(e, layer, bound, xv, { training, classes: cv });
  const feeds: [Value, Tensor][] = [
    [xv, x],
    ...(cv ? [[cv, classes!] as [Value, Tensor]] : []),
    ...[...bound.params].map(([n, v]) => [v, layer.params[n]!] as [Value, Tensor]),
    ...[...bound.buffers].map(([n, v]) => [v, layer.buffers[n]!] as [Value, Tensor]),
  ];
  const program = await compile({ inputs: feeds.map(([v]) => v), outputs: [output, ...updates.values()] }, { threads: 1 });
  const [y, ...next] = await program.run(feeds.map(([, t]) => t));
  await program.release();
  return { y: numbers(y!), shape: y!.shape, buffers: Object.fromEntries([...updates.keys()].map((k, i) => [k, numbers(next[i]!)])) };
}

const noise = (shape: readonly number[], seed = 1): Tensor<"float32"> =>
  tensor(
    uniform(
      seedKey(seed),
      shape.reduce((a, b) => a * b),
      -1,
      1,
    ),
    [...shape],
  );
const near = (a: readonly number[], b: readonly number[], digits = 5) => {
  expect(a.length).toBe(b.length);
  a.forEach((v, i) => {
    expect(v).toBeCloseTo(b[i]!, digits);
  });
};
const oneHot = (labels: readonly number[], k: number) =>
  tensor(
    labels.flatMap((y) => Array.from({ length: k }, (_, c) => Number(c === y))),
    [labels.length, k],
  );

describe("spectral norm", () => {
  /** The largest singular value of w [rows, columns], by many steps of the power method on wᵀw. */
  function sigma(w: readonly number[], rows: number, columns: number): number {
    let v = Array.from({ length: columns }, (_, j) => 1 + j / 7);
    let length = 0;
    for (let k = 0; k < 500; k++) {
      const u = Array.from({ length: rows }, (_, i) => v.reduce((s, x, j) => s + x * w[i * columns + j]!, 0));
      v = Array.from({ length: columns }, (_, j) => u.reduce((s, x, i) => s + x * w[i * columns + j]!, 0));
      length = Math.hypot(...v);
      v = v.map((x) => x / length);
    }
    return Math.sqrt(length);
  }
  test.each([
    ["dense", dense(5, { bias: false }), [7]],
    ["conv", conv(4, 3, { bias: false }), [2, 3, 3]],
  ] as const)("of a %s layer: the map has norm 1", async (_, spec, shape) => {
    const plain = spec([...shape], seedKey(3));
    const normed = spectralNorm(spec)([...shape], seedKey(3));
    const w = numbers(plain.params.weight!);
    const rows = plain.params.weight!.shape[0]!;
    const largest = sigma(w, rows, w.length / rows);
    const x = noise([2, ...shape]);
    const [a, b] = [await run(plain, x), await run(normed, x)];
    near(
      b.y,
      a.y.map((v) => v / largest),
      3,
    );
    expect(Object.keys(b.buffers).sort()).toEqual(["u", "v"]);
    expect(Math.hypot(...b.buffers.u!)).toBeCloseTo(1, 5);
  });
});

describe("layers that see the batch", () => {
  test("minibatchStddev appends the mean deviation of each group; alone, what it has been", async () => {
    const layer = minibatchStddev(2)([1, 1, 2], seedKey(0));
    const x = tensor([0, 1, 2, 3, 4, 5, 6, 9], [4, 1, 1, 2]);
    // samples 0 and 2, and 1 and 3, are groups
    const deviation = (a: number, b: number) => Math.abs(a - b) / 2;
    const [first, second] = [(deviation(0, 4) + deviation(1, 5)) / 2, (deviation(2, 6) + deviation(3, 9)) / 2];
    const { y, shape, buffers } = await run(layer, x);
    expect(shape).toEqual([4, 2, 1, 2]);
    near(y, [0, 1, first, first, 2, 3, second, second, 4, 5, first, first, 6, 9, second, second], 4);
    near(buffers.usual!, [(0.1 * (first + second)) / 2], 4);
    const alone = await run({ ...layer, buffers: { usual: tensor([0.7], [1, 1]) } }, tensor([0, 1], [1, 1, 1, 2]), { training: false });
    near(alone.y, [0, 1, 0.7, 0.7]);
  });

  test("minibatchDiscrimination appends Σ exp(−‖·‖₁) over the others", async () => {
    const layer = minibatchDiscrimination(1, 2)([2], seedKey(0));
    const w = numbers(layer.params.weight!);
    const xs = [
      [0.1, -0.4],
      [0.5, 0.2],
      [-1, 0.3],
    ];
    const m = xs.map(([a, b]) => [a! * w[0]! + b! * w[2]!, a! * w[1]! + b! * w[3]!]);
    const others = m.map((p, i) =>
      m.reduce((s, q, j) => (i === j ? s : s + Math.exp(-Math.abs(p[0]! - q[0]!) - Math.abs(p[1]! - q[1]!))), 0),
    );
    const { y } = await run(layer, tensor(xs.flat(), [3, 2]));
    near(
      y,
      xs.flatMap((x, i) => [...x, others[i]!]),
    );
    expect(layer.coupled).toBe("minibatchDiscrimination");
    expect(sequential(dense(2), minibatchStddev())([2], seedKey(0)).coupled).toBe("minibatchStddev");
    expect(sequential(dense(2))([2], seedKey(0)).coupled).toBeUndefined();
  });
});

describe("layers that are told the class", () => {
  test("projection: w·φ + b + v_y·φ", async () => {
    const layer = projection(3)([2], seedKey(0));
    const [w, v] = [numbers(layer.params.weight!), numbers(layer.params.embedding!)];
    const { y } = await run(layer, tensor([1, 2, 3, 4], [2, 2]), { classes: oneHot([2, 0], 3) });
    near(y, [w[0]! + 2 * w[1]! + v[4]! + 2 * v[5]!, 3 * w[0]! + 4 * w[1]! + 3 * v[0]! + 4 * v[1]!]);
  });
  test("classEmbedding appends the row of the class", async () => {
    const layer = classEmbedding(3, 2)([1], seedKey(0));
    const v = numbers(layer.params.weight!);
    const { y } = await run(layer, tensor([5, 6], [2, 1]), { classes: oneHot([1, 2], 3) });
    near(y, [5, v[2]!, v[3]!, 6, v[4]!, v[5]!]);
  });
  test("conditionalBatchNorm: statistics of the batch, scale and shift of the class", async () => {
    const layer = conditionalBatchNorm(2, { epsilon: 0 })([1], seedKey(0));
    const told = { ...layer, params: { weight: tensor([1, 3], [2, 1]), bias: tensor([0, 10], [2, 1]) } };
    const classes = oneHot([0, 1, 1], 2);
    const { y, buffers } = await run(told, tensor([0, 3, 6], [3, 1]), { classes });
    const d = Math.sqrt(6);
    near(y, [-3 / d, 10, 10 + (3 * 3) / d], 4);
    near(buffers.mean!, [0.3]);
    const alone = await run({ ...told, buffers: { mean: tensor([1], [1]), variance: tensor([4], [1]) } }, tensor([3], [1, 1]), {
      training: false,
      classes: oneHot([1], 2),
    });
    near(alone.y, [3 + 10]);
  });
  test("without classes they say so", () =>
    expect(run(projection(3)([2], seedKey(0)), noise([1, 2]))).rejects.toThrow(/told the class of each sample, got none/));
});

test("residual adds, upsample repeats, globalSum sums", async () => {
  const block = residual(dense(2, { bias: false }))([2], seedKey(0));
  const w = numbers(block.params["main.weight"]!);
  near((await run(block, tensor([1, 2], [1, 2]))).y, [1 + w[0]! + 2 * w[2]!, 2 + w[1]! + 2 * w[3]!]);
  expect(() => residual(dense(3))([2], seedKey(0))).toThrow(/both ways of a residual block.*\[3\].*\[2\]/);
  near((await run(upsample()([1, 1, 2], seedKey(0)), tensor([1, 2], [1, 1, 1, 2]))).y, [1, 1, 2, 2, 1, 1, 2, 2]);
  near((await run(globalSum()([2, 1, 2], seedKey(0)), tensor([1, 2, 3, 4], [1, 2, 1, 2]))).y, [3, 7]);
});

test("a grouped convolution keeps groups apart", async () => {
  const layer = conv(2, 1, { group: 2, bias: false })([2, 1, 1], seedKey(0));
  const w = numbers(layer.params.weight!);
  near((await run(layer, tensor([3, 5], [1, 2, 1, 1]))).y, [3 * w[0]!, 5 * w[1]!]);
  expect(() => conv(3, 1, { group: 2 })([2, 1, 1], seedKey(0))).toThrow(/groups that divide 2 and 3/);
});
