import { fail } from "../base/index.ts";
import type { Attack } from "./attack.ts";
import { eachRow, row } from "./iterate.ts";
import { type MomentumOptions, momentumAttack } from "./momentum.ts";
import { planesOf } from "./transform/planes.ts";

export interface TiFgsmOptions extends MomentumOptions {
  /** Width of the kernel in pixels, odd; default 15, the paper's (of images of 299). */
  readonly kernel?: number;
  /** Standard deviations from the kernel's middle to its edge; default 3. */
  readonly deviations?: number;
}

/** A normal density at 2r + 1 places, summing to 1: W of §3.2 is its outer product with itself. */
export function gaussian(width: number, deviations: number): Float64Array {
  if (!Number.isInteger(width) || width < 1 || width % 2 === 0)
    fail({ code: "attack-kernel", expected: "an odd width of the kernel", got: `${width}`, mend: "choose 3, 5, 7 … 15" });
  const r = (width - 1) / 2;
  const density = Float64Array.from({ length: width }, (_, i) => Math.exp(-0.5 * ((deviations * (i - r)) / Math.max(r, 1)) ** 2));
  const sum = density.reduce((a, b) => a + b);
  return density.map((v) => v / sum);
}

/** W ∗ g of a picture, with zeros outside: one axis, then the other. */
export function blurred(g: Float32Array, shape: readonly number[], kernel: Float64Array): Float32Array {
  const { height, width, strides } = planesOf(shape);
  const r = (kernel.length - 1) / 2;
  const along = (v: ArrayLike<number>, stride: number, length: number): Float64Array =>
    Float64Array.from(v, (_, i) => {
      const at = Math.floor(i / stride) % length;
      let sum = 0;
      for (let k = Math.max(-r, -at); k <= Math.min(r, length - 1 - at); k++) sum += kernel[r + k]! * v[i + k * stride]!;
      return sum;
    });
  const clean = g.map((v) => (Number.isNaN(v) ? 0 : v));
  return Float32Array.from(along(along(clean, strides[1], height), strides[2], width));
}

/**
 * Translation-invariant FGSM. Dong et al. 2019, "Evading Defenses to Transferable Adversarial Examples by Translation-Invariant Attacks",
 * arXiv:1904.02884, eq. (9): the mean gradient over shifted inputs is the gradient under a kernel W,
 * g ← μ·g + W∗∇ₓ J(x, y)/‖W∗∇ₓ J(x, y)‖₁,  x ← Clip(x + α·sign(g)). Its use is transfer to defended models.
 * Images. Norms: L∞; L2 and L1 with their steepest steps. White box; targeted or not. Proposes the best iterate, then the last one.
 */
export function tiFgsm({ kernel = 15, deviations = 3, ...options }: TiFgsmOptions = {}): Attack<"gradient"> {
  const W = gaussian(kernel, deviations);
  return momentumAttack("ti-fgsm", options, ({ x }) => () => ({
    slope: (gradient) => eachRow(gradient, (out, i) => out.set(blurred(row(gradient, i), x.shape.slice(1), W))),
  }));
}
