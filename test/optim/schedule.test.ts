/** Learning rates at the points that define them; clipping. */
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import {
  clipByGlobalNorm,
  clipByValue,
  constant,
  cosine,
  cyclic,
  exponential,
  type Schedule,
  stepDecay,
  warmUp,
} from "../../src/optim/index.ts";
import { builder } from "../../src/pass/index.ts";
import { evaluate } from "../../src/run/index.ts";

const rows: readonly [name: string, schedule: Schedule, points: readonly (readonly [step: number, rate: number])[]][] = [
  ["constant", constant(0.3), [[0, 0.3], [999, 0.3]]],
  ["cosine", cosine(1, 100, 0.1), [[0, 1], [50, 0.55], [100, 0.1], [200, 0.1]]],
  ["step", stepDecay(1, 10), [[0, 1], [9, 1], [10, 0.1], [25, 0.01]]],
  ["cyclic, as np.interp(t, [0, 40, 100], [0, 2, 0])", cyclic(2, 100, 0.4), [[0, 0], [20, 1], [40, 2], [70, 1], [100, 0], [130, 0]]],
  ["exponential", exponential(1, 0.5, 0.2), [[0, 1], [1, 0.5], [2, 0.25], [3, 0.2]]],
  ["warm-up", warmUp(4, constant(1)), [[0, 0.25], [1, 0.5], [3, 1], [9, 1]]],
]; // biome-ignore format: a table

test.each(rows)("%s", (_, schedule, points) => {
  for (const [step, rate] of points) expect(schedule(step)).toBeCloseTo(rate, 12);
});

describe("clipping", () => {
  const e = builder();
  const [a, b] = [input("float32", [2], "a"), input("float32", [1], "b")];
  const clipped = async (how: typeof clipByValue, limit: number, x: number[], y: number[]) => {
    const { updates } = how(limit).update(e, { updates: [a, b], params: [a, b], slots: {}, count: e.scalar(1, a) });
    const out = await evaluate(updates, new Map([[a, tensor(x, [2])], [b, tensor(y, [1])]])); // biome-ignore format: one thought
    return out.flatMap((t) => [...(t.data as Float32Array)]);
  };
  test("of the joint norm: 13 comes down to 6.5, all parts alike", async () =>
    expect(await clipped(clipByGlobalNorm, 6.5, [3, -4], [12])).toEqual([1.5, -2, 6]));
  test("a shorter gradient is left alone", async () => expect(await clipped(clipByGlobalNorm, 14, [3, -4], [12])).toEqual([3, -4, 12]));
  test("a gradient of zero is no division by zero", async () => expect(await clipped(clipByGlobalNorm, 1, [0, 0], [0])).toEqual([0, 0, 0]));
  test("of each element", async () => expect(await clipped(clipByValue, 3.5, [3, -4], [12])).toEqual([3, -3.5, 3.5]));
});
