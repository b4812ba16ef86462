/** Weight initialisers. */
import { type Key, normal, type Shape, size, type Tensor, uniform, zeros } from "../base/index.ts";

/** Fans of a weight: [in, out] for dense, [out, in, …kernel] for convolutions. */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

export type Initializer = (key: Key, shape: Shape, fans: Fans) => Tensor;

const box = (key: Key, shape: Shape, limit: number): Tensor => ({
  dtype: "float32",
  shape,
  data: uniform(key, size(shape), -limit, limit),
});
const bell = (key: Key, shape: Shape, std: number): Tensor => ({ dtype: "float32", shape, data: normal(key, size(shape), 0, std) });

/** U(-limit, limit). */
export const uniformInit =
  (limit: number): Initializer =>
  (key, shape) =>
    box(key, shape, limit);

/** N(0, std²). */
export const normalInit =
  (std: number): Initializer =>
  (key, shape) =>
    bell(key, shape, std);

/** N(0, 2/fan_in), for rectifiers. He et al. 2015, arXiv:1502.01852. */
export const heNormal: Initializer = (key, shape, fans) => bell(key, shape, Math.sqrt(2 / fans.in));

/** U(±√(6/fan_in)). He et al. 2015. */
export const heUniform: Initializer = (key, shape, fans) => box(key, shape, Math.sqrt(6 / fans.in));

/** U(±√(6/(fan_in+fan_out))). Glorot & Bengio 2010. */
export const glorotUniform: Initializer = (key, shape, fans) => box(key, shape, Math.sqrt(6 / (fans.in + fans.out)));

/** N(0, 2/(fan_in+fan_out)). Glorot & Bengio 2010. */
export const glorotNormal: Initializer = (key, shape, fans) => bell(key, shape, Math.sqrt(2 / (fans.in + fans.out)));

/** U(±1/√fan_in): PyTorch's default for dense and convolutional layers. */
export const fanInUniform: Initializer = (key, shape, fans) => box(key, shape, 1 / Math.sqrt(fans.in));

/** Rows (or columns, whichever are fewer) orthonormal, times `gain`. Saxe et al. 2013, arXiv:1312.6120. */
export const orthogonal =
  (gain = 1): Initializer =>
  (key, shape) => {
    const rows = shape[0]!;
    const cols = size(shape) / rows;
    const [n, m] = [Math.min(rows, cols), Math.max(rows, cols)];
    const a = Float64Array.from(normal(key, n * m));
    // Gram-Schmidt, twice: once loses orthogonality to rounding
    for (let pass = 0; pass < 2; pass++)
      for (let i = 0; i < n; i++) {
        const row = a.subarray(i * m, (i + 1) * m);
        for (let j = 0; j < i; j++) {
          const other = a.subarray(j * m, (j + 1) * m);
          const dot = row.reduce((s, v, k) => s + v * other[k]!, 0);
          for (let k = 0; k < m; k++) row[k]! -= dot * other[k]!;
        }
        const length = Math.sqrt(row.reduce((s, v) => s + v * v, 0));
        for (let k = 0; k < m; k++) row[k]! /= length;
      }
    const out = zeros(shape);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < cols; c++) out.data[r * cols + c] = gain * (rows <= cols ? a[r * m + c]! : a[c * m + r]!);
    return out;
  };
