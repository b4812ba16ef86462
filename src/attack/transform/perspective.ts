import { fold } from "../../base/index.ts";
import { type Amount, drawn, spelled } from "./amount.ts";
import { planar, tilted } from "./homography.ts";
import type { Transformation } from "./transformation.ts";

/**
 * The picture hangs askew before the camera: turned out of its plane about the vertical and the horizontal axis.
 * @param amount degrees, one draw an axis
 * @param distance of the camera, in lengths of the longer side
 */
export const perspective = (amount: Amount = [-20, 20], distance = 2): Transformation =>
  planar(`perspective ${spelled(amount)}`, (key, { width, height }) =>
    tilted(drawn(fold(key, 0), amount), drawn(fold(key, 1), amount), distance * Math.max(width, height)),
  );
