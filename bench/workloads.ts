/** The work that is timed, as peer.py does it. */
import { domain, linf, pgd, victimOf } from "counterfoil/attack";
import { fold, full, normal, seedKey, type Tensor, uniform } from "counterfoil/base";
import { ganStep, type NetworkName, type RecipeOptions, recipe } from "counterfoil/gan";
import { input } from "counterfoil/graph";
import { openClassifier } from "counterfoil/model";
import { classifier, inferenceGraph } from "counterfoil/nn";
import { write } from "counterfoil/onnx";
import { adam, constant, sgd } from "counterfoil/optim";
import { builder } from "counterfoil/pass";
import { compile, STRIDE } from "counterfoil/run";
import { classifierStep, drawNoise } from "counterfoil/train";

export interface Workload {
  readonly title: string;
  /** Largest ratio to the peer that we want. */
  readonly target?: number;
  /** Floating-point operations of the products in one step. */
  readonly flops: number;
  /** Milliseconds of each of `repeats` steps. */
  prepare(threads: number): Promise<(repeats: number) => Promise<number[]>>;
}

const BATCH = 128;
const float = (shape: readonly number[], seed: number): Tensor<"float32"> => ({
  dtype: "float32",
  shape,
  data: uniform(
    seedKey(seed),
    shape.reduce((n, d) => n * d, 1),
  ),
});
const labels = (n: number): Tensor<"int64"> => ({
  dtype: "int64",
  shape: [n],
  data: BigInt64Array.from({ length: n }, (_, i) => BigInt(i % 10)),
});

async function timed(repeats: number, stride: number, run: (k: number) => Promise<unknown>): Promise<number[]> {
  const out: number[] = [];
  for (let k = 0; k < repeats; k += stride) {
    const start = performance.now();
    await run(k);
    out.push(...new Array<number>(stride).fill((performance.now() - start) / stride));
  }
  return out;
}

/** Forward 2·N·P, weights' gradients the same, inputs' gradients the same but for the first layer. */
const dense = (batch: number, ...sizes: readonly number[]): number => {
  const products = sizes.slice(1).map((out, i) => 2 * batch * sizes[i]! * out);
  return 3 * products.reduce((a, b) => a + b, 0) - products[0]!;
};

function training(model: string): Workload["prepare"] {
  return async (threads) => {
    const step = await classifierStep({ layer: classifier(model, [1, 28, 28], 10, 0), batch: BATCH, transform: sgd(), threads });
    const [x, y] = [float([BATCH, 1, 28, 28], 1), labels(BATCH)];
    const feeds = (k: number) =>
      Array.from({ length: STRIDE }, (_, j) => [x, y, full([], 0.1), ...drawNoise(fold(seedKey(2), k + j), step.noise)]);
    return (repeats) => timed(repeats, STRIDE, (k) => step.program.steps(feeds(k)));
  };
}

const PLAIN = {
  generator: { transform: adam({ beta1: 0.5 }), schedule: constant(1e-3) },
  discriminator: { transform: adam({ beta1: 0.5 }), schedule: constant(1e-3) },
};

function game(model: NetworkName, shape: readonly number[], batch: number, options: Partial<RecipeOptions> = {}): Workload["prepare"] {
  return async (threads) => {
    const data = { name: "bench", shape, range: [0, 1] as const, classes: 0 };
    const gan = recipe(data, { model, batch, updates: "simultaneous", key: seedKey(0), ema: null, ...options });
    const step = await ganStep(gan, { threads });
    const real =
      shape.length === 1
        ? { dtype: "float32" as const, shape: [batch, ...shape], data: normal(seedKey(1), batch * shape[0]!) }
        : float([batch, ...shape], 1);
    // noise is drawn inside the time, as the peer's is
    const feeds = (k: number) =>
      Array.from({ length: step.stride }, (_, j) => [
        ...Array.from({ length: gan.critics }, () => real),
        full([], 1e-3),
        full([], 1e-3),
        full([], 0),
        ...drawNoise(fold(seedKey(2), k + j), step.noise),
      ]);
    return (repeats) => timed(repeats, step.stride, (k) => step.program.steps(feeds(k)));
  };
}

const conv = (batch: number, outputs: number, cin: number, cout: number, kernel: number): number =>
  2 * batch * outputs * cin * cout * kernel * kernel;
const cnnForward = (n: number) => conv(n, 196, 1, 16, 4) + conv(n, 49, 16, 32, 4) + 2 * n * (1568 * 100 + 100 * 10);
const madryForward = (n: number) => conv(n, 784, 1, 32, 5) + conv(n, 196, 32, 64, 5) + 2 * n * (3136 * 1024 + 1024 * 10);

/** Products of one simultaneous step: G and D (twice) forward, D's gradients twice, the way back through D to G, G's gradients. */
const gameFlops = (n: number, g: readonly number[], d: readonly (readonly [number, number])[]): number => {
  const forward = (pairs: readonly (readonly [number, number])[]) => pairs.reduce((s, [a, b]) => s + 2 * n * a * b, 0);
  const gPairs = g.slice(1).map((b, i) => [g[i]!, b] as const);
  const [F, D, firstG, firstD] = [forward(gPairs), forward(d), forward(gPairs.slice(0, 1)), forward(d.slice(0, 1))];
  return 3 * F - firstG + 2 * (3 * D - firstD) + D;
};

