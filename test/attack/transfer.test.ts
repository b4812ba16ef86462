/** What is made on one model, tried on others; and several models as one. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attack, linf, pgd, transfer } from "../../src/attack/index.ts";
import { type Tensor, tensor } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { ensemble, type GradientModel, labelModel, openClassifier } from "../../src/model/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile } from "../../src/run/index.ts";
import { convolutional, flat, opened, pictures, run, SIDE } from "./pictures.ts";

let models: Record<"conv" | "flat" | "other", GradientModel>;
const data = pictures(7, 60);

beforeAll(async () => {
  models = { conv: await opened(convolutional, 1), flat: await opened(flat, 2), other: await opened(flat, 3) };
});
afterAll(async () => {
  for (const m of Object.values(models)) await m.release();
});

describe("transfer", () => {
  test("the matrix is what asking every target about every source's inputs says", async () => {
    const labelsOnly = labelModel({ classes: 3, inputShape: [1, SIDE, SIDE] }, (x) => models.other.labels(x));
    const sources = { conv: models.conv, flat: models.flat };
    const targets = { conv: models.conv, flat: models.flat, hidden: labelsOnly };
    const { matrix, made } = await transfer(sources, targets, data, { ...run, attack: pgd({ steps: 10 }), norm: linf, epsilon: 0.08 });
    expect(matrix.map((line) => line.map((c) => `${c.source} → ${c.target}`))).toEqual([
      ["conv → conv", "conv → flat", "conv → hidden"],
      ["flat → conv", "flat → flat", "flat → hidden"],
    ]);
    for (const cell of matrix.flat()) {
      const target = targets[cell.target as "conv"];
      const [clean, after] = [await target.labels(data.x), await target.labels(made[cell.source]!.adversarial)];
      const right = Array.from(clean, (_, i) => i).filter((i) => clean[i] === data.labels[i]);
      expect(cell.considered).toBe(right.length);
      expect(cell.cleanErrors).toBe(60 - right.length);
      expect(cell.turned).toBe(right.filter((i) => after[i] !== data.labels[i]).length);
      expect(cell.rate).toBe(cell.turned / cell.considered);
    }
    // the diagonal is the white box
    const own = made.conv!;
    expect(matrix[0]![0]!.turned).toBe(own.samples.filter((s) => s.predicted === s.label && s.success).length);
    expect(matrix[1]![1]!.rate!).toBeGreaterThanOrEqual(matrix[0]![1]!.rate!);
  });

  test("with targets only the target's class counts", async () => {
    const goal = Array.from(data.labels, (y) => (y + 1) % 3);
    const { matrix, made } = await transfer({ flat: models.flat }, { other: models.other }, data, {
      ...run,
      attack: pgd({ steps: 10 }),
      epsilon: 0.1,
      targets: goal,
    });
    const after = await models.other.labels(made.flat!.adversarial);
    const clean = await models.other.labels(data.x);
    expect(matrix[0]![0]!.turned).toBe(
      Array.from(clean, (_, i) => i).filter((i) => clean[i] === data.labels[i] && after[i] === goal[i]).length,
    );
  });
});

describe("ensemble", () => {
  const logSoftmax = (z: readonly number[]) => {
    const all = Math.log(z.reduce((s, v) => s + Math.exp(v), 0));
    return z.map((v) => v - all);
  };

  test.each(["probabilities", "log-probabilities", "logits"] as const)(
    "mean of %s: its scores, its graph and the closed form agree",
    async (mean) => {
      const members = [models.conv, models.flat, models.other];
      const all = ensemble(members, { mean });
      const scores = await all.scores(data.x);
      const each = await Promise.all(members.map((m) => m.scores(data.x)));
      const part: Tensor<"float32"> = { ...data.x, shape: [2, 1, SIDE, SIDE], data: data.x.data.slice(0, 288) };
      const program = await compile(all.logits, { ...run, anyBatch: true });
      const [fromGraph] = await program.run([part]);
      await program.release();
      const labels = await all.labels(data.x);
      for (let i = 0; i < 60; i++) {
        const rows = each.map((s) => [...s.data.slice(3 * i, 3 * i + 3)]);
        const terms = mean === "logits" ? rows : rows.map(logSoftmax);
        const want = [0, 1, 2].map((c) => {
          const column = terms.map((t) => t[c]!);
          return mean === "probabilities"
            ? Math.log(column.reduce((s, v) => s + Math.exp(v), 0) / 3)
            : column.reduce((s, v) => s + v, 0) / 3;
        });
        want.forEach((v, c) => {
          const near = 1e-3 * Math.max(1, Math.abs(v));
          expect(Math.abs(scores.data[3 * i + c]! - v)).toBeLessThan(near);
          if (i < 2) expect(Math.abs(Number(fromGraph!.data[3 * i + c]) - v)).toBeLessThan(near);
        });
        expect(labels[i]).toBe(want.indexOf(Math.max(...want)));
      }
    },
  );

  test("attacked, it is a model as any other, and what is made on it turns its members", async () => {
    const both = ensemble([models.conv, models.flat]);
    const options = { ...run, attack: pgd({ steps: 10 }), epsilon: 0.1 };
    const result = await attack(both, data, options);
    expect(result.robustAccuracy).toBeLessThan(0.3);
    const { matrix } = await transfer({ both }, { conv: models.conv, flat: models.flat, other: models.other }, data, options);
    expect(matrix[0]![0]!.rate!).toBeGreaterThan(0.6);
    expect(matrix[0]![1]!.rate!).toBeGreaterThan(0.6);
  });

  test("files with a fixed batch, one output and another layout of the same input are averaged too", async () => {
    const e = builder();
    const fixed = input("float32", [4, 6], "x");
    const w = e.constant(tensor(Array.from({ length: 6 }, (_, i) => i - 2), [6, 1])); // biome-ignore format: one line
    const a = await openClassifier(write({ inputs: [fixed], outputs: [e.Sigmoid(e.MatMul(fixed, w))] }), run);
    const open = input("float32", [2, 1, 2, 3], "x", ["N", 1, 2, 3]);
    const v = e.constant(tensor(Array.from({ length: 12 }, (_, i) => Math.sin(i)), [6, 2])); // biome-ignore format: one line
    const b = await openClassifier(write({ inputs: [open], outputs: [e.MatMul(e.Reshape(open, e.ints([0, 6])), v)] }), run);
    const all = ensemble([a, b]);
    expect(all.dynamic).toBe(false);
    const x: Tensor<"float32"> = { dtype: "float32", shape: [7, 6], data: Float32Array.from({ length: 42 }, (_, i) => (i % 11) / 11) };
    const labels = await all.labels(x);
    const result = await attack(all, { x, labels }, { ...run, attack: pgd({ steps: 10 }), epsilon: 0.5 });
    expect(result.cleanAccuracy).toBe(1);
    expect(result.robustAccuracy).toBeLessThan(1);
    expect(() => ensemble([a, models.flat])).toThrow(/ensemble-differs/);
    expect(() => ensemble([])).toThrow(/ensemble-empty/);
    await a.release();
    await b.release();
  });
});
