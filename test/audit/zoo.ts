/** Ten healthy classifiers and eight that only seem robust, all trained here on a few digits or points. */

import { type AuditResult, audit } from "../../src/audit/index.ts";
import { fold, rows, seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { type Dataset, first, loadData, toy } from "../../src/data/index.ts";
import type { Emit, Graph, Value } from "../../src/graph/index.ts";
import { input } from "../../src/graph/index.ts";
import { pgdTraining } from "../../src/harden/index.ts";
import { type GradientModel, openClassifier } from "../../src/model/index.ts";
import { batchNorm, conv, dense, flatten, type LayerSpec, leakyRelu, maxout, relu, sequential, sigmoid, tanh } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder, remap } from "../../src/pass/index.ts";
import { type FitOptions, fit as train } from "../../src/train/index.ts";

const run = { threads: 1 } as const;

export interface Exhibit {
  readonly model: GradientModel;
  readonly data: { readonly x: Tensor<"float32">; readonly labels: Int32Array };
  readonly epsilon: number;
  readonly range: readonly [number, number];
}

let digits: Promise<{ train: Dataset; test: Dataset }> | undefined;
const mnist = () => {
  digits ??= (async () => ({ train: await loadData("mnist:train", { limit: 3000 }), test: await loadData("mnist:test", { limit: 40 }) }))();
  return digits;
};
const moons = (n: number, seed: number) => toy("moons", fold(seedKey(seed), "zoo"), n);

async function fresh(spec: LayerSpec, data: Dataset, options: Partial<FitOptions> = {}): Promise<Graph> {
  const layer = spec(data.inputShape, seedKey(5));
  const { graph } = await train(
    layer,
    data,
    { x: tensor([], [0, ...data.inputShape]), y: [] },
    { ...run, epochs: 4, batch: 50, ...options },
  );
  return graph;
}

const graphs = new Map<LayerSpec, Promise<Graph>>();

/** Trained once: each of these networks meets one data set. */
function trained(spec: LayerSpec, data: Dataset, options?: Partial<FitOptions>): Promise<Graph> {
  if (options) return fresh(spec, data, options);
  const graph = graphs.get(spec) ?? fresh(spec, data);
  graphs.set(spec, graph);
  return graph;
}

const open = (graph: Graph): Promise<GradientModel> => openClassifier(write(graph), run);

async function ofDigits(spec: LayerSpec, change: (graph: Graph) => Graph = (g) => g, options?: Partial<FitOptions>): Promise<Exhibit> {
  const { train, test } = await mnist();
  return {
    model: await open(change(await trained(spec, train, options))),
    data: { x: test.x, labels: test.y },
    epsilon: 0.1,
    range: [0, 1],
  };
}

async function ofPoints(spec: LayerSpec, change: (graph: Graph) => Graph = (g) => g): Promise<Exhibit> {
  const train = moons(2000, 1);
  const test = first(moons(400, 2), 40);
  return { model: await open(change(await trained(spec, train))), data: { x: test.x, labels: test.y }, epsilon: 0.15, range: train.range };
}

/** Another end of the same graph. */
const ending =
  (make: (e: Emit, logits: Value) => Value) =>
  (graph: Graph): Graph => ({ ...graph, outputs: [make(builder(), graph.outputs[0]!)] });

/** Something in front of the same graph. */
const fronted =
  (make: (e: Emit, x: Value) => Value) =>
  (graph: Graph): Graph => {
    const e = builder();
    const x = graph.inputs[0]!;
    const fresh = input("float32", x.type.shape, "x", x.dims);
    return { ...graph, inputs: [fresh], outputs: [remap(e, graph.outputs, new Map([[x, make(e, fresh)]])).get(graph.outputs[0]!)!] };
  };

const softmax = (e: Emit, z: Value): Value => e.node("Softmax", [z], { axis: -1 })[0]!;
const mlp = (activation: () => LayerSpec): LayerSpec => sequential(flatten(), dense(48), activation(), dense(10));
const rectifiers = mlp(relu);
const cnn: LayerSpec = sequential(
  conv(8, 4, { stride: 2, pad: 1 }),
  relu(),
  conv(16, 4, { stride: 2, pad: 1 }),
  relu(),
  flatten(),
  dense(32),
  relu(),
  dense(10),
);

/** One score for class 1: the difference of the two. */
const single = ending((e, z) => {
  const [no, yes] = e.node("Split", [z], { axis: 1, num_outputs: 2 });
  return e.Sigmoid(e.Sub(yes!, no!));
});

export const healthy: Readonly<Record<string, () => Promise<Exhibit>>> = {
  rectifiers: () => ofDigits(rectifiers),
  "softmax at the end": () => ofDigits(rectifiers, ending(softmax)),
  sigmoids: () => ofDigits(mlp(sigmoid)),
  "hyperbolic tangents": () => ofDigits(mlp(tanh)),
  convolutions: () => ofDigits(cnn),
  "convolutions, hardened": () => ofDigits(cnn, undefined, { adversary: pgdTraining({ epsilon: 0.1 }, 5), epochs: 6 }),
  "batch normalisation": () => ofDigits(sequential(flatten(), dense(48), batchNorm(), leakyRelu(), dense(10))),
  maxout: () => ofDigits(sequential(flatten(), dense(48), maxout(24, 2), dense(10))),
  "two classes": () => ofPoints(sequential(dense(16), relu(), dense(16), relu(), dense(2))),
  "one score": () => ofPoints(sequential(dense(16), tanh(), dense(2)), single),
};

