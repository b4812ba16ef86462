/** Operators that are read as others: our graph says what onnxruntime's own kernel says of the file. */
import { describe, expect, test } from "vitest";
import { fold, seedKey, tensor } from "../../src/base/index.ts";
import type { Attrs } from "../../src/graph/index.ts";
import { constructions } from "../../src/onnx/construction.ts";
import { read } from "../../src/onnx/index.ts";
import { integer } from "../../src/onnx/integer.ts";
import { builder, grad } from "../../src/pass/index.ts";
import { agree, DOMAINS, draw, draws, quant } from "./agree.ts";
import { FLOAT, model, type Sketch, weight } from "./model.ts";

interface Case {
  readonly op: string;
  readonly about?: string;
  /** Dims of the inputs, float32 between −2 and 2; the first has its batch as axis 0. */
  readonly x: readonly (readonly number[])[];
  readonly weights?: NonNullable<Sketch["weights"]>;
  readonly attrs?: Record<string, unknown>;
  /** Types of the outputs; float32. */
  readonly outputs?: readonly number[];
  /** The node's inputs where they are not the inputs and then the weights. */
  readonly inputs?: readonly string[];
  readonly opset?: number;
  readonly low?: number;
  /** Steps and labels have none. */
  readonly gradient?: false;
  /** One quantum, where rounding may tie. */
  readonly tolerance?: number;
  /** Numbers to put in place of drawn ones. */
  readonly data?: readonly number[];
}

const INT64 = 7;
const fl = (...xs: number[]) => ({ floats: xs });
const f = (x: number) => ({ float: x });

const ml = (op: string, x: readonly number[], attrs: Record<string, unknown>, more: Partial<Case> = {}): Case => ({
  op: `ai.onnx.ml.${op}`,
  x: [x],
  attrs,
  ...more,
});
const ms = (op: string, x: Case["x"], more: Partial<Case> = {}): Case => ({ op: `com.microsoft.${op}`, x, ...more });

const coefficients = fl(...draw(seedKey(5), 12));
const classes = { coefficients, intercepts: fl(0.5, -0.25, 0.1), classlabels_ints: [0, 1, 2] };
const labelled = { outputs: [INT64, FLOAT], gradient: false } as const;

const qkv = (b: number, steps: number, size: number) => [b, steps, size];

const INT32 = 6;

