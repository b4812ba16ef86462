/** What is exported takes the data as it is: the scaling is inside. */
import { expect, test } from "vitest";
import { normal, seedKey, tensor } from "../../src/base/index.ts";
import { dataset, scalingOf } from "../../src/data/index.ts";
import { classifier, inferenceGraph, preprocessed } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";
import { openFile } from "../../src/run/index.ts";
import { fit as fitted } from "../../src/train/index.ts";

const N = 400;
const z = normal(seedKey(1), 2 * N);
// two features of which the small one decides
const table = dataset({
  name: "table",
  x: tensor(
    Float32Array.from(z, (v, i) => (i % 2 ? 1e-3 * v : 5000 + 300 * v)),
    [N, 2],
  ),
  y: Array.from({ length: N }, (_, i) => (z[2 * i + 1]! > 0 ? 1 : 0)),
});
const images = dataset({ name: "images", x: tensor([0, 255, 51, 102], [2, 1, 1, 2]), y: [0, 1], range: [0, 255] });
const constant = dataset({ name: "constant", x: tensor([7, 1, 7, 3], [2, 2]), y: [0, 1] });

test("features of a table get mean 0 and deviation 1", () => {
  const { shift, scale } = scalingOf(table);
  for (const k of [0, 1]) {
    const scaled = Array.from({ length: N }, (_, i) => (table.x.data[2 * i + k]! - shift.data[k]!) / scale.data[k]!);
    const mean = scaled.reduce((s, v) => s + v) / N;
    expect(mean).toBeCloseTo(0, 4);
    expect(scaled.reduce((s, v) => s + v * v, 0) / N).toBeCloseTo(1, 4);
  }
});

test("images go from their range to [0, 1]; one that never changes is not divided by 0", () => {
  expect(scalingOf(images)).toEqual({ shift: tensor([0], []), scale: tensor([255], []) });
  expect(scalingOf(constant)).toEqual({ shift: tensor([7, 2], [2]), scale: tensor([1, 1], [2]) });
});

test("trained on columns of 5000 ± 300 and ± 0.001, the file reads them raw", async () => {
  const layer = preprocessed(classifier("mlp", [2], 2, 0), scalingOf(table));
  const { weights } = await fitted(layer, table, { x: table.x, y: [] }, { epochs: 3, batch: 50, threads: 1 });
  const file = await openFile(write(inferenceGraph(layer, weights)), { threads: 1, optimize: "disabled" });
  const scores = (await file.run([table.x]))[0]!.data as Float32Array;
  await file.release();
  const right = Array.from({ length: N }, (_, i) => Number(scores[2 * i + 1]! > scores[2 * i]!) === table.y[i]);
  expect(right.filter(Boolean).length / N).toBeGreaterThan(0.95);
});

test("nothing is put before a network whose data needs nothing", () => {
  const layer = classifier("cnn", [1, 28, 28], 10, 0);
  expect(preprocessed(layer, { shift: tensor([0], []), scale: tensor([1], []) })).toBe(layer);
});
