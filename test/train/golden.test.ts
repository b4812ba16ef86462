/** Ten steps of training beside PyTorch's, in float64 there and float32 here (golden/train.py): losses, weights, statistics, averages. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { full, seedKey, type Tensor, tensor } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import {
  apply,
  batchNorm,
  bind,
  conv,
  convTranspose,
  crossEntropy,
  dense,
  flatten,
  inferenceGraph,
  type Layer,
  layerNorm,
  leakyRelu,
  maxout,
  maxPool,
  mean,
  relu,
  sequential,
  sigmoid,
  sum,
  tanh,
} from "../../src/nn/index.ts";
import {
  adam,
  adamW,
  chain,
  clipByGlobalNorm,
  cosine,
  decayedWeights,
  rmsprop,
  sgd,
  stepDecay,
  type Transform,
} from "../../src/optim/index.ts";
import { builder, gradOf } from "../../src/pass/index.ts";
import { compile, STRIDE } from "../../src/run/index.ts";
import { classifierStep } from "../../src/train/index.ts";

type Weights = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>>;
interface Run {
  readonly net: keyof typeof nets;
  readonly optimizer: keyof typeof optimizers;
  readonly before: Weights;
  readonly after: Weights;
  readonly losses: readonly number[];
  readonly logits: readonly number[];
  readonly average: { readonly name: string; readonly data: readonly number[] };
}

const golden = JSON.parse(readFileSync(new URL("../golden/train.json", import.meta.url), "utf8"));

const nets = {
  mlp: sequential(flatten(), dense(8), relu(), dense(5)),
  tanh: sequential(flatten(), dense(6), tanh(), dense(5)),
  conv: sequential(
    conv(4, 3, { pad: 1 }),
    batchNorm(),
    relu(),
    maxPool(2),
    conv(5, 3, { stride: 2, pad: 1 }),
    flatten(),
    layerNorm(),
    dense(5),
  ),
  transposed: sequential(
    conv(3, 4, { stride: 2, pad: 1 }),
    leakyRelu(0.2),
    convTranspose(2, 4, { stride: 2, pad: 1 }),
    sigmoid(),
    flatten(),
    dense(5),
  ),
  maxout: sequential(flatten(), maxout(4, 3), dense(5)),
};

const optimizers: Readonly<Record<string, Transform>> = {
  sgd: sgd(),
  momentum: sgd({ momentum: 0.9 }),
  nesterov: sgd({ momentum: 0.9, nesterov: true }),
  decayed: chain(decayedWeights(0.1), sgd({ momentum: 0.9 })),
  clipped: chain(clipByGlobalNorm(0.2), sgd()),
  adam: adam(),
  adamw: adamW({ weightDecay: 0.1 }),
  rmsprop: rmsprop(),
};

/** The layer with PyTorch's weights in place of its own. */
function withWeights(net: keyof typeof nets, weights: Weights): Layer {
  const layer = nets[net]([1, 6, 6], seedKey(0));
  const put = (own: Layer["params"]) =>
    Object.fromEntries(
      Object.entries(own).map(([k, t]) => {
        expect(weights[k]?.shape, k).toEqual(t.shape);
        return [k, tensor(weights[k]!.data, t.shape)];
      }),
    );
  return { ...layer, params: put(layer.params), buffers: put(layer.buffers) };
}

const batches = golden.x.data.map((b: number[]) => tensor(b, golden.x.shape)) as Tensor<"float32">[];
const labels = golden.y.map((b: number[]) => tensor(b, [b.length], "int64")) as Tensor<"int64">[];

function near(ours: ArrayLike<number | bigint>, theirs: readonly number[], share = 1e-4): void {
  const scale = Math.max(...theirs.map(Math.abs), 1e-6);
  expect(ours.length).toBe(theirs.length);
  expect(Math.max(...theirs.map((v, i) => Math.abs(v - Number(ours[i])))) / scale).toBeLessThan(share);
}

