/** What ends a verification before it is decided: the time, whatever it is busy with; who interrupts; memory. */
import { describe, expect, test } from "vitest";
import { fold, normal, seedKey } from "../../src/base/index.ts";
import { type Graph, input, type Value } from "../../src/graph/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { Clock, TimeUp } from "../../src/verify/clock.ts";
import { type Query, readSpecification, type VerifyOptions, verify } from "../../src/verify/index.ts";
import { dense, type Linear, sparse } from "../../src/verify/net/linear.ts";
import { type Products, paced, plain } from "../../src/verify/net/products.ts";
import { prove } from "../../src/verify/proof/index.ts";
import { meet } from "../../src/verify/search/program.ts";
import { bytesOf, Size } from "../../src/verify/search/size.ts";

/** Seconds that a verification may take beyond its limit. */
const BEYOND = 2;

const layers = (widths: readonly number[]): Graph => {
  const e = builder();
  const x = input("float32", [1, widths[0]!], "x");
  const weights = (k: number, shape: readonly number[], scale: number) => {
    const n = shape.reduce((a, b) => a * b, 1);
    return e.constant({ dtype: "float32", shape, data: normal(fold(seedKey(3), k), n).map((v) => v * scale) });
  };
  let y: Value = x;
  widths.slice(1).forEach((n, k) => {
    const m = widths[k]!;
    y = e.Add(e.MatMul(k === 0 ? y : e.Relu(y), weights(2 * k, [m, n], 1.6 / Math.sqrt(m))), weights(2 * k + 1, [n], 0.1));
  });
  return { inputs: [x], outputs: [y] };
};

/** 6 layers of `width`: all neurons are unstable, and bounds of no use. */
const deep = (width: number) => ({ path: "deep.onnx", sha256: "", bytes: write(layers([64, ...new Array<number>(6).fill(width), 2])) });

const convolutions = () => {
  const e = builder();
  const x = input("float32", [1, 4, 24, 24], "x");
  const kernel = (k: number, shape: readonly number[]) => {
    const n = shape.reduce((a, b) => a * b, 1);
    return e.constant({ dtype: "float32", shape, data: normal(fold(seedKey(5), k), n).map((v) => v * 0.2) });
  };
  const same = { pads: [1, 1, 1, 1] };
  const y = e.Relu(e.Conv(x, kernel(0, [16, 4, 3, 3]), null, same));
  const z = e.Relu(e.Conv(y, kernel(1, [16, 16, 3, 3]), null, same));
  const out = e.MatMul(e.node("Flatten", [z])[0]!, kernel(2, [16 * 24 * 24, 2]));
  return { path: "conv.onnx", sha256: "", bytes: write({ inputs: [x], outputs: [out] }) };
};

/** Output 0 stays below `below` on [−1, 1]ⁿ. */
const below = (inputs: number, bound: number): Promise<Query> => {
  const inside = { low: new Array<number>(inputs).fill(-1), high: new Array<number>(inputs).fill(1) };
  return readSpecification(new TextEncoder().encode(JSON.stringify({ inputs: inside, stays: [{ output: 0, below: bound }] })), "claim", {
    outputs: 2,
  });
};

const timed = async <T>(work: Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> => {
  const start = performance.now();
  const result = await work;
  return { result, seconds: (performance.now() - start) / 1000 };
};

describe("the limit is kept", () => {
  // no output is near 1e6, but no bound says so of such networks within a minute
  const cases: readonly [string, () => ReturnType<typeof deep>, number, VerifyOptions][] = [
    ["by falsification", () => deep(512), 64, { starts: 1e6 }],
    ["by bounds of the root", () => deep(512), 64, { starts: 0 }],
    ["by bounds of the root, halving inputs", () => deep(512), 64, { starts: 0, split: "input" }],
    ["by convolutions", convolutions, 4 * 24 * 24, { starts: 0 }],
  ];
  test.each(cases)("%s", async (_, file, inputs, options) => {
    const query = await below(inputs, 150);
    const { result, seconds } = await timed(verify(file(), query, { timeout: 0.7, ...options }));
    expect(result).toMatchObject({ verdict: "timeout", reason: null, counterexample: null });
    expect(seconds).toBeLessThan(0.7 + BEYOND);
  });

  test("by proofs", async () => {
    const query = await below(64, 1e3);
    const { result, seconds } = await timed(prove(deep(256), query, "", { timeout: 0.7, starts: 0 }));
    expect(result).toMatchObject({ verdict: "timeout", proof: null });
    expect(seconds).toBeLessThan(0.7 + BEYOND);
  });

  test("which may have begun before: what is over is over", async () => {
    const since = performance.timeOrigin + performance.now() - 60_000;
    const result = await verify(deep(16), await below(64, 1e6), { timeout: 59, since });
    expect(result).toMatchObject({ verdict: "timeout", parts: 0 });
    expect(result.seconds).toBeGreaterThan(60);
  });

  test("by linear programs", async () => {
    const half = { g: Float64Array.of(1, 1), h: -1 };
    const ends = [new Float64Array(2), new Float64Array(2).fill(1)] as const;
    expect(await meet([half], ...ends, new Clock())).toMatchObject({ kind: "point" });
    await expect(meet([half], ...ends, new Clock({ timeout: -1 }))).rejects.toThrow(TimeUp);
  });
});

test.each([
  ["falsification", { starts: 1e6 }],
  ["bounds of the root", { starts: 0 }],
] as const)("who interrupts %s does not wait", async (_, options) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 300);
  const query = await below(64, 150);
  const work = timed(verify(deep(512), query, { timeout: 10, ...options, signal: controller.signal }).catch((error: Error) => error));
  const { result, seconds } = await work;
  expect(result).toMatchObject({ name: "AbortError" });
  expect(seconds).toBeLessThan(0.3 + BEYOND);
});

