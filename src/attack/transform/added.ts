import { fail, size, type Tensor } from "../../base/index.ts";
import { clipped } from "./clip.ts";
import type { Transformation } from "./transformation.ts";

/** x + δ for one δ of a sample's shape, cut to the range: a universal perturbation on new samples. @throws transform-shape */
export const added = (delta: Tensor<"float32">): Transformation => ({
  name: "perturbation added",
  draw(_, shape, range) {
    if (size(shape) !== delta.data.length)
      fail({
        code: "transform-shape",
        expected: `a perturbation of [${shape}]`,
        got: `[${delta.shape}]`,
        mend: "give one of a sample's shape",
      });
    return clipped({ apply: (x) => x.map((v, i) => v + delta.data[i]!), pullBack: (_, dy) => dy.slice() }, range);
  },
});
