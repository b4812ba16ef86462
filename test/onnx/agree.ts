/** A file and the graph read from it, side by side. */
import { expect } from "vitest";
import { fold, type Key, type Tensor, tensor, uniform } from "../../src/base/index.ts";
import { read, write } from "../../src/onnx/index.ts";
import { builder } from "../../src/pass/index.ts";
import { compile, openFile } from "../../src/run/index.ts";

/** Versions of the domains beside ONNX's own. */
export const DOMAINS = { "ai.onnx.ml": 3, "com.microsoft": 1 };

export const draw = (key: Key, n: number, low = -2): number[] => Array.from(uniform(key, n, low, 2));

/** Whole numbers of a narrow type. */
export const quant = (name: string, dims: readonly number[], type: number, ...xs: number[]) => ({
  name,
  dims: dims.map(BigInt),
  dataType: type,
  int32Data: xs,
});
/** A tensor for each of the shapes. */
export const draws = (key: Key, dims: readonly (readonly number[])[], low: number | undefined): Tensor[] =>
  dims.map((shape, i) => {
    const n = shape.reduce((a, b) => a * b, 1);
    return tensor(draw(fold(key, i), n, low), [...shape]);
  });

/** Our graph of the file and the file itself answer alike, and so does what we write. */
export async function agree(file: Uint8Array<ArrayBuffer>, feeds: readonly Tensor[], batch: number, tolerance = 1e-5): Promise<void> {
  const e = builder();
  const graph = read(file, e, { batch });
  const [theirs, ours] = await Promise.all([run(file, feeds), compile(graph, { threads: 1 }).then((p) => p.run(feeds))]);
  expect(ours.length).toBe(theirs.length);
  for (const [k, t] of theirs.entries()) {
    expect([ours[k]!.dtype, [...ours[k]!.shape]]).toEqual([t.dtype, [...t.shape]]);
    for (let i = 0; i < t.data.length; i++) {
      const [a, b] = [Number(ours[k]!.data[i]), Number(t.data[i])];
      if (!(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)))) expect.fail(`output ${k}, element ${i}: ${a}, onnxruntime says ${b}`);
    }
  }
  // what was read is written in ONNX's own operators, for another batch too
  const again = await run(write(graph), feeds);
  expect(Array.from(again[0]!.data as Float32Array)).toEqual(Array.from(ours[0]!.data as Float32Array));
}

async function run(file: Uint8Array, feeds: readonly Tensor[]): Promise<Tensor[]> {
  const program = await openFile(file, { threads: 1 });
  const results = await program.run(feeds);
  await program.release();
  return results;
}
