import { fold } from "../../base/index.ts";
import { type Amount, drawn, spelled } from "./amount.ts";
import { planar, shifted } from "./homography.ts";
import type { Transformation } from "./transformation.ts";

/** To the right and down, each by its own draw. @param amount a share of width and height */
export const translation = (amount: Amount = [-0.1, 0.1]): Transformation =>
  planar(`translation ${spelled(amount)}`, (key, { width, height }) =>
    shifted(drawn(fold(key, 0), amount) * width, drawn(fold(key, 1), amount) * height),
  );
