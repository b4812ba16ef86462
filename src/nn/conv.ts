import { fail, fold } from "../base/index.ts";
import type { DenseOptions } from "./dense.ts";
import { fanInUniform } from "./init.ts";
import { type LayerSpec, needRank } from "./layer.ts";

export interface ConvOptions extends DenseOptions {
  readonly stride?: number;
  readonly pad?: number;
  /** `conv` only: groups of channels that do not see each other. */
  readonly group?: number;
}

/** 2-D convolution: [N, C, H, W] → [N, out, H', W'], H' = ⌊(H + 2·pad − kernel)/stride⌋ + 1. */
export const conv =
  (
    out: number,
    kernel: number,
    { stride = 1, pad = 0, group = 1, init = fanInUniform, bias = fanInUniform }: ConvOptions = {},
  ): LayerSpec =>
  (inputShape, key) => {
    needRank("conv", inputShape, 3, "images [channels, height, width]");
    const [c, h, w] = inputShape as [number, number, number];
    if (c % group !== 0 || out % group !== 0)
      fail({
        code: "layer-shape",
        expected: `groups that divide ${c} and ${out} channels`,
        got: `${group}`,
        mend: "choose another number of groups",
      });
    const fans = { in: (c / group) * kernel * kernel, out: (out / group) * kernel * kernel };
    const after = (d: number) => Math.floor((d + 2 * pad - kernel) / stride) + 1;
    const weight = init(fold(key, "weight"), [out, c / group, kernel, kernel], fans);
    return {
      name: "conv",
      params: { weight, ...(bias && { bias: bias(fold(key, "bias"), [out], fans) }) },
      buffers: {},
      inputShape,
      outputShape: [out, after(h), after(w)],
      apply: ({ e, get }, x) =>
        e.Conv(x, get("weight"), bias ? get("bias") : null, {
          ...(group > 1 && { group }),
          kernel_shape: [kernel, kernel],
          strides: [stride, stride],
          pads: [pad, pad, pad, pad],
        }),
    };
  };

/** 2-D transposed convolution: [N, C, H, W] → [N, out, H', W'], H' = (H − 1)·stride − 2·pad + kernel. */
export const convTranspose =
  (out: number, kernel: number, { stride = 1, pad = 0, init = fanInUniform, bias = fanInUniform }: ConvOptions = {}): LayerSpec =>
  (inputShape, key) => {
    needRank("convTranspose", inputShape, 3, "images [channels, height, width]");
    const [c, h, w] = inputShape as [number, number, number];
    // PyTorch counts the fan of a transposed convolution over its output channels
    const fans = { in: out * kernel * kernel, out: c * kernel * kernel };
    const after = (d: number) => (d - 1) * stride - 2 * pad + kernel;
    const weight = init(fold(key, "weight"), [c, out, kernel, kernel], fans);
    return {
      name: "convTranspose",
      params: { weight, ...(bias && { bias: bias(fold(key, "bias"), [out], fans) }) },
      buffers: {},
      inputShape,
      outputShape: [out, after(h), after(w)],
      apply: ({ e, get }, x) =>
        e.ConvTranspose(x, get("weight"), bias ? get("bias") : null, {
          kernel_shape: [kernel, kernel],
          strides: [stride, stride],
          pads: [pad, pad, pad, pad],
        }),
    };
  };
