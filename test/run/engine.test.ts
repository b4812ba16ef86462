/** The same programs on native onnxruntime and on WebAssembly. */
import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { attack, linf, pgd } from "../../src/attack/index.ts";
import { CounterfoilError, full, numbers, seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { loadData } from "../../src/data/index.ts";
import { input } from "../../src/graph/index.ts";
import { openClassifier } from "../../src/model/index.ts";
import { classifier, inferenceGraph } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";
import { adam } from "../../src/optim/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile, compileStep, cores, evaluate, openFile, STRIDE } from "../../src/run/index.ts";
import { classifierStep } from "../../src/train/index.ts";

const DEVICES = ["cpu", "wasm"] as const;
const run = (device: (typeof DEVICES)[number]) => ({ device, threads: 1 });

describe.each(DEVICES)("on %s", (device) => {
  test("a program computes, says where it ran, and refuses other shapes", async () => {
    const e = builder();
    const x = input("float32", [2, 3], "x");
    const program = await compile({ inputs: [x], outputs: [e.MatMul(x, e.constant(tensor([1, 2, 3], [3, 1])))] }, run(device));
    expect(numbers((await program.run([tensor([1, 1, 1, 2, 0, 1], [2, 3])]))[0]!)).toEqual([6, 5]);
    expect(program.runtime).toMatch(device === "cpu" ? /^onnxruntime-node 1\./ : /^onnxruntime-web 1\./);
    await expect(program.run([tensor([1, 2], [1, 2])])).rejects.toThrow(/input 0 as float32\[2,3\], got float32\[1,2\]/);
    await expect(program.run([])).rejects.toThrow(/1 inputs, got 0/);
    await program.release();
  });

  test("state goes round: single steps and strides, reading, loading and the step before", async () => {
    const e = builder();
    const [s, x] = [input("float32", [2], "s"), input("float32", [], "x")];
    const next = e.Add(e.Mul(s, e.scalar(2, s)), x);
    const program = await compileStep(
      { inputs: [x], outputs: [e.ReduceSum(next, null, { keepdims: 0 })], state: [{ value: s, next, initial: tensor([1, 0], [2]) }] },
      { ...run(device), stride: 4 },
    );
    const feed = (v: number) => [full([], v)];
    expect((await program.steps([feed(1)])).map((o) => numbers(o[0]!))).toEqual([[4]]);
    expect((await program.steps([1, 0, 0, 2].map(feed))).map((o) => numbers(o[0]!)[0])).toEqual([10, 20, 40, 84]);
    expect(numbers(program.read()[0]!)).toEqual([58, 26]);
    expect(numbers(program.before()[0]!)).toEqual([3, 1]);
    program.load([tensor([0, 1], [2])]);
    expect((await program.steps([feed(0)])).map((o) => numbers(o[0]!))).toEqual([[2]]);
    await expect(program.steps([feed(1), feed(1)])).rejects.toThrow(/1 step or 4/);
    await program.release();
  });

  test("values are computed once, and missing feeds are named", async () => {
    const e = builder();
    const x = input("float32", [2], "x");
    expect(numbers((await evaluate([e.Exp(x)], new Map([[x, tensor([0, 0], [2])]]), run(device)))[0]!)).toEqual([1, 1]);
    await expect(evaluate([e.Exp(x)], new Map(), run(device))).rejects.toThrow(/none for x/);
  });

  test("a damaged file and a wrong input are refused in a sentence", async () => {
    await expect(openFile(new Uint8Array([1, 2, 3]), run(device))).rejects.toThrow(CounterfoilError);
    const layer = classifier("cnn", [1, 8, 8], 3, 0);
    const file = await openFile(write(inferenceGraph(layer, layer.params)), run(device));
    await expect(file.run([full([1, 1, 9, 9], 0)])).rejects.toThrow(CounterfoilError);
    await file.release();
  });
});

test("training takes the same course on both", async () => {
  const data = await loadData("mnist:test", { limit: 64 });
  const y: Tensor<"int64"> = { dtype: "int64", shape: [64], data: BigInt64Array.from(data.y, BigInt) };
  const course = async (device: (typeof DEVICES)[number]) => {
    const step = await classifierStep({ layer: classifier("cnn", [1, 28, 28], 10, 1), batch: 64, transform: adam(), ...run(device) });
    const losses: number[] = [];
    for (let k = 0; k < 3; k++)
      for (const [loss] of await step.program.steps(Array.from({ length: STRIDE }, () => [data.x, y, full([], 1e-3)])))
        losses.push(Number(loss!.data[0]));
    await step.program.release();
    return losses;
  };
  const [native, wasm] = [await course("cpu"), await course("wasm")];
  native.forEach((v, i) => {
    expect(Math.abs(v - wasm[i]!)).toBeLessThan(1e-4 * Math.abs(v));
  });
  expect(native.at(-1)!).toBeLessThan(native[0]! / 1.2);
});

test("an attack finds the same on both", async () => {
  const data = await loadData("mnist:test", { limit: 32 });
  const layer = classifier("cnn", [1, 28, 28], 10, 1);
  const bytes = write(inferenceGraph(layer, layer.params));
  const found = async (device: (typeof DEVICES)[number]) => {
    const victim = await openClassifier(bytes, run(device));
    const result = await attack(
      victim,
      { x: data.x, labels: data.y },
      { attack: pgd({ steps: 9 }), norm: linf, epsilon: 0.05, ...run(device) },
    );
    await victim.release();
    return result.samples.map((s) => [s.predicted, s.success]);
  };
  expect(await found("wasm")).toEqual(await found("cpu"));
});

test.each(["webgpu", "cuda"] as const)("%s, where it is not, is refused with what to do", async (device) => {
  const e = builder();
  const x = input("float32", [1], "x");
  const error = await compile({ inputs: [x], outputs: [e.Exp(x)] }, { device }).then(
    () => null,
    (cause) => cause,
  );
  // a machine that has the device runs the program
  if (error === null) return;
  expect(error).toBeInstanceOf(CounterfoilError);
  expect(error.message).toMatch(new RegExp(device));
  expect(error.mend).toMatch(/device|install/);
});

test("threads are as many as the environment says, where nobody else does", () => {
  const before = process.env.COUNTERFOIL_THREADS;
  try {
    process.env.COUNTERFOIL_THREADS = "3";
    expect(cores()).toBe(3);
    for (const wrong of ["0", "2.5", "many", ""]) {
      process.env.COUNTERFOIL_THREADS = wrong;
      expect(cores).toThrow(/a whole number ≥ 1 in COUNTERFOIL_THREADS/);
    }
    delete process.env.COUNTERFOIL_THREADS;
    expect(cores()).toBe(availableParallelism());
  } finally {
    process.env.COUNTERFOIL_THREADS = before;
  }
});

test("threads must be whole and positive", async () => {
  const e = builder();
  const x = input("float32", [1], "x");
  await expect(compile({ inputs: [x], outputs: [e.Exp(x)] }, { threads: 0 })).rejects.toThrow(/threads ≥ 1/);
});

test("200 steps need no more memory than the first hundred", async () => {
  const step = await classifierStep({ layer: classifier("mlp", [1, 8, 8], 10, 0), batch: 16, transform: adam(), threads: 1 });
  const x: Tensor<"float32"> = { dtype: "float32", shape: [16, 1, 8, 8], data: uniform(seedKey(1), 1024) };
  const y: Tensor<"int64"> = { dtype: "int64", shape: [16], data: BigInt64Array.from({ length: 16 }, (_, i) => BigInt(i % 10)) };
  const feeds = Array.from({ length: STRIDE }, () => [x, y, full([], 1e-3)]);
  const many = async (n: number) => {
    for (let k = 0; k < n; k += STRIDE) await step.program.steps(feeds);
  };
  await many(100);
  const before = process.memoryUsage().rss;
  await many(200);
  // the state is 18 MB: one leaked copy of it in thirty steps would be 120 MB
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(90);
  await step.program.release();
}, 60_000);
