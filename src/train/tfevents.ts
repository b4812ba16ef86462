/** TensorBoard event files: TFRecord framing around `Event` protocol buffers. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** CRC-32C (Castagnoli), table-driven. */
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c;
});

export function crc32c(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const b of bytes) c = TABLE[(c ^ b) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** TFRecord stores checksums rotated and offset, so that a checksum of checksums is not degenerate. */
const masked = (bytes: Uint8Array): number => {
  const c = crc32c(bytes);
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
};

/** u64 length, its checksum, the data, its checksum; little-endian. */
function record(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(16 + data.length);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return out;
}

/** Event: 1 wall_time (double), 2 step (int64), 3 file_version, 5 summary. */
function event(time: number, rest: (w: BinaryWriter) => BinaryWriter): Uint8Array {
  return record(rest(new BinaryWriter().tag(1, WireType.Bit64).double(time)).finish());
}

/** The first record of every file. */
export const eventFileHeader = (time: number): Uint8Array => event(time, (w) => w.tag(3, WireType.LengthDelimited).string("brain.Event:2"));

/** A new session from `step` on: readers forget what older files say of later steps. SessionLog: 1 status, START = 1. */
export const sessionStart = (time: number, step: number): Uint8Array =>
  event(time, (w) => w.tag(2, WireType.Varint).int64(step).tag(7, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(1).join());

/** One event with a scalar a metric. Summary.Value: 1 tag, 2 simple_value. */
export const scalarEvent = (time: number, step: number, metrics: Readonly<Record<string, number>>): Uint8Array =>
  event(time, (w) => {
    w.tag(2, WireType.Varint).int64(step).tag(5, WireType.LengthDelimited).fork();
    for (const [tag, value] of Object.entries(metrics))
      w.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(tag).tag(2, WireType.Bit32).float(value).join();
    return w.join();
  });

/** One event with a picture. Summary.Image: 1 height, 2 width, 3 colorspace, 4 encoded PNG. */
export const imageEvent = (
  time: number,
  step: number,
  tag: string,
  png: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: number },
): Uint8Array =>
  event(time, (w) =>
    w
      .tag(2, WireType.Varint)
      .int64(step)
      .tag(5, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.LengthDelimited)
      .string(tag)
      .tag(4, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.Varint)
      .int32(height)
      .tag(2, WireType.Varint)
      .int32(width)
      .tag(3, WireType.Varint)
      .int32(channels)
      .tag(4, WireType.LengthDelimited)
      .bytes(png)
      .join()
      .join()
      .join(),
  );