test("a program that the solver cannot read is none, and the next one is solved", async () => {
  const ends = [new Float64Array(1), new Float64Array(1).fill(1)] as const;
  const wrong = await meet([{ g: Float64Array.of(Number.NaN), h: 0 }], ...ends, new Clock());
  expect(wrong?.kind).not.toBe("refuted");
  expect(await meet([{ g: Float64Array.of(1), h: 1 }], ...ends, new Clock())).toEqual({ kind: "refuted" });
});

describe("memory", () => {
  test("that the network would take beyond its limit is not taken", async () => {
    const query = await below(4 * 24 * 24, 1e9);
    const result = await verify(convolutions(), query, { memory: 16, starts: 0, timeout: 5 });
    expect(result).toMatchObject({ verdict: "unknown", reason: expect.stringMatching(/Conv.* in 16 MiB.*--memory/) });
    // with more it is searched
    expect(await verify(convolutions(), query, { memory: 256, starts: 0, timeout: 0.3 })).toMatchObject({ verdict: "timeout" });
  });

  test("counts the weights of dense layers", async () => {
    const result = await verify(deep(512), await below(64, 0.1), { memory: 8, starts: 0, timeout: 5 });
    expect(result).toMatchObject({ verdict: "unknown", reason: expect.stringMatching(/(MatMul|Gemm).* in 8 MiB.*--memory/) });
  });

  test("of open parts has a limit", async () => {
    const result = await verify(deep(12), await below(64, 0.1), { memory: 1, starts: 0, timeout: 60, split: "input" });
    expect(["unknown", "sat"]).toContain(result.verdict);
    if (result.verdict === "unknown") expect(result.reason).toMatch(/more than 1 MiB; allow more with --memory/);
  });

  test("of what several share counts once, and of what grows is measured anew", () => {
    const shared = new Float64Array(1000);
    const part = () => ({ shared, own: new Float64Array(100) });
    const list = [part()];
    const size = new Size(list);
    const [one] = [size.bytes];
    expect(one).toBeGreaterThan(8800);
    for (let k = 1; k < 100; k++) list.push(part());
    expect(size.bytes).toBeGreaterThan(8000 + 100 * 800);
    expect(size.bytes).toBeLessThan(8000 + 100 * 1200);
    // the first part says nothing of later ones
    list.push(...Array.from({ length: 50 }, () => ({ shared, own: new Float64Array(10_000) })));
    expect(size.bytes).toBeGreaterThan(50 * 80_000);
    list.length = 10;
    expect(size.bytes).toBeCloseTo(bytesOf(list));
  });
});

test("products in portions are the same products", async () => {
  const [rows, columns] = [5, 7];
  const entry = (i: number, j: number) => ((3 * i + 5 * j) % 11) - 4;
  const matrix = dense(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, (_, p) => entry(Math.floor(p / columns), p % columns)),
  );
  const holes = sparse(
    columns,
    Array.from({ length: rows }, (_, i) => (i === 2 ? [] : [[i, entry(i, i)] as const, [i + 2, entry(i, i + 2)] as const])),
  );
  let waits = 0;
  const slow: Products = {
    ...plain,
    pull: async (...given) => {
      waits++;
      await plain.pull(...given);
    },
  };
  for (const m of [matrix, holes] satisfies Linear[])
    for (const way of ["pull", "push"] as const)
      for (const count of [1, 4, 5, 13]) {
        const [n, w] = way === "pull" ? [rows, columns] : [columns, rows];
        const a = Float64Array.from({ length: count * n }, (_, p) => (p % 9) - 4);
        const results = [new Float64Array(count * w + 3), new Float64Array(count * w + 3)] as const;
        plain[way](a, count, m, results[0]);
        await paced(slow, new Clock(), 1)[way](a, count, m, results[1]);
        expect(results[1]).toEqual(results[0]);
      }
  // of 13 rows four portions
  expect(waits).toBe(2 * (1 + 1 + 2 + 4));
});
