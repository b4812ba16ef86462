import { type Amount, drawn, spelled } from "./amount.ts";
import { clipped } from "./clip.ts";
import type { Transformation } from "./transformation.ts";

/** x + b·(high − low), cut to the range. An artificial transformation of Kurakin, Goodfellow & Bengio 2016, arXiv:1607.02533. @param amount b, a share of the range */
export const brightness = (amount: Amount = [-0.1, 0.1]): Transformation => ({
  name: `brightness ${spelled(amount)}`,
  draw(key, _, range) {
    const shift = drawn(key, amount) * (range[1] - range[0]);
    return clipped({ apply: (x) => x.map((v) => v + shift), pullBack: (_, dy) => dy.slice() }, range);
  },
});
