import { type Amount, drawn, spelled } from "./amount.ts";
import { planar, scaled } from "./homography.ts";
import type { Transformation } from "./transformation.ts";

/** About the middle: larger than 1 comes nearer, smaller leaves a black border. @param amount factor */
export const scale = (amount: Amount = [0.8, 1.2]): Transformation =>
  planar(`scale ${spelled(amount)}`, (key) => scaled(drawn(key, amount)));
