/** A model that rounds its input: no gradient passes, but a surrogate's does. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attack, pgd } from "../../src/attack/index.ts";
import { input, type Value } from "../../src/graph/index.ts";
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
