import { type Amount, drawn, spelled } from "./amount.ts";
import { planar, turned } from "./homography.ts";
import type { Transformation } from "./transformation.ts";

/** About the middle, the corners black. @param amount degrees, counterclockwise */
export const rotation = (amount: Amount = [-15, 15]): Transformation =>
  planar(`rotation ${spelled(amount)}`, (key) => turned(drawn(key, amount)));
