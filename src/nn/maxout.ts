import { fold } from "../base/index.ts";
import type { DenseOptions } from "./dense.ts";
import { fanInUniform } from "./init.ts";
import { type LayerSpec, needRank } from "./layer.ts";

/** The largest of `pieces` linear maps, unit by unit: [N, in] → [N, units]. Goodfellow et al. 2013, arXiv:1302.4389. */
export const maxout =
  (units: number, pieces: number, { init = fanInUniform, bias = fanInUniform }: DenseOptions = {}): LayerSpec =>
  (inputShape, key) => {
    needRank("maxout", inputShape, 1, "flat samples [features]");
    const out = units * pieces;
    const fans = { in: inputShape[0]!, out };
    const weight = init(fold(key, "weight"), [fans.in, out], fans);
    return {
      name: "maxout",
      params: { weight, ...(bias && { bias: bias(fold(key, "bias"), [out], fans) }) },
      buffers: {},
      inputShape,
      outputShape: [units],
      apply: ({ e, get }, x) => {
        const y = e.MatMul(x, get("weight"));
        const z = bias ? e.Add(y, get("bias")) : y;
        // pieces are contiguous blocks of columns: the maximum is then of whole slices, not of strided ones
        return e.node("Split", [z], { axis: 1, num_outputs: pieces }).reduce((a, b) => e.Max(a, b));
      },
    };
  };
