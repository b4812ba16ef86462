import { full, zeros } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import type { LayerSpec } from "./layer.ts";

export interface NormOptions {
  readonly epsilon?: number;
  /** Share of the running statistic that a new batch replaces. */
  readonly momentum?: number;
}

const shaped = (e: Emit, v: Value, shape: readonly number[]) => e.Reshape(v, e.ints(shape));

/**
 * Batch normalisation over the batch and all positions of a channel. In training, statistics of the batch, and running
 * ones kept for inference (unbiased variance, as PyTorch). Ioffe & Szegedy 2015, arXiv:1502.03167.
 */
export const batchNorm =
  ({ epsilon = 1e-5, momentum = 0.1 }: NormOptions = {}): LayerSpec =>
  (inputShape) => {
    const c = inputShape[0]!;
    return {
      name: "batchNorm",
      params: { weight: full([c], 1), bias: zeros([c]) },
      buffers: { mean: zeros([c]), variance: full([c], 1) },
      inputShape,
      outputShape: inputShape,
      coupled: "batchNorm",
      apply: ({ e, training, get, update }, x) => {
        if (!training) return e.node("BatchNormalization", [x, get("weight"), get("bias"), get("mean"), get("variance")], { epsilon })[0]!;
        // per channel: every axis but 1
        const axes = e.ints([0, ...inputShape.slice(1).map((_, i) => i + 2)]);
        const column = [1, c, ...inputShape.slice(1).map(() => 1)];
        const mean = e.ReduceMean(x, axes, { keepdims: 1 });
        const centred = e.Sub(x, mean);
        const variance = e.ReduceMean(e.Mul(centred, centred), axes, { keepdims: 1 });
        const count = x.type.shape.reduce((n, d, i) => (i === 1 ? n : n * d), 1);
        const running = (name: string, now: Value) => {
          const flat = shaped(e, now, [c]);
          update(name, e.Add(e.Mul(get(name), e.scalar(1 - momentum, x)), e.Mul(flat, e.scalar(momentum, x))));
        };
        running("mean", mean);
        running("variance", e.Mul(variance, e.scalar(count / Math.max(count - 1, 1), x)));
        const scale = e.Div(shaped(e, get("weight"), column), e.Sqrt(e.Add(variance, e.scalar(epsilon, x))));
        return e.Add(e.Mul(centred, scale), shaped(e, get("bias"), column));
      },
    };
  };

/** Normalise each sample over all its features. Ba et al. 2016, arXiv:1607.06450. */
export const layerNorm =
  ({ epsilon = 1e-5 }: Pick<NormOptions, "epsilon"> = {}): LayerSpec =>
  (inputShape) => ({
    name: "layerNorm",
    params: { weight: full(inputShape, 1), bias: zeros(inputShape) },
    buffers: {},
    inputShape,
    outputShape: inputShape,
    apply: ({ e, get }, x) => e.node("LayerNormalization", [x, get("weight"), get("bias")], { axis: 1, epsilon })[0]!,
  });
