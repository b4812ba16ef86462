/** What was opened is closed, whatever fails on the way. */
import { beforeEach, expect, test, vi } from "vitest";
import { tensor } from "../../src/base/index.ts";
import { input } from "../../src/graph/index.ts";
import { type InputMap, openClassifier, openModel } from "../../src/model/index.ts";
import { write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";

const count = vi.hoisted(() => ({ opened: 0, released: 0, broken: false }));

vi.mock("../../src/run/index.ts", async (original) => {
  const real = await original<typeof import("../../src/run/index.ts")>();
  const counted = <P extends { release(): Promise<void> }>(program: P, more: Partial<P> = {}): P => {
    count.opened++;
    const release = async () => {
      count.released++;
      await program.release();
    };
    return { ...program, ...more, release };
  };
  const refuse = async () => {
    throw new Error("no memory");
  };
  return {
    ...real,
    openFile: async (...args: Parameters<typeof real.openFile>) => counted(await real.openFile(...args)),
    compile: async (...args: Parameters<typeof real.compile>) => counted(await real.compile(...args), count.broken ? { run: refuse } : {}),
  };
});

function bytes(): Uint8Array {
  const e = builder();
  const x = input("float32", [2, 3], "x", ["N", 3]);
  return write({ inputs: [x], outputs: [e.MatMul(x, e.constant(tensor([1, 0, 0, 1, 2, 2], [3, 2])))] });
}

/** Can be built `times` times. */
function failing(times: number): InputMap {
  let made = 0;
  return {
    declared: {},
    inputShape: (shape) => shape,
    emit: (e, x) => {
      if (made++ >= times) throw new Error("cannot be built");
      return e.Neg(x);
    },
  } as InputMap;
}

beforeEach(() => Object.assign(count, { opened: 0, released: 0, broken: false }));

test.each([
  ["the entry of a classifier", () => openClassifier(bytes(), { threads: 1, preprocessing: failing(1) }), /cannot be built/],
  ["the entry of a black box", () => openModel(bytes(), { threads: 1, access: "scores", preprocessing: failing(0) }), /cannot be built/],
  [
    "the comparison of graph and file",
    () => {
      count.broken = true;
      return openClassifier(bytes(), { threads: 1 });
    },
    /no memory/,
  ],
] as const)("%s fails", async (_, open, says) => {
  await expect(open()).rejects.toThrow(says);
  expect(count.opened).toBeGreaterThan(0);
  expect(count.released).toBe(count.opened);
});

test("nothing fails", async () => {
  const model = await openClassifier(bytes(), { threads: 1, preprocessing: failing(9) });
  await model.release();
  expect([count.opened, count.released]).toEqual([3, 3]);
});
