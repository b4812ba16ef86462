/** Expectation over transformation: against a closed form, and what it is for. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Attack,
  apgdCe,
  attack,
  brightness,
  compose,
  destruction,
  difference,
  expectation,
  gaussianBlur,
  jpeg,
  linf,
  pgd,
  rotation,
  scale,
} from "../../src/attack/index.ts";
import { eachRow, row } from "../../src/attack/iterate.ts";
import { fold, normal, seedKey, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { type GradientModel, openClassifier } from "../../src/model/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { flat, opened, pictures, run } from "./pictures.ts";

/** z = Wᵀ·x over pictures [1, 5, 5], whose gradient is W's columns. */
async function linear(w: Float32Array): Promise<GradientModel> {
  const e = builder();
  const x = input("float32", [2, 1, 5, 5], "x", ["N", 1, 5, 5]);
  const z = e.MatMul(e.Reshape(x, e.ints([0, 25])), e.constant(tensor(w, [25, 2])));
  return openClassifier(write({ inputs: [x], outputs: [z] }), run);
}

test("on a linear model the gradient is the mean of the pulled back weights, and the loss its own at the draws", async () => {
  const w = normal(seedKey(1), 50);
  const model = await linear(w);
  const [samples, n] = [7, 4];
  const x: Tensor<"float32"> = { dtype: "float32", shape: [n, 1, 5, 5], data: uniform(seedKey(2), n * 25, 0.2, 0.8) };
  const t = compose(rotation(), scale(), brightness());
  const seen: { losses: Float32Array; gradient: Tensor<"float32">; owners: number[] }[] = [];
  // asks about its samples in another order, one of them twice
  const spy: Attack<"gradient"> = {
    ...pgd({ steps: 1 }),
    name: "spy",
    async run(victim, batch) {
      const owners = [2, 0, 2];
      const rows = { ...batch.x, shape: [3, 1, 5, 5], data: Float32Array.from(owners.flatMap((i) => [...row(batch.x, i)])) };
      const { losses, gradient } = await victim.slopes(difference, rows, [0, 0, 0], [1, 1, 1], owners);
      seen.push({ losses, gradient, owners });
      return [batch.x];
    },
  };
  // what the judge hands over
  const plain = await model.labels(x);
  const over = expectation(spy, t, samples);
  const result = await attack(model, { x, labels: plain }, { ...run, attack: over, norm: linf, epsilon: 0.1, seed: 3 });
  const asked = [0, 0, 0, 0];
  const slope = Float32Array.from({ length: 25 }, (_, p) => w[2 * p + 1]! - w[2 * p]!);
  for (const [k, owner] of seen[0]!.owners.entries()) {
    asked[owner]!++;
    const key = fold(fold(fold(fold(fold(seedKey(3), over.name), owner), 0), "expectation"), asked[owner]!);
    const mean = new Float32Array(25);
    let loss = 0;
    for (let s = 0; s < samples; s++) {
      const draw = t.draw(fold(key, s), [1, 5, 5], [0, 1]);
      draw.apply(row(x, owner)).forEach((v, p) => {
        loss += (v * slope[p]!) / samples;
      });
      draw.pullBack(row(x, owner), slope).forEach((v, p) => {
        mean[p] = mean[p]! + v / samples;
      });
    }
    expect(seen[0]!.losses[k]).toBeCloseTo(loss, 4);
    for (const [p, v] of row(seen[0]!.gradient, k).entries()) expect(v).toBeCloseTo(mean[p]!, 4);
  }
  expect(result.samples.map((s) => s.backwards)).toEqual([samples, 0, 2 * samples, 0]);
  expect(result.samples.map((s) => s.forwards)).toEqual([samples, 0, 2 * samples, 0]);
  await model.release();
});

let model: GradientModel;
const data = pictures(7, 45);

beforeAll(async () => {
  model = await opened(flat, 1);
});
afterAll(() => model.release());

const weak = { ...run, norm: linf, epsilon: 0.03, seed: 1 } as const;

test("an attack over transformations outlives more of them than the same attack without", async () => {
  const t = gaussianBlur([1.5, 2.5]);
  const plain = await attack(model, data, { ...weak, attack: pgd({ steps: 12 }) });
  const over = await attack(model, data, { ...weak, attack: expectation(pgd({ steps: 12 }), t, 4) });
  const [before] = await destruction(model, data, plain.adversarial, [t], { draws: 4 });
  const [after] = await destruction(model, data, over.adversarial, [t], { draws: 4 });
  expect(before!.considered).toBeGreaterThan(80);
  expect(after!.considered).toBeGreaterThan(80);
  expect(before!.rate!).toBeGreaterThan(0.1);
  expect(after!.rate!).toBeLessThan(before!.rate! / 2);
  expect(before!.destroyed).toBe(Math.round(before!.rate! * before!.considered));
});

test("does not depend on batch size, and wraps APGD as it does PGD", async () => {
  const few = { x: { ...data.x, shape: [9, 1, 12, 12], data: data.x.data.slice(0, 9 * 144) }, labels: data.labels.slice(0, 9) };
  for (const inner of [pgd({ steps: 4 }), apgdCe({ steps: 4 })]) {
    const options = { ...weak, attack: expectation(inner, brightness(), 3) };
    const all = await attack(model, few, { ...options, batch: 9 });
    const small = await attack(model, few, { ...options, batch: 2 });
    expect(small.samples).toEqual(all.samples);
    expect(small.adversarial.data).toEqual(all.adversarial.data);
  }
});

test("destruction: the identity destroys nothing, a constant picture everything that its class says", async () => {
  const { adversarial } = await attack(model, data, { ...weak, epsilon: 0.1, attack: pgd({ steps: 10 }) });
  const grey = {
    name: "grey",
    draw: () => ({ apply: (x: Float32Array) => x.map(() => 0.3), pullBack: (_: Float32Array, dy: Float32Array) => dy }),
  };
  const [still, constant, coded] = await destruction(model, data, adversarial, [compose(), grey, jpeg(80)], { draws: 2 });
  const [clean, attacked] = [await model.labels(data.x), await model.labels(adversarial)];
  const turned = Array.from(clean, (_, i) => i).filter((i) => clean[i] === data.labels[i] && attacked[i] !== data.labels[i]);
  expect(turned.length).toBeGreaterThan(30);
  expect(still).toMatchObject({ considered: 2 * turned.length, destroyed: 0, rate: 0, cleanKept: 1 });
  const says = (await model.labels(eachRow(data.x, (out) => out.fill(0.3))))[0]!;
  expect(constant!.destroyed).toBe(2 * turned.filter((i) => data.labels[i] === says).length);
  expect(constant!.cleanKept).toBe(constant!.rate);
  expect(coded!.rate).toBeGreaterThanOrEqual(0);
  const [nothing] = await destruction(model, data, data.x, [compose()]);
  expect(nothing).toMatchObject({ considered: 0, destroyed: 0, rate: null, cleanKept: null });
});
