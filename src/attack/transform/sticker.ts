/** A picture stuck on a picture. */
import { fold, type Key, type Tensor, uniform } from "../../base/index.ts";
import { type Amount, drawn } from "./amount.ts";
import { after, inverse, places, scaled, turned } from "./homography.ts";
import { type Planes, planes, planesOf } from "./planes.ts";
import { type Sampling, sampled } from "./sampling.ts";
import type { Transformation } from "./transformation.ts";

/** Where a square patch may lie. */
export interface Placement {
  /** Of its upper left corner, [row, column] in pixels; default anywhere that it fits. */
  readonly location?: "random" | readonly [row: number, column: number];
  /** Factor on its side; default 1. */
  readonly scale?: Amount;
  /** Degrees, counterclockwise; default 0. */
  readonly rotation?: Amount;
}

export interface Laid {
  /** From the patch to the whole picture; to be read where it covers. */
  readonly sampling: Sampling;
  /** [H·W]: 1 where the patch lies. */
  readonly covered: Uint8Array;
}

/** One placement of a patch of side `side` on a picture. */
export function lay(side: number, picture: Planes, key: Key, { location = "random", scale = 1, rotation = 0 }: Placement): Laid {
  const factor = drawn(fold(key, "scale"), scale);
  const [u, v] = uniform(fold(key, "location"), 2);
  const room = (length: number, share: number) => Math.floor(share * (Math.max(length - Math.round(side * factor), 0) + 1));
  const [top, left] = location === "random" ? [room(picture.height, u!), room(picture.width, v!)] : location;
  // the patch's middle, from the picture's
  const half = (Math.round(side * factor) - 1) / 2;
  const [down, right] = [top + half - (picture.height - 1) / 2, left + half - (picture.width - 1) / 2];
  const onto = after([1, 0, right, 0, 1, down, 0, 0, 1], after(turned(drawn(fold(key, "rotation"), rotation)), scaled(factor)));
  const read = places(inverse(onto), picture, [(side - 1) / 2, (side - 1) / 2]);
  const covered = new Uint8Array(read.rows.length);
  // half a pixel past the middles of its outer pixels it goes on as they are
  const inside = (t: number) => Math.min(Math.max(t, 0), side - 1);
  for (let p = 0; p < covered.length; p++) {
    const [r, c] = [read.rows[p]!, read.columns[p]!];
    covered[p] = Number(r >= -0.5 && r < side - 0.5 && c >= -0.5 && c < side - 0.5);
    read.rows[p] = inside(r);
    read.columns[p] = inside(c);
  }
  return { sampling: sampled(planes(picture.channels, side, side), picture, read, 0, covered), covered };
}

/** The picture `x` with the patch on it. */
export function stuck(patch: Float32Array, laid: Laid, picture: Planes, x: Float32Array): Float32Array {
  const out = x.slice();
  const seen = laid.sampling.apply(patch);
  eachCovered(laid, picture, (at) => {
    out[at] = seen[at]!;
  });
  return out;
}

/** The channel-by-channel numbers of the covered pixels: `visit` gets each one's index. */
export function eachCovered({ covered }: Laid, { channels, width, strides }: Planes, visit: (at: number) => void): void {
  for (let p = 0; p < covered.length; p++)
    if (covered[p])
      for (let c = 0; c < channels; c++) visit(c * strides[0] + Math.floor(p / width) * strides[1] + (p % width) * strides[2]);
}

/**
 * A patch [C, s, s] on each picture: A(p, x, location, transformations). Brown et al. 2017, arXiv:1712.09665, §2.
 * What was under it is not seen.
 */
export const sticker = (patch: Tensor<"float32">, placement: Placement = {}): Transformation => ({
  name: `patch of ${patch.shape.join("×")}`,
  draw(key, shape) {
    const picture = planesOf(shape);
    const laid = lay(patch.shape[1]!, picture, key, placement);
    return {
      apply: (x) => stuck(patch.data, laid, picture, x),
      pullBack(_, dy) {
        const out = dy.slice();
        eachCovered(laid, picture, (at) => {
          out[at] = 0;
        });
        return out;
      },
    };
  },
});
