/** Layers without parameters that move or drop data. */
import { fail, size, tensor } from "../base/index.ts";
import type { Layer, LayerSpec } from "./layer.ts";
import { needRank } from "./layer.ts";

const plain = (name: string, inputShape: readonly number[], outputShape: readonly number[], apply: Layer["apply"]): Layer => ({
  name,
  params: {},
  buffers: {},
  inputShape,
  outputShape,
  apply,
});

/** [N, …] → [N, product]. */
export const flatten = (): LayerSpec => (inputShape) =>
  plain("flatten", inputShape, [size(inputShape)], ({ e }, x) => e.node("Flatten", [x], { axis: 1 })[0]!);

/** [N, …] → [N, …shape]. */
export const reshape =
  (...shape: number[]): LayerSpec =>
  (inputShape) => {
    if (size(shape) !== size(inputShape))
      fail({
        code: "layer-shape",
        expected: `${size(inputShape)} values a sample`,
        got: `[${shape}]`,
        mend: "choose a shape that holds as many",
      });
    return plain("reshape", inputShape, shape, ({ e }, x) => e.Reshape(x, e.ints([-1, ...shape])));
  };

/** Largest of each window: [N, C, H, W] → [N, C, H', W']. */
export const maxPool =
  (kernel: number, stride = kernel): LayerSpec =>
  (inputShape) => {
    needRank("maxPool", inputShape, 3, "images [channels, height, width]");
    const [c, ...hw] = inputShape as [number, number, number];
    const after = hw.map((d) => Math.floor((d - kernel) / stride) + 1);
    return plain(
      "maxPool",
      inputShape,
      [c, ...after],
      ({ e }, x) => e.node("MaxPool", [x], { kernel_shape: [kernel, kernel], strides: [stride, stride] })[0]!,
    );
  };

/** Mean of each window. */
export const averagePool =
  (kernel: number, stride = kernel): LayerSpec =>
  (inputShape) => {
    needRank("averagePool", inputShape, 3, "images [channels, height, width]");
    const [c, ...hw] = inputShape as [number, number, number];
    const after = hw.map((d) => Math.floor((d - kernel) / stride) + 1);
    return plain(
      "averagePool",
      inputShape,
      [c, ...after],
      ({ e }, x) => e.node("AveragePool", [x], { kernel_shape: [kernel, kernel], strides: [stride, stride] })[0]!,
    );
  };

/**
 * In training, keep each value with probability `keep` and scale it by 1/keep; nothing at inference.
 * Srivastava et al. 2014. The mask is an input drawn from the step's key.
 */
export const dropout =
  (rate: number): LayerSpec =>
  (inputShape) => {
    if (!(rate >= 0 && rate < 1))
      fail({ code: "dropout-rate", expected: "a rate in [0, 1)", got: `${rate}`, mend: "rate is the share that is dropped" });
    const keep = 1 - rate;
    return plain("dropout", inputShape, inputShape, ({ e, training, noise }, x) =>
      training && rate > 0 ? e.Mul(x, e.Mul(noise({ kind: "bernoulli", keep }, x.type.shape), e.scalar(1 / keep, x))) : x,
    );
  };

/** Each pixel `factor` × `factor` times: [N, C, H, W] → [N, C, factor·H, factor·W]. */
export const upsample =
  (factor = 2): LayerSpec =>
  (inputShape) => {
    needRank("upsample", inputShape, 3, "images [channels, height, width]");
    const [c, h, w] = inputShape as [number, number, number];
    return plain("upsample", inputShape, [c, factor * h, factor * w], ({ e }, x) =>
      e.Resize(x, null, e.constant(tensor([1, 1, factor, factor], [4])), {
        mode: "nearest",
        coordinate_transformation_mode: "asymmetric",
        nearest_mode: "floor",
      }),
    );
  };

/** Sum over all pixels: [N, C, H, W] → [N, C]. */
export const globalSum = (): LayerSpec => (inputShape) => {
  needRank("globalSum", inputShape, 3, "images [channels, height, width]");
  return plain("globalSum", inputShape, [inputShape[0]!], ({ e }, x) => e.ReduceSum(x, e.ints([2, 3]), { keepdims: 0 }));
};

/** Changes nothing; what passes here is what others call the network's `name` (features that are matched). */
export const marked =
  (name: string): LayerSpec =>
  (inputShape) =>
    plain("marked", inputShape, inputShape, ({ mark }, x) => {
      mark?.(name, x);
      return x;
    });
