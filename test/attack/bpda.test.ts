/** A model that rounds its input: no gradient passes, but a surrogate's does. One that only compares keeps its own. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attack, crossEntropy, GradientPrograms, gradientFile, pgd, surrogates } from "../../src/attack/index.ts";
import { seedKey, tensor, uniform } from "../../src/base/index.ts";
import { type Emit, input, type Value } from "../../src/graph/index.ts";
import { type GradientModel, openClassifier } from "../../src/model/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder, remap } from "../../src/pass/index.ts";
import { convolutional, opened, pictures, run, SIDE } from "./pictures.ts";

const data = pictures(7, 30);
let plain: GradientModel;

beforeAll(async () => {
  plain = await opened(convolutional, 1);
});
afterAll(() => plain.release());

/** The trained network behind x ↦ round(levels·x)/levels. */
async function rounded(op: "Round" | "Floor" | "Ceil", levels: number): Promise<GradientModel> {
  const e = builder();
  const x = input("float32", [2, 1, SIDE, SIDE], "x", ["N", 1, SIDE, SIDE]);
  const steps = e.node(op, [e.Mul(x, e.scalar(levels, x))])[0]!;
  const coarse = e.Mul(steps, e.scalar(1 / levels, x));
  const { inputs, outputs } = plain.graph;
  const behind: Value = remap(e, outputs, new Map([[inputs[0]!, coarse]])).get(outputs[0]!)!;
  return openClassifier(write({ inputs: [x], outputs: [behind] }), run);
}

describe.each(["Round", "Floor", "Ceil"] as const)("%s in front of a classifier", (op) => {
  test("true gradients are zero and PGD finds nothing; straight through, it finds what it does without", async () => {
    const model = await rounded(op, 20);
    const options = { ...run, epsilon: 0.12, attack: pgd({ steps: 15, randomStart: false }) };
    const blocked = await attack(model, data, { ...options, surrogate: false });
    const passed = await attack(model, data, options);
    expect(blocked.cleanAccuracy).toBeGreaterThan(0.9);
    expect(blocked.robustAccuracy).toBe(blocked.cleanAccuracy);
    expect(passed.robustAccuracy).toBeLessThan(0.1);
    await model.release();
  });
});

describe.each([
  ["a mask", (e: Emit, h: Value) => e.Mul(h, e.Cast(e.Greater(h, e.scalar(0, h)), { to: 1 }))],
  ["a choice", (e: Emit, h: Value) => e.Where(e.Greater(h, e.scalar(0, h)), h, e.Mul(h, e.scalar(0.1, h)))],
] as const)("a rectifier written as %s", (_, rectified) => {
  const open = () => {
    const e = builder();
    const x = input("float32", [2, 6], "x", ["N", 6]);
    const layer = (v: Value, n: number, m: number, at: number) =>
      e.MatMul(v, e.constant(tensor(uniform(seedKey(at), n * m, -1, 1), [n, m])));
    return openClassifier(write({ inputs: [x], outputs: [layer(rectified(e, layer(x, 6, 16, 1)), 16, 3, 2)] }), run);
  };
  test("has no surrogate: nothing says so, and its gradient is that of differences", async () => {
    const model = await open();
    expect(surrogates(model)).toEqual([]);
    expect(new TextDecoder().decode(gradientFile(model))).not.toContain("counterfoil.surrogates");
    const x = tensor(uniform(seedKey(3), 120, -1, 1), [20, 6]);
    const labels = new Int32Array(20).fill(1);
    const programs = new GradientPrograms(model, run);
    const { gradient } = await programs.run(crossEntropy, x, labels, labels);
    const h = 1e-3;
    const errors: number[] = [];
    for (let j = 0; j < 6; j++) {
      const moved = (by: number) => ({ ...x, data: x.data.map((v, i) => (i % 6 === j ? v + by : v)) });
      const [up, down] = [
        await programs.run(crossEntropy, moved(h), labels, labels),
        await programs.run(crossEntropy, moved(-h), labels, labels),
      ];
      for (let i = 0; i < 20; i++) errors.push(Math.abs((up.losses[i]! - down.losses[i]!) / (2 * h) - gradient.data[6 * i + j]!));
    }
    // but for the few that a kink lies beside
    expect(errors.sort((a, b) => a - b)[114]).toBeLessThan(2e-3);
    await programs.release();
    await model.release();
  });
});
