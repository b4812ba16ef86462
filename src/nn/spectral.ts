import { fold, normal, size, type Tensor } from "../base/index.ts";
import type { LayerSpec } from "./layer.ts";

/** Steps of the power method before training. */
const START = 20;

const unit = (v: Float32Array): Float32Array<ArrayBuffer> => {
  const length = Math.hypot(...v) || 1;
  return Float32Array.from(v, (x) => x / length);
};

/** Left and right singular vectors of the largest singular value of w [rows, columns], nearly. */
function leading(w: ArrayLike<number>, rows: number, columns: number, start: Float32Array): { u: Float32Array; v: Float32Array } {
  let u: Float32Array = unit(start);
  let v: Float32Array = new Float32Array(columns);
  for (let k = 0; k < START; k++) {
    v = unit(Float32Array.from({ length: columns }, (_, j) => u.reduce((s, x, i) => s + x * w[i * columns + j]!, 0)));
    u = unit(Float32Array.from({ length: rows }, (_, i) => v.reduce((s, x, j) => s + x * w[i * columns + j]!, 0)));
  }
  return { u, v };
}

/**
 * A layer whose weight is divided by its largest singular value σ = uᵀWv, the weight seen as a matrix of its first axis by all others. u and v are kept, and take one
 * step of the power method (v ← Wᵀu, u ← Wv, of length 1) at each training step, from weights as they are before it; the gradient takes them for constant.
 * Miyato et al. 2018, arXiv:1802.05957, Algorithm 1.
 * @param names of the weights, where there is another beside `weight`; each has vectors of its own
 */
export const spectralNorm =
  (spec: LayerSpec, names: readonly string[] = ["weight"]): LayerSpec =>
  (inputShape, key) => {
    const layer = spec(inputShape, key);
    const restrained = names.map((name, i) => {
      const { shape, data } = layer.params[name] as Tensor<"float32">;
      const [rows, columns] = [shape[0]!, size(shape.slice(1))];
      const { u, v } = leading(data, rows, columns, normal(fold(key, i === 0 ? "u" : `u ${name}`), rows));
      const prefix = i === 0 ? "" : `${name}.`;
      return { name, rows, columns, u: `${prefix}u`, v: `${prefix}v`, initial: { u, v } };
    });
    return {
      ...layer,
      name: `spectralNorm(${layer.name})`,
      buffers: {
        ...layer.buffers,
        ...Object.fromEntries(
          restrained.flatMap(({ rows, columns, u, v, initial }): [string, Tensor<"float32">][] => [
            [u, { dtype: "float32", shape: [1, rows], data: initial.u as Float32Array<ArrayBuffer> }],
            [v, { dtype: "float32", shape: [columns, 1], data: initial.v as Float32Array<ArrayBuffer> }],
          ]),
        ),
      },
      apply: (scope, x) => {
        const { e, training, get, update } = scope;
        const weights = new Map(
          restrained.map(({ name, rows, columns, u, v }) => {
            const w = e.Reshape(get(name), e.ints([rows, columns]));
            if (training) {
              const normed = (a: typeof w) => e.Div(a, e.Sqrt(e.ReduceSum(e.Mul(a, a), null, { keepdims: 0 })));
              const next = normed(e.MatMul(e.Transpose(w, { perm: [1, 0] }), e.Reshape(get(u), e.ints([rows, 1]))));
              update(v, next);
              update(u, e.Reshape(normed(e.MatMul(w, next)), e.ints([1, rows])));
            }
            const sigma = e.Reshape(e.MatMul(get(u), e.MatMul(w, get(v))), e.ints([]));
            return [name, e.Div(get(name), sigma)] as const;
          }),
        );
        return layer.apply({ ...scope, get: (name) => weights.get(name) ?? get(name) }, x);
      },
    };
  };
