import { fold } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { eachRow, row } from "./iterate.ts";
import type { Transformation } from "./transform/transformation.ts";

/**
 * No search: T(x) itself, once or at several draws. What a photo, a patch or a perturbation found elsewhere does to new samples. Black box: labels;
 * the threat is the transformation's own, so ε bounds nothing.
 */
export const transformed = (transformation: Transformation, draws = 1): Attack<"labels"> => ({
  name: transformation.name,
  access: "labels",
  kind: "own",
  norms: ["linf", "l2", "l1", "l0"],
  targets: true,
  async run(victim, { x, keys }, { domain: { low, high } }) {
    const range = [low.reduce((a, b) => Math.min(a, b)), high.reduce((a, b) => Math.max(a, b))] as const;
    return Array.from({ length: draws }, (_, d) =>
      eachRow(x, (out, i) => out.set(transformation.draw(fold(keys[i]!, d), victim.inputShape, range).apply(row(x, i)))),
    );
  },
});
