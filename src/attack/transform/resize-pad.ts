import { fold, uniform } from "../../base/index.ts";
import { planesOf } from "./planes.ts";
import { sampled } from "./sampling.ts";
import type { Transformation } from "./transformation.ts";

export interface ResizePadOptions {
  /** Least share of height and width that is kept; default 0.9. */
  readonly smallest?: number;
  /** How often the input is transformed at all; default 0.5. */
  readonly chance?: number;
}

/**
 * Input diversity: shrink the picture to a random size and pad it back at a random place. Xie et al. 2019, arXiv:1803.06978, §4.1, within the
 * picture's own size. The pad is 0, or the valid value nearest to it.
 */
export const resizePad = ({ smallest = 0.9, chance = 0.5 }: ResizePadOptions = {}): Transformation => ({
  name: `resize ${smallest}…1 and pad, ${chance} of the time`,
  draw(key, shape, [low, high]) {
    const picture = planesOf(shape);
    const { height: h, width: w } = picture;
    const [often, much, down, right] = uniform(fold(key, "resize-pad"), 4) as unknown as [number, number, number, number];
    if (often >= chance) return { apply: (x) => x, pullBack: (_, dy) => dy };
    const least = Math.max(1, Math.floor(smallest * h));
    const height = least + Math.floor(much * (h - least));
    const width = Math.max(1, Math.round((w * height) / h));
    const [top, left] = [Math.floor(down * (h - height + 1)), Math.floor(right * (w - width + 1))];
    // the i-th of `to` pixels over `from`, centres on centres; the edge goes on as itself, and far outside is the pad
    const place = (i: number, to: number, from: number) =>
      i < 0 || i >= to ? -9 : Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const rows = Float64Array.from({ length: h * w }, (_, p) => place(Math.floor(p / w) - top, height, h));
    const columns = Float64Array.from({ length: h * w }, (_, p) => place((p % w) - left, width, w));
    return sampled(picture, picture, { rows, columns }, Math.min(Math.max(0, low), high));
  },
});
