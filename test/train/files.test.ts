/** Files that other programs read: TensorBoard's events and safetensors, taken apart here from their descriptions. */
import { expect, test } from "vitest";
import { tensor } from "../../src/base/index.ts";
import { eventFileHeader, imageEvent, readSafetensors, scalarEvent, sessionStart, writeSafetensors } from "../../src/train/index.ts";

/** CRC-32C bit by bit: the polynomial 0x1EDC6F41, reflected. */
function crc(bytes: Uint8Array): number {
  let c = ~0;
  for (const b of bytes) {
    c ^= b;
    for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (c & 1 ? 0x82f63b78 : 0);
  }
  return ~c >>> 0;
}
const masked = (bytes: Uint8Array) => {
  const c = crc(bytes);
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
};

/** The records of a TFRecord file, every checksum compared. */
function records(file: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  const view = new DataView(file.buffer, file.byteOffset);
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(masked(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(masked(data));
    found.push(data);
    at += 16 + length;
  }
  return found;
}

type Field = readonly [number: number, value: number | Uint8Array];

/** Fields of a protocol buffer message, in order. */
function fields(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const varint = () => {
    let [value, shift] = [0, 0];
    for (;;) {
      const b = bytes[at++]!;
      value += (b & 127) * 2 ** shift;
      shift += 7;
      if (b < 128) return value;
    }
  };
  const taken = (n: number) => {
    at += n;
    return at - n;
  };
  const found: Field[] = [];
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) found.push([tag >>> 3, varint()]);
    else if (wire === 1) found.push([tag >>> 3, view.getFloat64(taken(8), true)]);
    else if (wire === 5) found.push([tag >>> 3, view.getFloat32(taken(4), true)]);
    else {
      const n = varint();
      found.push([tag >>> 3, bytes.slice(taken(n), at)]);
    }
  }
  return found;
}
const text = (v: Field[1]) => new TextDecoder().decode(v as Uint8Array);
const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((p) => [...p]));

test("CRC-32C of “123456789” is the check value of its catalogue", () =>
  expect(crc(new TextEncoder().encode("123456789"))).toBe(0xe3069283));

test("event files: version, then scalars and pictures under their tags", () => {
  const png = Uint8Array.of(1, 2, 3);
  const file = joined(
    eventFileHeader(10.5),
    sessionStart(10.75, 200),
    scalarEvent(11, 300, { "train/loss": 0.25, "validation/accuracy": 0.5 }),
    imageEvent(12, 1, "samples", png, { width: 4, height: 2, channels: 1 }),
  );
  const [version, session, scalars, picture] = records(file).map(fields);
  expect(version!.map(([n, v]) => [n, typeof v === "number" ? v : text(v)])).toEqual([[1, 10.5], [3, "brain.Event:2"]]); // biome-ignore format: one thought
  expect(session!.map(([n, v]) => [n, typeof v === "number" ? v : fields(v)])).toEqual([[1, 10.75], [2, 200], [7, [[1, 1]]]]); // biome-ignore format: one thought
  expect(scalars!.slice(0, 2)).toEqual([[1, 11], [2, 300]]); // biome-ignore format: one thought
  const values = fields(scalars![2]![1] as Uint8Array).map(([n, v]) => [n, fields(v as Uint8Array)] as const);
  expect(values.map(([n, [tag, value]]) => [n, text(tag![1]), value![0], value![1]])).toEqual([
    [1, "train/loss", 2, 0.25],
    [1, "validation/accuracy", 2, 0.5],
  ]);
  const [[, shown]] = fields(picture![2]![1] as Uint8Array) as [Field];
  const [tag, image] = fields(shown as Uint8Array);
  expect(text(tag![1])).toBe("samples");
  expect(fields(image![1] as Uint8Array)).toEqual([[1, 2], [2, 4], [3, 1], [4, png]]); // biome-ignore format: one thought
});

test("safetensors: the layout of its description, and back", () => {
  const tensors = { a: tensor([1, -2.5], [2]), "b/c": { dtype: "int64" as const, shape: [1, 1], data: BigInt64Array.of(-7n) } };
  const bytes = writeSafetensors(tensors, { made: "here" });
  const view = new DataView(bytes.buffer);
  const length = Number(view.getBigUint64(0, true));
  expect(length % 8).toBe(0);
  expect(JSON.parse(text(bytes.subarray(8, 8 + length)))).toEqual({
    __metadata__: { made: "here" },
    a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
    "b/c": { dtype: "I64", shape: [1, 1], data_offsets: [8, 16] },
  });
  expect([view.getFloat32(8 + length, true), view.getFloat32(12 + length, true)]).toEqual([1, -2.5]);
  expect(view.getBigInt64(16 + length, true)).toBe(-7n);
  expect(readSafetensors(bytes)).toEqual({ tensors, metadata: { made: "here" } });
});

test("a damaged safetensors file is refused, wherever it is cut", () => {
  const bytes = writeSafetensors({ a: tensor([1, 2], [2]) });
  for (let n = 0; n < bytes.length; n++) expect(() => readSafetensors(bytes.subarray(0, n))).toThrow(/safetensors/);
});
