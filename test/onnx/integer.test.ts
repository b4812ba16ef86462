/** Arithmetic on quantised numbers, read as arithmetic on floats: what onnxruntime's integer kernels say, but for a quantum where rounding ties. */
import { describe, expect, test } from "vitest";
import { seedKey } from "../../src/base/index.ts";
import type { Attrs } from "../../src/graph/index.ts";
import { integer } from "../../src/onnx/integer.ts";
import { agree, DOMAINS, draws, quant } from "./agree.ts";
import { FLOAT, model, type Sketch, weight } from "./model.ts";

const [UINT8, INT8, INT32] = [2, 3, 6];
const bytes = (n: number, spread = 1) => Array.from({ length: n }, (_, i) => ((i * 37 * spread) % 251) - 125);

// weights of 7 bits: kernels for processors without VNNI saturate on more
const quantized: readonly {
  op: string;
  about?: string;
  nodes: Sketch["nodes"];
  weights: NonNullable<Sketch["weights"]>;
  x: readonly number[];
}[] = [
  {
    op: "QLinearConv",
    x: [2, 2, 5, 5],
    weights: [
      quant("w", [3, 2, 3, 3], INT8, ...bytes(54).map((v) => Math.trunc(v / 2))),
      weight("ws", [3], 0.01, 0.02, 0.005),
      quant("wz", [3], INT8, 0, 0, 0),
      quant("b", [3], INT32, 100, -200, 3000),
      weight("ys", [], 0.05),
      quant("yz", [], UINT8, 128),
    ],
    nodes: [{ op: "QLinearConv", in: ["q", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"], out: ["z"], attrs: { pads: [1, 1, 1, 1] } }],
  },
  {
    op: "QLinearMatMul",
    x: [3, 4],
    weights: [
      quant("w", [4, 2], INT8, ...bytes(8)),
      weight("ws", [], 0.01),
      quant("wz", [], INT8, 0),
      weight("ys", [], 0.05),
      quant("yz", [], UINT8, 128),
    ],
    nodes: [{ op: "QLinearMatMul", in: ["q", "xs", "xz", "w", "ws", "wz", "ys", "yz"], out: ["z"] }],
  },
  ...["QLinearAdd", "QLinearMul"].map((op) => ({
    op: `com.microsoft.${op}`,
    x: [2, 4],
    weights: [
      quant("w", [4], UINT8, 3, 250, 0, 128),
      weight("ws", [], 0.03),
      quant("wz", [], UINT8, 100),
      weight("ys", [], 0.05),
      quant("yz", [], UINT8, 128),
    ],
    nodes: [{ op, domain: "com.microsoft", in: ["q", "xs", "xz", "w", "ws", "wz", "ys", "yz"], out: ["z"] }],
  })),
  ...["QLinearSigmoid", "QLinearGlobalAveragePool", "QLinearLeakyRelu"].map((op) => ({
    op: `com.microsoft.${op}`,
    x: [2, 2, 3, 3],
    weights: [weight("ys", [], 0.02), quant("yz", [], UINT8, 100)],
    nodes: [
      {
        op,
        domain: "com.microsoft",
        in: ["q", "xs", "xz", "ys", "yz"],
        out: ["z"],
        attrs: (op === "QLinearLeakyRelu" ? { alpha: { float: 0.1 } } : {}) as unknown as Attrs,
      },
    ],
  })),
  ...["QLinearAveragePool", "QLinearSoftmax"].map((op) => ({
    op: `com.microsoft.${op}`,
    x: [2, 2, 4, 4],
    weights: [weight("ys", [], 0.02), quant("yz", [], UINT8, 100)],
    nodes: [
      {
        op,
        domain: "com.microsoft",
        in: ["q", "xs", "xz", "ys", "yz"],
        out: ["z"],
        attrs: (op === "QLinearSoftmax" ? { axis: -1, opset: 13 } : { kernel_shape: [2, 2], strides: [2, 2] }) as Attrs,
      },
    ],
  })),
  {
    op: "com.microsoft.QLinearConcat",
    x: [2, 4],
    weights: [weight("ys", [], 0.05), quant("yz", [], UINT8, 100)],
    nodes: [
      { op: "QLinearConcat", domain: "com.microsoft", in: ["ys", "yz", "q", "xs", "xz", "q", "xs", "xz"], out: ["z"], attrs: { axis: 1 } },
    ],
  },
  {
    op: "com.microsoft.QGemm",
    x: [3, 4],
    weights: [
      quant("w", [2, 4], INT8, ...bytes(8)),
      weight("ws", [], 0.01),
      quant("wz", [], INT8, 0),
      quant("b", [2], INT32, 100, -200),
      weight("ys", [], 0.05),
      quant("yz", [], UINT8, 128),
    ],
    nodes: [
      { op: "QGemm", domain: "com.microsoft", in: ["q", "xs", "xz", "w", "ws", "wz", "b", "ys", "yz"], out: ["z"], attrs: { transB: 1 } },
    ],
  },
];

describe("quantised arithmetic, between a quantiser and its undoing", () => {
  test.each(quantized.map((c) => [c.op, c] as const))("%s", async (_, c) => {
    const file = model({
      ir: 10,
      domains: DOMAINS,
      inputs: { x: ["N", ...c.x.slice(1)] },
      weights: [weight("xs", [], 0.02), quant("xz", [], UINT8, 120), ...c.weights],
      nodes: [
        { op: "QuantizeLinear", in: ["x", "xs", "xz"], out: ["q"] },
        ...c.nodes,
        { op: "DequantizeLinear", in: ["z", "ys", "yz"], out: ["y"] },
      ],
      outputs: ["y"],
    });
    // a tie may round the other way: one quantum
    await agree(file, draws(seedKey(3), [c.x], -2), c.x[0]!, 0.05 + 1e-5);
  });

  test("ConvInteger and MatMulInteger, as dynamic quantisation writes them", async () => {
    const file = model({
      ir: 10,
      inputs: { x: ["N", 1, 4, 4] },
      weights: [quant("w", [2, 1, 2, 2], INT8, ...bytes(8)), quant("v", [3, 2], INT8, 50, -60, 3, 61, -7, 22), quant("vz", [], INT8, 3)],
      nodes: [
        { op: "DynamicQuantizeLinear", in: ["x"], out: ["q", "s", "z"] },
        { op: "ConvInteger", in: ["q", "w", "z"], out: ["c"] },
        { op: "Cast", in: ["c"], out: ["cf"], attrs: { to: FLOAT } },
        { op: "Mul", in: ["cf", "s"], out: ["r"] },
        { op: "DynamicQuantizeLinear", in: ["r"], out: ["q2", "s2", "z2"] },
        { op: "MatMulInteger", in: ["q2", "v", "z2", "vz"], out: ["m"] },
        { op: "Cast", in: ["m"], out: ["mf"], attrs: { to: FLOAT } },
        { op: "Mul", in: ["mf", "s2"], out: ["y"] },
      ],
      outputs: ["y"],
    });
    await agree(file, draws(seedKey(4), [[2, 1, 4, 4]], -2), 2);
  });
});

test("quantisers of onnxruntime's own domain", async () => {
  const file = model({
    ir: 10,
    domains: DOMAINS,
    inputs: { x: ["N", 4] },
    weights: [weight("s", [], 0.02), quant("z", [], UINT8, 120)],
    nodes: [
      { op: "QuantizeLinear", domain: "com.microsoft", in: ["x", "s", "z"], out: ["q"] },
      { op: "DequantizeLinear", domain: "com.microsoft", in: ["q", "s", "z"], out: ["y"] },
    ],
    outputs: ["y"],
  });
  await agree(file, draws(seedKey(4), [[2, 4]], -2), 2);
});

/** Those in tests of their own. */
const APART = ["ConvInteger", "MatMulInteger", "com.microsoft.QuantizeLinear", "com.microsoft.DequantizeLinear"];

test("every one is among them", () => {
  const met = new Set([...quantized.map((c) => c.op), ...APART]);
  expect(Object.keys(integer).filter((op) => !met.has(op))).toEqual([]);
});
