import { fail } from "./fail.ts";
import type { Host, ImageWish, Pixels } from "./host.ts";
import { threads } from "./thread.web.ts";

const nowhere = (what: string) => (): never =>
  fail({
    code: "host-missing",
    expected: "Node (this needs files)",
    got: `a browser asked for ${what}`,
    mend: "pass bytes instead of a path",
  });

async function decodeImage(bytes: Uint8Array, want: ImageWish): Promise<Pixels> {
  const bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  const width = want.width ?? bitmap.width;
  const height = want.height ?? bitmap.height;
  const pen = new OffscreenCanvas(width, height).getContext("2d")!;
  // what is left of the picture once it has the wanted proportions; the bitmap is upright already
  const share = want.fit === "cover" ? Math.min(bitmap.width / width, bitmap.height / height) : null;
  const [w, h] = share === null ? [bitmap.width, bitmap.height] : [share * width, share * height];
  pen.drawImage(bitmap, (bitmap.width - w) / 2, (bitmap.height - h) / 2, w, h, 0, 0, width, height);
  const rgba = pen.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(width * height * want.channels);
  for (let i = 0; i < width * height; i++) {
    if (want.channels === 3) for (let c = 0; c < 3; c++) data[3 * i + c] = rgba[4 * i + c]!;
    // Rec. 709 luma, as sharp's greyscale
    else data[i] = Math.round(0.2126 * rgba[4 * i]! + 0.7152 * rgba[4 * i + 1]! + 0.0722 * rgba[4 * i + 2]!);
  }
  return { width, height, channels: want.channels, data };
}

async function imageSize(bytes: Uint8Array): Promise<{ width: number; height: number }> {
  const { width, height } = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  return { width, height };
}

async function encode({ width, height, channels, data }: Pixels, options: ImageEncodeOptions): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(width, height);
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) rgba[4 * i + c] = data[channels * i + (channels === 3 ? c : 0)]!;
  canvas.getContext("2d")!.putImageData(new ImageData(rgba, width, height), 0, 0);
  return new Uint8Array(await (await canvas.convertToBlob(options)).arrayBuffer());
}

export const host: Host = {
  readFile: nowhere("a file"),
  writeFile: nowhere("a file"),
  appendFile: nowhere("a file"),
  readDir: nowhere("a folder"),
  kind: nowhere("a path"),
  remove: nowhere("a file"),
  lock: nowhere("a lock"),
  ownFile: nowhere("a file of this package"),
  packageFile: nowhere("a package's file"),
  decodeImage,
  imageSize,
  encodePng: (pixels) => encode(pixels, { type: "image/png" }),
  encodeGif: nowhere("an animated picture"),
  encodeJpeg: (pixels, quality) => encode(pixels, { type: "image/jpeg", quality: quality / 100 }),
  threads,
  highs: async () => null,
};
