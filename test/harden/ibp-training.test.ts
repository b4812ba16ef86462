/** The loss on interval bounds: the clean one until ε grows, above any loss in the ball at the end, and what it trains is certified by intervals. */
import { describe, expect, test } from "vitest";
import { full, rows, seedKey, tensor, uniform } from "../../src/base/index.ts";
import { loadSplits } from "../../src/data/index.ts";
import { input } from "../../src/graph/index.ts";
import { ibpTraining } from "../../src/harden/index.ts";
import { openClassifier } from "../../src/model/index.ts";
import { crossEntropy, dense, flatten, relu, sequential } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder, intervals } from "../../src/pass/index.ts";
import { evaluate } from "../../src/run/index.ts";
import { fit as teach } from "../../src/train/index.ts";
import { certify } from "../../src/verify/index.ts";

const [N, D, K] = [20, 5, 3];

describe("of a linear network", () => {
  /** Losses [N] at `progress`, and the clean ones at a point of each ball. */
  async function losses(at: number, shift: number) {
    const e = builder();
    const [x, labels, progress] = [input("float32", [N, D], "x"), input("int64", [N], "labels"), input("float32", [], "progress")];
    const weights = e.constant(tensor(uniform(seedKey(1), D * K, -1, 1), [D, K]));
    const logits = e.MatMul(x, weights);
    const logitsWithin = (lo: typeof x, hi: typeof x) => intervals(e, [logits], new Map([[x, { lo, hi }]])).get(logits)!;
    const clean = crossEntropy(e, logits, labels);
    const worst = ibpTraining({ epsilon: 0.1 }, { kappa: 0 })({ e, x, labels, clean, logitsWithin, progress });
    const moved = crossEntropy(e, e.MatMul(e.Min(e.Max(e.Add(x, e.scalar(shift, x)), e.scalar(0, x)), e.scalar(1, x)), weights), labels);
    const y = { dtype: "int64" as const, shape: [N], data: BigInt64Array.from({ length: N }, (_, i) => BigInt(i % K)) };
    const feeds = new Map([
      [x, tensor(uniform(seedKey(2), N * D), [N, D])],
      [labels, y],
      [progress, full([], at)],
    ] as never);
    const found = await evaluate([worst, clean, moved], feeds as never);
    return found.map((t) => Array.from(t.data, Number));
  }

  test.each([0, 0.05])("clean at progress %f", async (at) => {
    const [worst, clean] = await losses(at, 0);
    worst!.forEach((v, i) => {
      expect(v).toBeCloseTo(clean![i]!, 5);
    });
  });

  test.each([-0.1, 0, 0.1])("at the end no less than at a point moved by %f", async (shift) => {
    const [worst, , moved] = await losses(1, shift);
    worst!.forEach((v, i) => {
      expect(v).toBeGreaterThanOrEqual(moved![i]! - 1e-5);
    });
  });
});

test("what it trains is certified by intervals, and what it does not is not", async () => {
  const { train, validation, test: held, inputShape } = await loadSplits("mnist", { limit: 3_000 });
  const network = () => sequential(flatten(), dense(32), relu(), dense(10))(inputShape, seedKey(0));
  const certified = async (worstCase?: ReturnType<typeof ibpTraining>) => {
    const { graph } = await teach(network(), train, validation, { threads: 1, epochs: 4, batch: 50, worstCase });
    const model = await openClassifier(write(graph), { threads: 1 });
    const some = { x: rows(held.x, 0, 50), labels: held.y.slice(0, 50) };
    const { certifiedAccuracy } = await certify(model, some, { threads: 1, epsilon: 0.05, method: "ibp", steps: 5 });
    await model.release();
    return certifiedAccuracy;
  };
  expect(await certified(ibpTraining({ epsilon: 0.05 }))).toBeGreaterThan((await certified()) + 0.3);
}, 60_000);