/** Keeps the k largest of each sample's units, zeroes the others. Xiao, Zhong & Zheng 2020, arXiv:1905.10510. */
const winners =
  (k: number): LayerSpec =>
  (inputShape) => ({
    name: "winners",
    params: {},
    buffers: {},
    inputShape,
    outputShape: inputShape,
    apply({ e }, x) {
      const [values] = e.node("TopK", [x, e.ints([k])], { axis: -1 });
      const least = e.Slice(values!, e.ints([k - 1]), e.ints([k]), e.ints([1]), e.ints([1]));
      return e.Mul(x, e.Cast(e.GreaterOrEqual(x, least), { to: 1 }));
    },
  });

/** Each number as `levels` truth values: is it above 1/levels, 2/levels, …? Buckman et al. 2018. */
const thermometer =
  (levels: number): LayerSpec =>
  (inputShape) => ({
    name: "thermometer",
    params: {},
    buffers: {},
    inputShape,
    outputShape: [inputShape[0]! * levels],
    apply({ e }, x) {
      const steps = e.constant(
        tensor(
          Array.from({ length: levels }, (_, i) => (i + 0.5) / levels),
          [levels],
        ),
      );
      return e.Reshape(e.Cast(e.Greater(e.Unsqueeze(x, e.ints([2])), steps), { to: 1 }), e.ints([0, -1]));
    },
  });

const scaled = (factor: number) => (e: Emit, z: Value) => e.Mul(z, e.scalar(factor, z));

/** Draws a new shift of the picture for every question: what answers is not what is differentiated. */
/** A digit at a random size from 24 to 28 pixels, at a random place, as Xie et al. 2018 (arXiv:1711.01991) defend: drawn anew at each question. */
async function resizing(): Promise<Exhibit> {
  const exhibit = await ofDigits(cnn);
  let question = 0;
  const { model } = exhibit;
  const scores: GradientModel["scores"] = async (x) => {
    const [a, b, c] = uniform(fold(seedKey(9), question++), 3) as unknown as [number, number, number];
    const side = 24 + Math.floor(5 * a);
    const [top, left] = [Math.floor(b * (29 - side)), Math.floor(c * (29 - side))];
    const moved = new Float32Array(x.data.length);
    for (let i = 0; i < x.data.length; i++) {
      const [py, px] = [Math.floor((i % 784) / 28) - top, (i % 28) - left];
      if (py < 0 || px < 0 || py >= side || px >= side) continue;
      moved[i] = x.data[i - (i % 784) + Math.floor((py * 28) / side) * 28 + Math.floor((px * 28) / side)]!;
    }
    return model.scores({ ...x, data: moved });
  };
  return { ...exhibit, model: { ...model, scores } };
}

/** Each broken defence, and the check that has to trip. */
export const broken: Readonly<Record<string, { readonly trips: string; readonly make: () => Promise<Exhibit> }>> = {
  "probability output": {
    trips: "probability-output",
    make: () =>
      ofDigits(
        rectifiers,
        ending((e, z) => e.node("Clip", [softmax(e, scaled(30)(e, z)), e.scalar(0, z), e.scalar(1, z)])[0]!),
      ),
  },
  temperature: { trips: "saturated-loss", make: () => ofDigits(rectifiers, ending(scaled(100))) },
  "input rounding": {
    trips: "stopped-gradient",
    make: () =>
      ofDigits(
        rectifiers,
        fronted((e, x) => e.Mul(e.node("Round", [e.Mul(x, e.scalar(3, x))])[0]!, e.scalar(1 / 3, x))),
      ),
  },
  "thermometer code": {
    trips: "stopped-gradient",
    make: () => ofDigits(sequential(flatten(), thermometer(8), dense(48), relu(), dense(10))),
  },
  "random resize": { trips: "randomised-output", make: resizing },
  "k winners take all": {
    trips: "gradient-mismatch",
    make: () => ofDigits(sequential(flatten(), dense(256), winners(12), dense(256), winners(12), dense(10)), undefined, { epochs: 6 }),
  },
  "a root of what gets negative": { trips: "undefined-output", make: rooted },
  saturation: {
    trips: "zero-gradient",
    make: () => ofDigits(mlp(sigmoid), saturate),
  },
};

/** x + √((mean x − c)² − 0.03²)/1000, c a little above the brightest of the digits that are attacked: no number where one gets brighter. */
async function rooted(): Promise<Exhibit> {
  const { test } = await mnist();
  const means = Array.from({ length: test.y.length }, (_, i) => rows(test.x, i, i + 1).data.reduce((a, b) => a + b) / 784);
  const c = Math.max(...means) + 0.031;
  return ofDigits(
    rectifiers,
    fronted((e, x) => {
      const mean = e.node("ReduceMean", [x, e.ints([1, 2, 3])], { keepdims: 1 })[0]!;
      const off = e.Sub(mean, e.scalar(c, x));
      return e.Add(x, e.Mul(e.Sqrt(e.Sub(e.Mul(off, off), e.scalar(0.03 ** 2, x))), e.scalar(1e-3, x)));
    }),
  );
}

/** Sigmoids of weights 1,000 times as large: in float32 they are 0 or 1, with no slope. */
function saturate(graph: Graph): Graph {
  const e = builder();
  const map = remap(e, graph.outputs, new Map(), (e, node) =>
    node.op === "Sigmoid" && !node.name?.startsWith("steep") ? e.node("Sigmoid", [scaled(1000)(e, node.inputs[0]!)], {}, "steep") : null,
  );
  return { ...graph, outputs: [map.get(graph.outputs[0]!)!] };
}

/** A quick audit of an exhibit. */
export async function audited({ model, data, epsilon, range }: Exhibit): Promise<AuditResult> {
  const report = await audit(model, data, { ...run, epsilon, range, preset: "quick" });
  await model.release();
  return report;
}

/** Names of the checks that failed. */
export const failed = (report: AuditResult): string[] => report.verdicts.filter((v) => v.status === "fail").map((v) => v.check);
