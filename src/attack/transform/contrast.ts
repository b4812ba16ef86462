import { type Amount, drawn, spelled } from "./amount.ts";
import { clipped } from "./clip.ts";
import type { Transformation } from "./transformation.ts";

/** m + c·(x − m) for the middle m of the range, cut to it. An artificial transformation of Kurakin, Goodfellow & Bengio 2016, arXiv:1607.02533. @param amount c, 1 for none */
export const contrast = (amount: Amount = [0.8, 1.2]): Transformation => ({
  name: `contrast ${spelled(amount)}`,
  draw(key, _, range) {
    const factor = drawn(key, amount);
    const middle = (range[0] + range[1]) / 2;
    return clipped({ apply: (x) => x.map((v) => middle + factor * (v - middle)), pullBack: (_, dy) => dy.map((d) => factor * d) }, range);
  },
});
