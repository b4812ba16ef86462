/** Ways through the space that samples are drawn from. */
import type { Tensor } from "../base/index.ts";
import type { Latent } from "./gan.ts";

/**
 * `count` points from a [z] to b [z], both included: [count, z]. Of normal noise along a great circle, so that every point is as far from 0 as drawn ones are (White 2016,
 * arXiv:1609.04468); of uniform noise along the straight line.
 */
export function betweenLatents(a: Float32Array, b: Float32Array, count: number, { draw }: Pick<Latent, "draw">): Tensor<"float32"> {
  const length = (v: Float32Array) => Math.sqrt(v.reduce((s, x) => s + x * x, 0));
  const cosine = a.reduce((s, x, i) => s + x * b[i]!, 0) / Math.max(length(a) * length(b), 1e-12);
  const angle = draw.kind === "normal" ? Math.acos(Math.min(1, Math.max(-1, cosine))) : 0;
  const data = new Float32Array(count * a.length);
  for (let k = 0; k < count; k++) {
    const t = count === 1 ? 0 : k / (count - 1);
    // ends that (nearly) lie on one line through 0 have no circle between them
    const [p, q] =
      Math.sin(angle) < 1e-6 ? [1 - t, t] : [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)];
    for (let i = 0; i < a.length; i++) data[k * a.length + i] = p * a[i]! + q * b[i]!;
  }
  return { dtype: "float32", shape: [count, a.length], data };
}
