import { fold, seedKey, uniform } from "../base/index.ts";
import { mnist } from "./mnist.ts";
import type { Pool } from "./pool.ts";

export interface StackedMnistOptions {
  /** How many images; default 128,000, as PacGAN has. */
  readonly size?: number;
  readonly seed?: number;
}

/**
 * Three digits as the three channels of a picture: 1,000 modes, one for each number of three digits, which a classifier of digits counts. Srivastava et al. 2017 (VEEGAN),
 * arXiv:1705.07761; Lin et al. 2018 (PacGAN), arXiv:1712.04086. Drawn with replacement from the digits of `part`; [3, 28, 28] in [0, 1], label 100a + 10b + c.
 */
export async function stackedMnist(
  part: "train" | "test" = "train",
  { size = 128_000, seed = 0 }: StackedMnistOptions = {},
): Promise<Pool> {
  const digits = await mnist(part);
  const n = digits.y.length;
  const drawn = Uint32Array.from(uniform(fold(fold(seedKey(seed), "stacked-mnist"), part), 3 * size), (u) =>
    Math.min(Math.floor(u * n), n - 1),
  );
  const pixels = 28 * 28;
  return {
    name: `stacked-mnist:${part}`,
    size,
    shape: [3, 28, 28],
    range: [0, 1],
    classes: 1000,
    provenance: { ...digits.provenance, source: `three digits of ${digits.name}`, n: size, seed },
    write(i, out) {
      for (let c = 0; c < 3; c++) {
        const k = drawn[3 * i + c]!;
        out.set(digits.x.data.subarray(k * pixels, (k + 1) * pixels), c * pixels);
      }
    },
    label: (i) => [0, 1, 2].reduce((sum, c) => 10 * sum + digits.y[drawn[3 * i + c]!]!, 0),
  };
}
