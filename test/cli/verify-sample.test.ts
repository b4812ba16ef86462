/** The short form of a property, on a linear classifier whose radii are known: y = (x₀, x₁, 0.2). */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { input } from "../../src/graph/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { folder, inProcess, sentence } from "./run.ts";

const dir = folder();
const run = (...args: string[]) => inProcess(["verify", "linear.onnx", "--threads", "1", ...args], { cwd: dir });

beforeAll(() => {
  const e = builder();
  const x = input("float32", [1, 2], "x", ["N", 2]);
  const w = e.constant({ dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 0, 0, 0, 1, 0) });
  const b = e.constant({ dtype: "float32", shape: [3], data: Float32Array.of(0, 0, 0.2) });
  writeFileSync(join(dir, "linear.onnx"), write({ inputs: [x], outputs: [e.Add(e.MatMul(x, w), b)] }));
  // sample 1 is (0.9, 0.1) of class 0; the others make room around it
  writeFileSync(join(dir, "points.csv"), "x,y,label\n-5,5,1\n0.9,0.1,0\n5,-5,2\n");
});

describe("a sample keeps its class", () => {
  // class 1 overtakes where x₀ − x₁ = 0.8 is used up: 0.4 in L∞, 0.8/√2 in L2; class 2 where x₀ = 0.9 falls to 0.2, which in L1 is nearer
  test.each<[string, string[], number]>([
    ["L∞", [], 0.4],
    ["L2", ["--norm", "l2"], 0.8 / Math.SQRT2],
    ["L1", ["--norm", "l1"], 0.7],
    ["L∞, of one other class only", ["--target", "2"], 0.7],
  ])("%s", async (_, words, radius) => {
    const of = async (epsilon: number) => {
      const { code, out, err } = await run("--data", "points.csv", "--sample", "1", "--epsilon", `${epsilon}`, ...words, "--json");
      expect(code, err).toBe(0);
      return JSON.parse(out);
    };
    expect(await of(0.99 * radius)).toMatchObject({ verdict: "unsat", property: { format: "sample", sha256: expect.any(String) } });
    const { verdict, counterexample } = await of(1.01 * radius);
    expect(verdict).toBe("sat");
    const [[x0, x1], y] = [counterexample.x, counterexample.y];
    expect(Math.max(...(words.includes("2") ? [y[2]] : y.slice(1)))).toBeGreaterThanOrEqual(y[0]);
    expect(Math.hypot(x0 - 0.9, x1 - 0.1)).toBeGreaterThan(0);
  });
  test("is told by its words", async () => {
    const { out } = await run("--data", "points.csv", "--sample", "1", "--epsilon", "0.1", "--target", "2", "--json");
    expect(JSON.parse(out).property.path).toMatch(/points.*, sample 1 of class 0, linf 0\.1, target 2/);
  });
  test("a model whose preprocessing is declared beside it is not fed unprepared", async () => {
    copyFileSync(join(dir, "linear.onnx"), join(dir, "prepared.onnx"));
    writeFileSync(join(dir, "prepared.preprocessing.json"), JSON.stringify({ scale: 2 }));
    const result = await inProcess(["verify", "prepared.onnx", "--data", "points.csv", "--epsilon", "0.1"], { cwd: dir });
    expect(sentence(result)).toMatch(/takes the data as they are, beside --data, got prepared\.onnx, of which .*preprocessing\.json/);
    expect(result.code).toBe(2);
  });
  test.each<[string, string[], RegExp]>([
    ["beside a property", ["p.vnnlib", "--data", "points.csv", "--epsilon", "0.1"], /either a property, or --data, got both p\.vnnlib/],
    ["without a radius", ["--data", "points.csv"], /--epsilon beside --data, got none/],
    ["a radius without data", ["p.vnnlib", "--epsilon", "0.1"], /--data, which --epsilon speaks of, got none/],
    ["no such sample", ["--data", "points.csv", "--epsilon", "0.1", "--sample", "9"], /a sample of points.* from 0 to 2, got 9/],
    ["its own class", ["--data", "points.csv", "--epsilon", "0.1", "--target", "1"], /a target from 0 to 2, other than the class 1, got 1/],
    ["data of another shape", ["--data", "mnist:test", "--epsilon", "0.1"], /1,28,28/],
    ["another norm", ["--data", "points.csv", "--epsilon", "0.1", "--norm", "l0"], /--norm to be one of linf, l2, l1/],
    ["a proof", ["--data", "points.csv", "--epsilon", "0.1", "--proof", "p.json"], /a property in a file beside --proof/],
  ])("refused: %s", async (_, args, says) => {
    const result = await run(...args);
    expect(sentence(result)).toMatch(says);
    expect(result.code).toBe(2);
  });
});
