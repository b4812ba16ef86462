import { fold, normal, size } from "../../base/index.ts";
import { type Amount, drawn, spelled } from "./amount.ts";
import { clipped } from "./clip.ts";
import type { Transformation } from "./transformation.ts";

/** x + n, n ~ N(0, σ²) in each number, cut to the range. @param amount σ, a share of the range */
export const gaussianNoise = (amount: Amount = 0.05): Transformation => ({
  name: `gaussian noise ${spelled(amount)}`,
  draw(key, shape, range) {
    const noise = normal(fold(key, "noise"), size(shape), 0, drawn(key, amount) * (range[1] - range[0]));
    return clipped({ apply: (x) => x.map((v, i) => v + noise[i]!), pullBack: (_, dy) => dy.slice() }, range);
  },
});
