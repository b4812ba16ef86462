/** What a machine with files and pictures offers; `#host` picks Node's or the browser's. */
import type { Threads } from "./thread.ts";

export interface Host {
  readFile(path: string): Promise<Uint8Array>;
  /** Atomic: the file is whole (new) or untouched (old), never half-written. Makes parent folders. */
  writeFile(path: string, bytes: Uint8Array | string): Promise<void>;
  appendFile(path: string, bytes: Uint8Array | string): Promise<void>;
  /** Entries of a folder, sorted by name. */
  readDir(path: string): Promise<readonly { readonly name: string; readonly directory: boolean }[]>;
  /** `"file"`, `"directory"`, or null where nothing is there. */
  kind(path: string): Promise<"file" | "directory" | null>;
  remove(path: string): Promise<void>;
  /** Take a lock file; a live holder is refused, a dead one's lock taken over. Returns how to give it back. */
  lock(path: string): Promise<() => Promise<void>>;
  /** Decode PNG/JPEG to interleaved 8-bit pixels with the asked number of channels, resized where width and height are given. Throws `image-unreadable`. */
  decodeImage(bytes: Uint8Array, want: ImageWish): Promise<Pixels>;
  /** Size of a PNG/JPEG in pixels, by its header alone. Throws `image-unreadable`. */
  imageSize(bytes: Uint8Array): Promise<{ readonly width: number; readonly height: number }>;
  encodePng(pixels: Pixels): Promise<Uint8Array>;
  /** Frames of one size, shown in a loop for so many milliseconds each. */
  encodeGif(frames: readonly Pixels[], milliseconds: readonly number[]): Promise<Uint8Array>;
  /** @param quality 1 to 100 */
  encodeJpeg(pixels: Pixels, quality: number): Promise<Uint8Array>;
  /** A file that ships with this package, by its path in it. */
  ownFile(path: string): Promise<Uint8Array>;
  /** A file inside an installed npm package. */
  packageFile(packageName: string, path: string): Promise<Uint8Array>;
  readonly threads: Threads;
  /** The solver of linear programs, a module that bundlers for browsers cannot take; null there. */
  highs(): Promise<unknown>;
}

export interface ImageWish {
  readonly channels: 1 | 3;
  readonly width?: number;
  readonly height?: number;
  /** `fill` (default) stretches to width × height; `cover` turns the picture upright (EXIF), keeps its proportions, and cuts off evenly what is over. */
  readonly fit?: "fill" | "cover";
}

/** Interleaved 8-bit pixels: data[(y·width + x)·channels + c]. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}
