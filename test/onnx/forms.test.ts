/** Files that a graph is not read from word by word: free sizes, known conditions, functions of their own, half precision, text. */
import { describe, expect, test } from "vitest";
import { CounterfoilError, fromFloat16, halvesOfFloats, type Tensor, tensor } from "../../src/base/index.ts";
import type { Attrs } from "../../src/graph/index.ts";
import { read, write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile, openFile } from "../../src/run/index.ts";
import { FLOAT, model, nodeProto, type Sketch, valueInfo } from "./model.ts";

const parse = (bytes: Uint8Array, options?: Parameters<typeof read>[2]) => read(bytes, builder(), options);

function refusal(act: () => unknown): CounterfoilError {
  try {
    act();
  } catch (error) {
    if (error instanceof CounterfoilError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const relu: Sketch = { inputs: { x: ["N", 4] }, nodes: [{ op: "Relu", in: ["x"], out: ["y"], name: "last" }], outputs: ["y"] };

/** What onnxruntime says of the file, and what it says of our graph. */
async function both(bytes: Uint8Array, feeds: readonly Tensor[], batch = 1): Promise<readonly [readonly Tensor[], readonly Tensor[]]> {
  const file = await openFile(bytes, { threads: 1 });
  const program = await compile(parse(bytes, { batch }), { threads: 1 });
  const answers = [await file.run(feeds), await program.run(feeds)] as const;
  await Promise.all([file.release(), program.release()]);
  return answers;
}

describe("free dimensions beyond the batch", () => {
  const bytes = model({ ...relu, inputs: { x: ["N", 3, "H", "W"] } });

  test.each<[string, Record<string, number>]>([
    ["by name", { H: 8, W: 6 }],
    ["by input and axis", { "x:2": 8, W: 6 }],
  ])("are fixed %s", async (_, sizes) => {
    const graph = parse(bytes, { batch: 2, sizes });
    expect(graph.inputs[0]!.type.shape).toEqual([2, 3, 8, 6]);
    // the batch is still free, the others are not
    expect(graph.inputs[0]!.dims).toEqual(["N", 3, 8, 6]);
  });

  test("and so may the batch be", () => {
    const graph = parse(bytes, { sizes: { N: 5, H: 8, W: 6 } });
    expect(graph.inputs[0]!.dims).toEqual([5, 3, 8, 6]);
  });

  test("a size is a whole number", () => {
    expect(refusal(() => parse(bytes, { sizes: { H: 8.5, W: 6 } })).code).toBe("size-unknown");
  });
});

describe("a condition", () => {
  const branch = (op: string): Attrs[string] =>
    ({ graph: { node: [{ opType: op, input: ["x"], output: [`of_${op}`] }], output: [{ name: `of_${op}` }] } }) as never;
  const conditional = (weights: Sketch["weights"], cond: string) =>
    model({
      ...relu,
      weights,
      nodes: [{ op: "If", in: [cond], out: ["y"], name: "branch", attrs: { then_branch: branch("Relu"), else_branch: branch("Neg") } }],
    });
  const truth = (v: number): Sketch["weights"] => [{ name: "c", dims: [], dataType: 9, rawData: Uint8Array.of(v) }];

  test("that is known chooses its branch", () => {
    expect(parse(conditional(truth(1), "c")).outputs[0]!.node!.op).toBe("Relu");
    expect(parse(conditional(truth(0), "c")).outputs[0]!.node!.op).toBe("Neg");
  });

  test("that the data decides is refused", () => {
    expect(refusal(() => parse(conditional([], "x"))).message).toMatch(/If \(node "branch"\).*control flow/);
  });
});

describe("a model's own functions", () => {
  // twice(v) = v + v; scaled(v; by) = by·twice(v), where `by` is an attribute with a default
  const twice = {
    name: "twice",
    domain: "own",
    input: ["v"],
    output: ["w"],
    node: [nodeProto({ op: "Add", in: ["v", "v"], out: ["w"] })],
    opsetImport: [{ domain: "", version: 21n }],
  };
  const scaled = {
    name: "scaled",
    domain: "own",
    input: ["v"],
    output: ["w", "v"],
    attributeProto: [{ name: "by", type: 1, f: 3 }],
    node: [
      { opType: "Constant", output: ["k"], attribute: [{ name: "value_float", type: 1, refAttrName: "by" }] },
      nodeProto({ op: "twice", domain: "own", in: ["v"], out: ["t"] }),
      nodeProto({ op: "Mul", in: ["t", "k"], out: ["w"] }),
    ],
    opsetImport: [
      { domain: "", version: 21n },
      { domain: "own", version: 1n },
    ],
  };
  const nodes = [
    { op: "scaled", domain: "own", in: ["x"], out: ["a", "same"], name: "first" },
    { op: "scaled", domain: "own", in: ["a"], out: ["b", ""], attrs: { by: { float: 0.5 } as never } },
    { op: "Add", in: ["b", "same"], out: ["y"] },
  ];
  const bytes = model({ inputs: { x: ["N", 4] }, nodes, outputs: ["y"], domains: { own: 1 }, functions: [twice, scaled], ir: 10 });

  test("are written out where they are called, with the call's attributes", async () => {
    const x = tensor([1, -2, 3, 4], [1, 4]);
    const graph = parse(bytes);
    const program = await compile(graph, { threads: 1 });
    // 0.5·2·(3·2·x) + x
    expect((await program.run([x]))[0]!.data).toEqual(Float32Array.of(7, -14, 21, 28));
    await program.release();
  });

  test("that call themselves are refused", () => {
    const loop = { ...twice, node: [nodeProto({ op: "twice", domain: "own", in: ["v"], out: ["w"] })] };
    const call = [{ op: "twice", domain: "own", in: ["x"], out: ["y"] }];
    expect(refusal(() => parse(model({ ...relu, nodes: call, functions: [loop] }))).message).toMatch(/twice, which calls itself/);
  });

  test("of another opset are refused", () => {
    const old = { ...twice, opsetImport: [{ domain: "", version: 11n }] };
    const call = [{ op: "twice", domain: "own", in: ["x"], out: ["y"] }];
    expect(refusal(() => parse(model({ ...relu, nodes: call, functions: [old] }))).code).toBe("function-opset");
  });
});

describe("half precision", () => {
  const HALF = 10;
  const halves = (name: string, dims: readonly number[], ...xs: number[]) => ({
    name,
    dims: dims.map(BigInt),
    dataType: HALF,
    rawData: new Uint8Array(halvesOfFloats(xs).buffer),
  });
  const bytes = model({
    inputs: {},
    extraInputs: [valueInfo("x", ["N", 2], HALF)],
    weights: [halves("w", [2, 2], 0.1, -3, 1e-5, 65504), { name: "b", dims: [2n], dataType: HALF, int32Data: [0x3c00, 0xc000] }],
    nodes: [
      { op: "Mul", in: ["x", "w"], out: ["p"] },
      { op: "Add", in: ["p", "b"], out: ["s"] },
      { op: "Cast", in: ["s"], out: ["f"], attrs: { to: FLOAT } },
      { op: "Cast", in: ["f"], out: ["h"], attrs: { to: HALF } },
      { op: "Relu", in: ["h"], out: ["y"] },
    ],
    outputs: ["y", "f"],
    outputTypes: [HALF, FLOAT],
  });

  test("is read as float32, weights exactly, and the input says what the file takes", () => {
    const graph = parse(bytes, { batch: 2 });
    const [x] = graph.inputs;
    expect([x!.type.dtype, x!.fileDType]).toEqual(["float32", "float16"]);
    expect(graph.outputs.map((y) => y.type.dtype)).toEqual(["float32", "float32"]);
    const weights = graph.outputs[1]!.node!.inputs[0]!.node!.inputs[0]!.node!.inputs[1]!;
    expect(weights.data!.data).toEqual(Float32Array.of(fromFloat16(0x2e66), -3, fromFloat16(0x00a8), 65504));
  });

  test("files are fed and answer in float32", async () => {
    const x = tensor([1, 2, 0.25, 0.5], [2, 2]);
    const [theirs, ours] = await both(bytes, [x], 2);
    expect(theirs.map((t) => t.dtype)).toEqual(["float32", "float32"]);
    for (const [k, t] of theirs.entries())
      for (const [i, v] of (t.data as Float32Array).entries())
        expect(Math.abs(v - Number(ours[k]!.data[i]))).toBeLessThan(2e-3 * Math.max(1, Math.abs(v)));
  });

  test("what is written is float32", async () => {
    const again = parse(write(parse(bytes)));
    expect([again.inputs[0]!.type.dtype, again.inputs[0]!.fileDType]).toEqual(["float32", undefined]);
  });

  test("bfloat16 weights too", () => {
    const brain = { name: "w", dims: [2n], dataType: 16, int32Data: [0x3f80, 0xc040] };
    const graph = parse(model({ ...relu, weights: [brain], nodes: [{ op: "Identity", in: ["w"], out: ["y"] }] }));
    expect(graph.outputs[0]!.data).toEqual(tensor([1, -3], [2]));
  });
});

test("the names of classes are read as their numbers", () => {
  const words = ["cat", "dog", "cat", "eel"].map((s) => new TextEncoder().encode(s));
  const names = { name: "c", dims: [4n], dataType: 8, stringData: words };
  const graph = parse(model({ ...relu, weights: [names], nodes: [{ op: "Identity", in: ["c"], out: ["y"] }] }));
  expect(graph.outputs[0]!.data).toEqual(tensor([0, 1, 0, 2], [4], "int64"));
});