describe("ten steps", () => {
  test.each(golden.runs as Run[])("$net by $optimizer", async ({ net, optimizer, before, after, losses, logits, average }) => {
    const layer = withWeights(net, before);
    const step = await classifierStep({ layer, batch: 8, transform: optimizers[optimizer]!, ema: 0.9, threads: 1 });
    const mine: number[] = [];
    // a stride, then single steps
    for (const at of [Array.from({ length: STRIDE }, (_, k) => k), [8], [9]])
      for (const [loss] of await step.program.steps(at.map((k) => [batches[k % 2]!, labels[k % 2]!, full([], golden.rate)])))
        mine.push(Number(loss!.data[0]));
    near(mine, losses);
    const state = new Map(step.program.read().map((t, i) => [step.names[i]!, t]));
    for (const [name, { data }] of Object.entries(after))
      near((state.get(`param/${name}`) ?? state.get(`buffer/${name}`))!.data, data, 2e-4);
    near(state.get(`ema/${average.name}`)!.data, average.data);
    const pick = (own: Layer["params"], kind: string) => Object.fromEntries(Object.keys(own).map((k) => [k, state.get(`${kind}/${k}`)!]));
    const graph = inferenceGraph(layer, { ...pick(layer.params, "param"), ...pick(layer.buffers, "buffer") }, { batch: 8 });
    const program = await compile(graph, { threads: 1 });
    near((await program.run([batches[0]!]))[0]!.data, logits, 3e-4);
    await Promise.all([program.release(), step.program.release()]);
  });
});

describe("gradients of gradients", () => {
  const { weights, hvp, penalty, penaltyGradient } = golden.secondOrder;
  const layer = withWeights("tanh", weights);
  const bound = bind(layer);
  const params = [...bound.params.values()];
  const feeds = [...bound.params.keys()].map((k) => layer.params[k]!);

  test("a Hessian-vector product", async () => {
    const e = builder();
    const loss = mean(
      e,
      crossEntropy(e, apply(e, layer, bound, e.constant(batches[0]!), { training: true }).output, e.constant(labels[0]!)),
    );
    const grads = gradOf(e, loss, params);
    const vector = (n: number) => Float32Array.from({ length: n }, (_, i) => -1 + (2 * i) / (n - 1));
    const along = grads.map((g) => {
      const n = g.type.shape.reduce((a, b) => a * b, 1);
      return sum(e, e.Mul(g, e.constant({ dtype: "float32", shape: g.type.shape, data: vector(n) })));
    });
    const program = await compile(
      {
        inputs: params,
        outputs: gradOf(
          e,
          along.reduce((a, b) => e.Add(a, b)),
          params,
        ),
      },
      { threads: 1 },
    );
    const out = await program.run(feeds);
    [...bound.params.keys()].forEach((k, i) => {
      near(out[i]!.data, hvp[k]);
    });
    await program.release();
  });

  test("the gradient of a gradient penalty", async () => {
    const e = builder();
    const x = input("float32", golden.x.shape);
    const { output } = apply(e, layer, bound, x, { training: true });
    const first = e.Slice(output, e.ints([0]), e.ints([1]), e.ints([1]), e.ints([1]));
    const [dx] = gradOf(e, sum(e, first), [x]);
    const norm = e.Sqrt(e.ReduceSum(e.Mul(dx!, dx!), e.ints([1, 2, 3]), { keepdims: 0 }));
    const off = e.Sub(norm, e.scalar(1, norm));
    const loss = mean(e, e.Mul(off, off));
    const program = await compile({ inputs: [x, ...params], outputs: [loss, ...gradOf(e, loss, params)] }, { threads: 1 });
    const [value, ...gradients] = await program.run([batches[0]!, ...feeds]);
    near(value!.data, [penalty]);
    [...bound.params.keys()].forEach((k, i) => {
      if (penaltyGradient[k].some((v: number) => v !== 0)) near(gradients[i]!.data, penaltyGradient[k]);
      else expect(gradients[i]!.data.every((v) => v === 0)).toBe(true);
    });
    await program.release();
  });
});

test("schedules", () => {
  const rates = (s: (k: number) => number) => Array.from({ length: 20 }, (_, k) => s(k));
  near(rates(cosine(0.3, 20)), golden.schedules.cosine, 1e-9);
  near(rates(stepDecay(0.3, 7)), golden.schedules.step, 1e-9);
});
