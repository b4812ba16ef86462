import { fold, zeros } from "../base/index.ts";
import { fanInUniform, type Initializer } from "./init.ts";
import { type LayerSpec, needRank } from "./layer.ts";

export interface DenseOptions {
  readonly init?: Initializer;
  /** Default: PyTorch's U(±1/√in). `false`: no bias. */
  readonly bias?: Initializer | false;
}

/** y = xW + b: [N, in] → [N, out]. */
export const dense =
  (out: number, { init = fanInUniform, bias = fanInUniform }: DenseOptions = {}): LayerSpec =>
  (inputShape, key) => {
    needRank("dense", inputShape, 1, "flat samples [features]");
    const fans = { in: inputShape[0]!, out };
    const weight = init(fold(key, "weight"), [fans.in, out], fans);
    return {
      name: "dense",
      params: { weight, ...(bias && { bias: bias(fold(key, "bias"), [out], fans) }) },
      buffers: {},
      inputShape,
      outputShape: [out],
      apply: ({ e, get }, x) => {
        const y = e.MatMul(x, get("weight"));
        return bias ? e.Add(y, get("bias")) : y;
      },
    };
  };

/** All biases zero. */
export const zeroBias: Initializer = (_, shape) => zeros(shape);
