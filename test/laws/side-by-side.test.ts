import { describe, expect, test } from "vitest";
import { normal, seedKey, size, type Tensor } from "../../src/base/index.ts";
import { input, order, type Value } from "../../src/graph/index.ts";
import { builder, lower } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";

const draw = (shape: readonly number[], seed: number): Tensor<"float32"> => ({
  dtype: "float32",
  shape,
  data: normal(seedKey(seed), size(shape)),
});

interface Case {
  readonly kernel: [number, number];
  readonly strides: [number, number];
  readonly pads: [number, number, number, number];
  readonly dilations?: [number, number];
  readonly picture?: [number, number];
  readonly output?: [number, number];
}
const cases: readonly Case[] = [
  { kernel: [4, 4], strides: [2, 2], pads: [1, 1, 1, 1] },
  { kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] },
  { kernel: [3, 2], strides: [1, 2], pads: [0, 1, 2, 0], picture: [5, 8] },
  { kernel: [1, 1], strides: [2, 2], pads: [0, 0, 0, 0], picture: [7, 7], output: [1, 1] },
  { kernel: [2, 2], strides: [3, 3], pads: [0, 0, 0, 0], picture: [8, 8], output: [1, 0] },
  { kernel: [3, 3], strides: [2, 1], pads: [2, 2, 2, 2], dilations: [2, 2] },
];
const same = (a: Tensor, b: Tensor) => {
  expect(a.shape).toEqual(b.shape);
  let most = 0;
  for (let i = 0; i < a.data.length; i++) most = Math.max(most, Math.abs(Number(a.data[i]) - Number(b.data[i])));
  expect(most).toBeLessThan(1e-4);
};
/** The graph as it is run at its batch, and as it is run at any, which nothing is put side by side in. */
async function both(inputs: readonly Value[], y: Value): Promise<void> {
  const before = y.node!.inputs[0]!.type.shape[0]!;
  const wide = lower({ outputs: [y] }).outputs[0]!;
  const convolution = order([wide]).find((n) => n.op === y.node!.op)!;
  expect(convolution.inputs[0]!.type.shape[0]).toBeLessThan(before);
  const feeds = inputs.map((v, i) => draw(v.type.shape, i));
  const [one, other] = [
    await compile({ inputs, outputs: [y] }, { threads: 1 }),
    await compile({ inputs, outputs: [y] }, { threads: 1, anyBatch: true }),
  ];
  same((await one.run(feeds))[0]!, (await other.run(feeds))[0]!);
  await Promise.all([one.release(), other.release()]);
}

describe("pictures side by side", () => {
  const [batch, c, m] = [24, 16, 18];
  for (const { kernel, strides, pads, dilations = [1, 1], picture = [9, 9], output = [0, 0] } of cases) {
    const attrs = { kernel_shape: kernel, strides, pads, dilations };
    test(`Conv ${JSON.stringify(attrs)} of ${picture}`, async () => {
      const inputs = [input("float32", [batch, c, ...picture]), input("float32", [m, c, ...kernel]), input("float32", [m])];
      await both(inputs, builder().Conv(inputs[0]!, inputs[1]!, inputs[2]!, attrs));
    });
    test(`ConvTranspose ${JSON.stringify(attrs)} of ${picture}`, async () => {
      const inputs = [input("float32", [batch, m, ...picture]), input("float32", [m, c, ...kernel]), input("float32", [c])];
      await both(inputs, builder().ConvTranspose(inputs[0]!, inputs[1]!, inputs[2]!, { ...attrs, output_padding: output }));
    });
  }
});