const cases: readonly Case[] = [
  ml("Scaler", [3, 4], { offset: fl(1, 2, 3, 4), scale: fl(0.5, 2, 1, -1) }),
  ml("Scaler", [3, 4], { offset: fl(1), scale: fl(0.5) }, { about: "one for all" }),
  ...["L1", "L2"].map((norm) => ml("Normalizer", [3, 4], { norm }, { about: norm })),
  ml("Normalizer", [3, 4], { norm: "MAX" }, { about: "MAX", low: 0.1 }),
  ml("Binarizer", [3, 4], { threshold: f(0.25) }, { gradient: false }),
  ml(
    "Imputer",
    [2, 3],
    { imputed_value_floats: fl(7, 8, 9), replaced_value_float: f(Number.NaN) },
    { data: [1, Number.NaN, 3, Number.NaN, 5, 6], gradient: false },
  ),
  ml(
    "Imputer",
    [2, 3],
    { imputed_value_floats: fl(7), replaced_value_float: f(-1) },
    { about: "a number", data: [1, -1, 3, 4, 5, -1], gradient: false },
  ),
  ml(
    "FeatureVectorizer",
    [2, 3],
    { inputdimensions: [3, 2] },
    {
      x: [
        [2, 3],
        [2, 2],
      ],
    },
  ),
  ml("ArrayFeatureExtractor", [2, 4], {}, { weights: [{ name: "at", dims: [1n, 3n], dataType: INT64, int64Data: [2n, 0n, 2n] }] }),
  ml("LinearRegressor", [3, 4], { coefficients: fl(...draw(seedKey(6), 8)), intercepts: fl(1, 2), targets: 2 }),
  ml("LinearRegressor", [3, 4], { coefficients: fl(1, 2, 3, 4) }, { about: "one target, no intercept" }),
  ml("LinearClassifier", [3, 4], { ...classes, post_transform: "SOFTMAX", multi_class: 1 }, labelled),
  ml("LinearClassifier", [3, 4], { ...classes, post_transform: "LOGISTIC" }, { about: "one against the rest", ...labelled }),
  ml(
    "LinearClassifier",
    [3, 4],
    { ...classes, classlabels_ints: [3, 7, 5], post_transform: "NONE" },
    { about: "other labels", ...labelled },
  ),
  ml(
    "LinearClassifier",
    [5, 4],
    { coefficients: fl(1, -1, 0.5, 2, -1, 1, -0.5, -2), intercepts: fl(0.5, -0.5), classlabels_ints: [0, 1], post_transform: "LOGISTIC" },
    { about: "two classes", ...labelled },
  ),
  ml(
    "LinearClassifier",
    [5, 4],
    { coefficients: fl(1, -1, 0.5, 2), intercepts: fl(0.5), classlabels_ints: [0, 1], post_transform: "LOGISTIC" },
    { about: "two classes, one row", ...labelled },
  ),
  ml(
    "LinearClassifier",
    [5, 4],
    { coefficients: fl(1, -1, 0.5, 2, -1, 1, -0.5, -2), intercepts: fl(0.5, -0.25), classlabels_ints: [0, 1], post_transform: "LOGISTIC" },
    { about: "two classes apart", ...labelled },
  ),
  ml("OneHotEncoder", [4], { cats_int64s: [1, 3, 5], zeros: 1 }, { data: [1, 5, 2, 3], gradient: false }),
  { op: "CastLike", x: [[2, 3]], weights: [quant("like", [1], INT32, 1)], outputs: [INT32], gradient: false },
  ...[1, 2, 3].map((p): Case => ({ op: "GlobalLpPool", about: `p = ${p}`, x: [[2, 3, 2, 2]], attrs: { p }, low: 0.1 })),
  { op: "Shrink", x: [[2, 5]], attrs: { lambd: f(0.7), bias: f(0.2) } },
  {
    op: "ReverseSequence",
    x: [[2, 3, 2]],
    weights: [{ name: "l", dims: [2n], dataType: INT64, int64Data: [3n, 3n] }],
    attrs: { time_axis: 1, batch_axis: 0 },
  },
  { op: "Swish", x: [[2, 3]], opset: 24 },
  { op: "Swish", about: "steeper", x: [[2, 3]], attrs: { alpha: f(1.5) }, opset: 24 },
  { op: "RMSNormalization", x: [[2, 3, 4]], weights: [weight("s", [4], 1, 2, 3, 4)], opset: 23 },
  {
    op: "RMSNormalization",
    about: "two axes",
    x: [[2, 3, 4]],
    weights: [weight("s", [3, 4], ...draw(seedKey(1), 12))],
    attrs: { axis: 1 },
    opset: 23,
  },
  {
    op: "Attention",
    about: "by head",
    x: [
      [2, 3, 4, 5],
      [2, 3, 6, 5],
      [2, 3, 6, 4],
    ],
    opset: 23,
  },
  { op: "Attention", about: "flat", x: [qkv(2, 4, 6), qkv(2, 5, 6), qkv(2, 5, 6)], attrs: { q_num_heads: 3, kv_num_heads: 3 }, opset: 23 },
  {
    op: "Attention",
    about: "shared keys, causal, scaled",
    x: [qkv(2, 4, 8), qkv(2, 4, 4), qkv(2, 4, 4)],
    attrs: { q_num_heads: 4, kv_num_heads: 2, is_causal: 1, scale: f(0.3) },
    opset: 23,
  },
  {
    op: "Attention",
    about: "masked",
    x: [
      [2, 2, 3, 4],
      [2, 2, 3, 4],
      [2, 2, 3, 4],
    ],
    weights: [weight("m", [3, 3], 0, -9, 0, 0, 0, -9, -9, 0, 0)],
    opset: 23,
  },
  ms("Gelu", [[2, 3]]),
  ms("BiasGelu", [[2, 3]], { weights: [weight("b", [3], 1, 2, 3)] }),
  ms("FastGelu", [[2, 3]], { weights: [weight("b", [3], 1, -2, 0.5)] }),
  ms("FastGelu", [[2, 3]], { about: "no bias" }),
  ms("QuickGelu", [[2, 3]], { attrs: { alpha: f(1.702) } }),
  ms("FusedMatMul", [[2, 3, 4]], { weights: [weight("b", [5, 4], ...draw(seedKey(2), 20))], attrs: { transB: 1, alpha: f(0.5) } }),
  ms("FusedMatMul", [[2, 4, 3]], { about: "turned", weights: [weight("b", [4, 2], ...draw(seedKey(3), 8))], attrs: { transA: 1 } }),
  ms(
    "SkipLayerNormalization",
    [
      [2, 3, 4],
      [2, 3, 4],
    ],
    { weights: [weight("g", [4], 1, 2, 3, 4), weight("b", [4], 0, 1, 0, -1), weight("c", [4], 1, 1, 0, 0)] },
  ),
];

