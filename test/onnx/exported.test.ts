/** Models as PyTorch's two exporters write them: our graph's output and gradient against PyTorch's own (golden/export.py). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { read } from "../../src/onnx/index.ts";
import { builder, grad } from "../../src/pass/index.ts";
import { compile, gradientCheck, openFile } from "../../src/run/index.ts";

interface Answer {
  readonly file: string;
  readonly x: { readonly shape: readonly number[]; readonly data: readonly number[] };
  readonly y: readonly number[];
  readonly weights: readonly number[];
  readonly gradient: readonly number[];
}

const folder = new URL("../golden/exported/", import.meta.url);
const { answers }: { answers: readonly Answer[] } = JSON.parse(readFileSync(new URL("answers.json", folder), "utf8"));

/** Largest difference, as a share of the largest number. */
const difference = (ours: Tensor, theirs: readonly number[]): number => {
  const scale = Math.max(...theirs.map(Math.abs));
  return Math.max(...theirs.map((v, i) => Math.abs(v - Number(ours.data[i])))) / scale;
};

describe("outputs and input gradients of exported models", () => {
  test.each(answers)("$file", async ({ file, x, y, weights, gradient }) => {
    const bytes = new Uint8Array(readFileSync(new URL(file, folder)));
    const e = builder();
    const graph = read(bytes, e, { batch: x.shape[0]! });
    const out = graph.outputs[0]!;
    const c = input("float32", out.type.shape);
    const [g] = grad(e, [out], [c], graph.inputs);
    const program = await compile({ inputs: [...graph.inputs, c], outputs: [out, g!] }, { threads: 1 });
    const [ours, ourGradient] = await program.run([tensor(x.data, x.shape), tensor(weights, out.type.shape)]);
    expect(difference(ours!, y)).toBeLessThan(1e-4);
    expect(difference(ourGradient!, gradient)).toBeLessThan(1e-4);
    await program.release();

    const runnable = await openFile(bytes, { threads: 1 });
    expect((await gradientCheck(read(bytes, builder()), runnable, { threads: 1 })).ok).toBe(true);
    await runnable.release();
  });

  test("both exporters and old and new opsets are among them", () => {
    expect(answers.length).toBe(10);
  });
});
