/** The oracle is NumPy: test/data/fixtures/make.py wrote the files. */
import { readFile } from "node:fs/promises";
import { zipSync } from "fflate";
import { describe, expect, it, test } from "vitest";
import { type DType, fold, full, normal, seedKey, type Tensor, tensor } from "../../src/base/index.ts";
import { loadData, npz, npzSamples, readNpy, readNpz, writeNpy, writeNpz } from "../../src/data/index.ts";
import { expectRefusal, type Refusal } from "./refusal.ts";

const at = (name: string) => `test/data/fixtures/${name}`;
const bytes = async (name: string) => new Uint8Array(await readFile(at(name)));
const N = Array.from({ length: 36 }, (_, i) => i);

describe("files by NumPy", () => {
  const rows: readonly (readonly [file: string, value: (i: number) => number, range: readonly [number, number]])[] = [
    ["float32.npz", (i) => i / 64, [0, 1]],
    ["float64.npz", (i) => i / 64, [0, 1]],
    ["uint8.npz", (i) => Math.fround((7 * i) / 255), [0, 1]],
    ["big-endian.npz", (i) => i / 64, [0, 1]],
    ["fortran.npz", (i) => i / 64, [0, 1]],
    ["wide.npz", (i) => i - 6, [-6, 29]],
  ];
  it.each(rows)("%s", async (file, value, range) => {
    const data = await loadData(at(file));
    expect(data).toMatchObject({ name: at(file), inputShape: [2, 3], classes: ["0", "1", "2"], range });
    expect(data.x).toEqual({ dtype: "float32", shape: [6, 2, 3], data: Float32Array.from(N, value) });
    expect(data.y).toEqual(Int32Array.of(0, 1, 2, 0, 1, 2));
    expect(data.provenance).toMatchObject({ source: at(file), n: 6, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test.each(["plain.npy", "vector.npy", "scalar.npy"])("%s is read, and written to the same bytes", async (file) => {
    const content = await bytes(file);
    expect(writeNpy(readNpy(content))).toEqual(content);
  });

  test("version 2 of the format is read", async () => {
    expect(readNpy(await bytes("version2.npy"))).toEqual(readNpy(await bytes("plain.npy")));
  });
});

describe("laws", () => {
  const dtypes: DType[] = [
    "float32",
    "float64",
    "float16",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "bool",
  ];
  test.each(dtypes)("what is written of %s is read", (dtype) => {
    const tensors: Record<string, Tensor> = {
      x: tensor(
        Array.from(normal(fold(seedKey(0), dtype), 24), (v) => Math.round(Math.abs(20 * v))),
        [2, 3, 4],
        dtype,
      ),
      none: full([0, 5], 0, dtype),
      one: full([], 1, dtype),
    };
    expect(readNpz(writeNpz(tensors))).toEqual(tensors);
    expect(Object.keys(readNpz(writeNpz(tensors), "a", ["one", "two"]))).toEqual(["one"]);
  });

  test("equal arrays, equal bytes", () => {
    const tensors = { x: full([3], 2), y: full([3], 1, "int64") };
    expect(writeNpz(tensors)).toEqual(writeNpz(tensors));
  });

  test("an array may start at any byte of its buffer", () => {
    const content = writeNpy(tensor([1, 2, 3], [3], "float64"));
    const shifted = new Uint8Array(content.length + 1);
    shifted.set(content, 1);
    expect(readNpy(shifted.subarray(1)).data).toEqual(Float64Array.of(1, 2, 3));
  });
});

test("without y there are no labels; with it they are as ever", async () => {
  const x = tensor([0, 51, 102, 255], [2, 1, 2], "uint8");
  const none = await npzSamples(writeNpz({ x }), "a.npz");
  expect(none).toMatchObject({
    classes: [],
    y: Int32Array.of(0, 0),
    inputShape: [1, 2],
    range: [0, 1],
    provenance: { n: 2, labels: "none" },
  });
  expect(none.x.data).toEqual(Float32Array.of(0, 0.2, 0.4, 1));
  const both = writeNpz({ x, y: tensor([1, 0], [2], "int64") });
  expect(await npzSamples(both, "a.npz")).toEqual(await npz(both, "a.npz"));
});

describe("bad files", () => {
  const zip = (x: Tensor, y: Tensor) => npz(writeNpz({ x, y }), "a.npz");
  const labels = (...y: number[]) => tensor(y, [y.length], "int32");
  const two = full([2, 3], 0.5);
  const save = "save it with np.savez(file, x=x, y=y)";
  const rows: readonly Refusal[] = [
    [
      "not a zip",
      "npz-format",
      `expected a.npz to be a whole .npz file, got invalid zip data; ${save}`,
      () => npz(new Uint8Array(100), "a.npz"),
    ],
    [
      "cut short",
      "npz-format",
      `expected a.npz to be a whole .npz file, got invalid zip data; ${save}`,
      async () => npz((await bytes("float64.npz")).subarray(0, 400), "a.npz"),
    ],
    [
      "other names",
      "npz-array",
      `expected arrays x and y in a.npz, got x_train, y; ${save}`,
      () => npz(writeNpz({ x_train: two, y: labels(0, 1) }), "a.npz"),
    ],
    ["no samples", "npz-array", `expected an array x in a.npz, got y; ${save}`, () => npzSamples(writeNpz({ y: labels(0) }), "a.npz")],
    ["no array", "npz-array", `expected arrays x and y in a.npz, got no array; ${save}`, () => npz(writeNpz({}), "a.npz")],
    [
      "not an array",
      "npy-format",
      "expected a NumPy array in x.npy of a.npz, got other bytes; write it with np.save or np.savez",
      () => npz(zipSync({ "x.npy": new Uint8Array(20), "y.npy": writeNpy(labels(0)) }), "a.npz"),
    ],
    [
      "an array cut short",
      "npy-format",
      "expected 24 bytes for shape [2,3] in x.npy of a.npz, got 20; write the file again: it is cut short",
      () => npz(zipSync({ "x.npy": writeNpy(two).subarray(0, -4), "y.npy": writeNpy(labels(0, 1)) }), "a.npz"),
    ],
    [
      "objects",
      "npy-format",
      "expected an array of numbers in x.npy of o.npz, got dtype O; convert it with .astype, and leave out objects and texts",
      async () => npz(await bytes("object.npz"), "o.npz"),
    ],
    [
      "records",
      "npy-format",
      "expected an array of numbers in x.npy of s.npz, got dtype of several fields; convert it with .astype, and leave out objects and texts",
      async () => npz(await bytes("structured.npz"), "s.npz"),
    ],
    [
      "whole numbers as x",
      "npz-dtype",
      "expected x in a.npz of type float32, float64 or uint8, got int64; convert it with x.astype(np.float32)",
      () => zip(full([2, 3], 1, "int64"), labels(0, 1)),
    ],
    [
      "fractions as y",
      "npz-dtype",
      "expected y in a.npz of a whole-number type, got float32; convert it with y.astype(np.int64)",
      () => zip(two, full([2], 1)),
    ],
    [
      "one-hot labels",
      "npz-dtype",
      "expected y in a.npz of shape [N], got [2,3]; flatten it with y.ravel(), or one-hot labels with y.argmax(1)",
      () => zip(two, full([2, 3], 1, "uint8")),
    ],
    [
      "y too short",
      "data-length",
      "expected 2 labels in a.npz, one a sample, got 1; save x and y of the same length",
      () => zip(two, labels(0)),
    ],
  ];
  it.each(rows)("%s: %s", async (...row) => expectRefusal(row));
});