describe("one operator", () => {
  test.each(cases.map((c, i) => [`${c.op}${c.about ? `: ${c.about}` : ""}`, c, i] as const))("%s", async (_, c, i) => {
    const [op, ...domain] = c.op.split(".").reverse() as [string, ...string[]];
    const names = c.x.map((_x, k) => `x${k}`);
    const outputs = (c.outputs ?? [FLOAT]).map((_o, k) => `y${k}`);
    const file = model({
      opset: c.opset ?? 21,
      ir: 10,
      domains: DOMAINS,
      inputs: Object.fromEntries(c.x.map((dims, k) => [names[k]!, c.op === "ai.onnx.ml.OneHotEncoder" ? dims : ["N", ...dims.slice(1)]])),
      weights: c.weights ?? [],
      nodes: [
        {
          op,
          domain: domain.reverse().join("."),
          in: [...names, ...(c.weights ?? []).map((w) => w.name!)],
          out: outputs,
          attrs: (c.attrs ?? {}) as Attrs,
        },
      ],
      outputs,
      outputTypes: c.outputs ?? [FLOAT],
    });
    const feeds = c.data ? [tensor(c.data, [...c.x[0]!])] : draws(fold(seedKey(11), i), c.x, c.low);
    await agree(file, feeds, c.x[0]![0]!, c.tolerance);
    if (c.gradient === false) return;
    const e = builder();
    const graph = read(file, e, { batch: c.x[0]![0]! });
    const y = graph.outputs[0]!;
    for (const g of grad(e, [y], [e.fill(1, y.type.shape, "float32")], graph.inputs)) expect(g.type.dtype).toBe("float32");
  });
});

test("a table of scores by name is the table", () => {
  const nodes = [{ op: "ZipMap", domain: "ai.onnx.ml", in: ["x"], out: ["y"], attrs: { classlabels_ints: [0, 1, 2] } }];
  const graph = read(model({ inputs: { x: ["N", 3] }, nodes, outputs: ["y"], domains: DOMAINS }), builder());
  expect(graph.outputs[0]).toBe(graph.inputs[0]);
});

test("every operator that is read as another is here, or among the quantised ones", () => {
  const met = new Set([...cases.map((c) => c.op), "ai.onnx.ml.ZipMap", ...Object.keys(integer)]);
  expect(Object.keys(constructions).filter((op) => !met.has(op))).toEqual([]);
});
