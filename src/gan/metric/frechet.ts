/** The Fréchet distance between two sets of features, each taken for normal. Heusel et al. 2017, arXiv:1706.08500, §2. */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { fail, type Tensor } from "../../base/index.ts";

type Numbers = Tensor<"float32">;

interface Moments {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

/** Mean and unbiased covariance of rows [n, d], in float64. */
function moments({ shape, data }: Numbers): Moments {
  const [n, d] = shape as [number, number];
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j]! += data[i * d + j]! / n;
  const c = new Float64Array(d * d);
  const x = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) x[j] = data[i * d + j]! - mean[j]!;
    for (let j = 0; j < d; j++) for (let k = 0; k <= j; k++) c[j * d + k]! += x[j]! * x[k]!;
  }
  const covariance = Matrix.zeros(d, d);
  for (let j = 0; j < d; j++)
    for (let k = 0; k <= j; k++) {
      const v = c[j * d + k]! / (n - 1);
      covariance.set(j, k, v);
      covariance.set(k, j, v);
    }
  return { mean, covariance };
}

const spectrum = (m: Matrix) => new EigenvalueDecomposition(m, { assumeSymmetric: true });

/** √ of a positive semi-definite matrix; what rounding left below 0 is 0. */
function root(m: Matrix): Matrix {
  const { eigenvectorMatrix: v, realEigenvalues } = spectrum(m);
  return v.mmul(Matrix.diag(realEigenvalues.map((s) => Math.sqrt(Math.max(s, 0))))).mmul(v.transpose());
}

/**
 * ‖μ₁ − μ₂‖² + Tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½) of features [n, d] and [m, d]. Tr (Σ₁Σ₂)^½ is the sum of the roots of the eigenvalues of Σ₁^½Σ₂Σ₁^½, which is symmetric.
 * It depends on the extractor and, upwards, on few samples: state both, beside the distance between two halves of the data.
 * @throws metric-few under 2 rows
 */
export function frechet(a: Numbers, b: Numbers): number {
  for (const { shape } of [a, b])
    if (shape[0]! < 2)
      fail({ code: "metric-few", expected: "two samples or more on either side", got: `${shape[0]}`, mend: "bring more samples" });
  const [one, two] = [moments(a), moments(b)];
  const half = root(one.covariance);
  const between = half.mmul(two.covariance).mmul(half);
  const shared = spectrum(between).realEigenvalues.reduce((sum, s) => sum + Math.sqrt(Math.max(s, 0)), 0);
  const apart = one.mean.reduce((sum, v, i) => sum + (v - two.mean[i]!) ** 2, 0);
  return Math.max(0, apart + one.covariance.trace() + two.covariance.trace() - 2 * shared);
}
