/** An attack that needs more than a model gives does not compile, and is refused where types are not looked at. */
import { expect, test } from "vitest";
import { type Attack, attack, hopSkipJump, pgd, square } from "../../src/attack/index.ts";
import { tensor } from "../../src/base/index.ts";
import { labelModel, type ModelOf, scoreModel } from "../../src/model/index.ts";

const data = { x: tensor([0.2, 0.8], [2, 1]), labels: [0, 1] };
const space = { classes: 2, inputShape: [1] };
const scores = scoreModel(space, async ({ data, shape }) =>
  tensor(
    Array.from(data).flatMap((v) => [0.5, v]),
    [shape[0]!, 2],
  ),
);
const labels = labelModel(space, async ({ data }) => Array.from(data, (v) => (v > 0.5 ? 1 : 0)));
const options = { epsilon: 0.4 };

test("pgd needs gradients, which a model of scores does not give", async () => {
  // @ts-expect-error a ScoreModel is no GradientModel
  await expect(attack(scores, data, { ...options, attack: pgd() })).rejects.toMatchObject({ code: "attack-access" });
});

test("square needs scores, which a model of labels does not give", async () => {
  // @ts-expect-error a LabelModel is no ScoreModel
  await expect(attack(labels, data, { ...options, attack: square() })).rejects.toMatchObject({ code: "attack-access" });
});

test("an attack runs on models that give as much as it needs, or more", async () => {
  for (const result of [
    await attack(scores, data, { ...options, attack: square({ queries: 20 }) }),
    await attack(labels, data, { attack: hopSkipJump({ queries: 200, firstEstimate: 10 }) }),
    await attack(scores, data, { attack: hopSkipJump({ queries: 200, firstEstimate: 10 }) }),
  ])
    expect(result.samples.every((s) => s.success)).toBe(true);
});

test("a model has the type that its access names", () => {
  const given: ModelOf["scores"] = scores;
  const needs: Attack<"scores"> = square();
  // @ts-expect-error it gives no gradient
  const more: ModelOf["gradient"] = given;
  expect([needs.access, more]).toEqual(["scores", given]);
});

test("answers of another shape are refused, not believed", async () => {
  const by = { classes: 2, inputShape: [2] };
  const x = tensor([0.1, 0.2, 0.3, 0.4], [2, 2]);
  await expect(scoreModel(by, async (z) => tensor(new Float32Array(z.shape[0]!), [z.shape[0]!, 1])).scores(x)).rejects.toThrow(
    /scores \[2,2\]/,
  );
  await expect(labelModel(by, async () => [0]).labels(x)).rejects.toThrow(/classes \[2\]/);
});