const PLANE = [2, 128, 128, 2] as const;
const PLANE_CRITIC = [
  [2, 128],
  [128, 128],
  [128, 1],
] as const;

/** Products of `critics` moves of a 64-128 DCGAN's discriminator and one of its generator; what a penalty adds is not counted. */
const dcganFlops = (n: number, critics: number): number => {
  const d = conv(n, 196, 1, 64, 4) + conv(n, 49, 64, 128, 4) + 2 * n * 6272;
  const g = 2 * n * 100 * 6272 + conv(n, 49, 128, 64, 4) + conv(n, 196, 64, 1, 4);
  return critics * (g + 6 * d) + 3 * g + 2 * d;
};

export const workloads: Readonly<Record<string, Workload>> = {
  matmul: {
    title: "matrix product 1536³",
    flops: 2 * 1536 ** 3,
    async prepare(threads) {
      const e = builder();
      const [a, b] = [input("float32", [1536, 1536]), input("float32", [1536, 1536])];
      const program = await compile({ inputs: [a, b], outputs: [e.MatMul(a, b)] }, { threads });
      const feeds = [float([1536, 1536], 1), float([1536, 1536], 2)];
      return (repeats) => timed(repeats, 1, () => program.run(feeds));
    },
  },
  mlp: { title: "MLP 784-1200-1200-10, SGD, batch 128", target: 1, flops: dense(BATCH, 784, 1200, 1200, 10), prepare: training("mlp") },
  madry: {
    title: "Madry CNN, SGD, batch 128",
    target: 1,
    flops: 3 * madryForward(BATCH) - conv(BATCH, 784, 1, 32, 5),
    prepare: training("madry"),
  },
  cnn: {
    title: "conv16-conv32-fc100, SGD, batch 128",
    flops: 3 * cnnForward(BATCH) - conv(BATCH, 196, 1, 16, 4),
    prepare: training("cnn"),
  },
  gan2014: {
    title: "GAN of 2014, batch 100",
    target: 0.83,
    flops: gameFlops(
      100,
      [100, 1200, 1200, 784],
      [
        [784, 1200],
        [240, 1200],
        [240, 1],
      ],
    ),
    prepare: game("maxout2014", [1, 28, 28], 100),
  },
  gan2d: {
    title: "GAN 2-128-128-2/1, Adam, batch 512",
    target: 0.33,
    flops: gameFlops(
      512,
      [2, 128, 128, 2],
      [
        [2, 128],
        [128, 128],
        [128, 1],
      ],
    ),
    prepare: game("plane", [2], 512, { loss: "non-saturating", optimisers: PLAIN }),
  },
  gan2dSmall: {
    title: "the same, batch 64",
    target: 0.33,
    flops: gameFlops(64, PLANE, PLANE_CRITIC),
    prepare: game("plane", [2], 64, { loss: "non-saturating", optimisers: PLAIN }),
  },
  gan2dR1R2: {
    title: "the same, relativistic with R1 and R2, batch 512",
    target: 0.33,
    // a slope's gradient by the weights is three further passes through D, at real and at generated samples
    flops: gameFlops(512, PLANE, PLANE_CRITIC) + 2 * 3 * dense(512, 2, 128, 128, 1),
    prepare: game("plane", [2], 512, { optimisers: PLAIN }),
  },
  dcgan: {
    title: "DCGAN 28×28, Adam, batch 64",
    target: 1,
    flops: dcganFlops(64, 1),
    prepare: game("dcgan", [1, 28, 28], 64, { optimisers: PLAIN, updates: "alternating" }),
  },
  wganGp: {
    title: "WGAN-GP on DCGAN 28×28, batch 64: five moves of the critic and one of the generator",
    target: 1,
    flops: dcganFlops(64, 5),
    prepare: game("dcgan", [1, 28, 28], 64, { loss: "wasserstein-gp", critics: 5, optimisers: PLAIN, updates: "alternating" }),
  },
  pgd: {
    title: "PGD-40 on conv16-conv32-fc100, batch 128",
    target: 0.7,
    flops: 40 * 2 * cnnForward(BATCH),
    async prepare(threads) {
      const layer = classifier("cnn", [1, 28, 28], 10, 0);
      const graph = inferenceGraph(layer, layer.params, { batch: BATCH });
      const model = await openClassifier(write(graph), { threads });
      const { victim } = victimOf(model, "gradient", { threads });
      const [x, y] = [float([BATCH, 1, 28, 28], 1), Int32Array.from(labels(BATCH).data, Number)];
      const keys = Array.from({ length: BATCH }, (_, i) => fold(seedKey(3), i));
      const threat = { norm: linf, epsilon: 0.3, targeted: false, domain: domain(model.inputShape) };
      return (repeats) => timed(repeats, 1, () => pgd({ steps: 40 }).run(victim, { x, labels: y, keys, restart: 0 }, threat));
    },
  },
};
