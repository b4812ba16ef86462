/** Pictures of known pixels, and folders of them. */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp, { type Sharp } from "sharp";

export const root = await mkdtemp(join(tmpdir(), "counterfoil-"));

export type Colour = readonly [number, number, number];
/** Pixel (x, y) has the colour `at` gives. */
export function picture(width: number, height: number, at: (x: number, y: number) => Colour): Sharp {
  const pixels = Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width))).flat();
  return sharp(Uint8Array.from(pixels), { raw: { width, height, channels: 3 } });
}
export const flat = (width: number, height: number, colour: Colour | number) =>
  picture(width, height, () => (typeof colour === "number" ? [colour, colour, colour] : colour));
export const png = (image: Sharp): Promise<Uint8Array> => image.png().toBuffer();
export const grey = (width: number, height: number, value: number) => png(flat(width, height, value).toColourspace("b-w"));
export const text = (content: string) => new TextEncoder().encode(content);

/** A folder with these files; null makes a folder. */
export async function folder(name: string, files: Readonly<Record<string, Uint8Array | null>>): Promise<string> {
  await mkdir(join(root, name), { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    const path = join(root, name, file);
    await mkdir(content ? dirname(path) : path, { recursive: true });
    if (content) await writeFile(path, content);
  }
  return join(root, name);
}
