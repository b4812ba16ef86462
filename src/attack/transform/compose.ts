/** Transformations made of others. */
import { fold, uniform } from "../../base/index.ts";
import type { Transformation } from "./transformation.ts";

/** One after the other, the first first; of none, the identity. */
export const compose = (...parts: readonly Transformation[]): Transformation => ({
  name: parts.map((t) => t.name).join(", then ") || "identity",
  draw(key, shape, range) {
    const draws = parts.map((t, i) => t.draw(fold(key, i), shape, range));
    return {
      apply: (x) => draws.reduce<Float32Array>((y, d) => d.apply(y), x.slice()),
      pullBack(x, dy) {
        const stages: Float32Array[] = [x];
        for (const d of draws.slice(0, -1)) stages.push(d.apply(stages.at(-1)!));
        return draws.reduceRight<Float32Array>((g, d, i) => d.pullBack(stages[i]!, g), dy.slice());
      },
    };
  },
});

/** One of them at each draw, all equally often. */
export const oneOf = (...choices: readonly [Transformation, ...Transformation[]]): Transformation => ({
  name: `one of ${choices.map((t) => t.name).join(" or ")}`,
  draw(key, shape, range) {
    const at = Math.floor(uniform(fold(key, "choice"), 1)[0]! * choices.length);
    return choices[at]!.draw(fold(key, at), shape, range);
  },
});
