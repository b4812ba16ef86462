/** Matrix products and Einstein sums. */
import { draw, type Row, w, x } from "../row.ts";

const d = draw("linear");
const [m, k, n] = [d.int(2, 4), d.int(2, 4), d.int(2, 4)];

const matmul = (a: Row["inputs"][0], b: Row["inputs"][0], about: string, more: Partial<Row> = {}): Row => ({
  op: "MatMul",
  about,
  inputs: [a, b],
  ...more,
});

const gemm = (transA: 0 | 1, transB: 0 | 1, bias: number[] | null, alpha = 1, beta = 1): Row => ({
  op: "Gemm",
  about: `transA ${transA}, transB ${transB}, bias ${bias ? `[${bias}]` : "none"}, ${alpha}, ${beta}`,
  attrs: { transA, transB, alpha, beta },
  inputs: [x(transA ? [k, m] : [m, k]), w(transB ? [n, k] : [k, n]), ...(bias ? [w(bias)] : [])],
  // its batch is axis 1
  ...(transA ? { mixesBatch: true } : {}),
});

const einsum = (equation: string, ...inputs: Row["inputs"][0][]): Row => ({ op: "Einsum", about: equation, attrs: { equation }, inputs });

export const linear: Row[] = [
  matmul(x([m, k]), w([k, n]), "data by weight"),
  matmul(x([2, m, k]), w([k, n]), "batch of matrices by a weight"),
  matmul(x([2, 3, m, k]), w([k, n]), "two batch axes by a weight"),
  matmul(x([2, m, k]), x([2, k, n]), "both data"),
  matmul(x([2, 3, m, k]), x([2, 1, k, n]), "both data, one spread"),
  matmul(w([m, k]), x([2, k, n]), "weight by data"),
  matmul(w([3, m, k]), x([2, 1, k, n]), "weights by data, both spread"),
  matmul(x([2, 3, m, k]), w([3, k, n]), "data by weights"),
  matmul(x([m, k]), w([k]), "matrix by vector"),
  matmul(x([2, m, k]), w([k]), "matrices by vector"),
  matmul(w([k]), x([2, k, n]), "vector by matrices"),
  matmul(w([k]), x([k, n]), "vector by matrix", { mixesBatch: true }),
  matmul(x([k]), w([k]), "vector by vector", { mixesBatch: true }),
  matmul(x([1, k]), w([3, k, n]), "data spread over weights", { mixesBatch: true }),
  gemm(0, 0, [n]),
  gemm(0, 1, [1, n], 0.5, 2),
  gemm(0, 1, [], 1, -1.5),
  gemm(0, 0, null, -0.7),
  gemm(1, 0, [m, 1], 2, 0.5),
  gemm(1, 1, [m, n]),
  { ...gemm(0, 0, [m, 1]), mixesBatch: true },
  { op: "Gemm", about: "the weight first", inputs: [w([m, k]), x([k, n])], mixesBatch: true },
  einsum("ij,jk->ik", x([m, k]), w([k, n])),
  einsum("bij,bjk->bik", x([2, m, k]), x([2, k, n])),
  einsum("bhqd,bhkd->bhqk", x([2, 2, 3, k]), x([2, 2, 2, k])),
  einsum("nc,c->n", x([m, k]), w([k])),
  einsum("nchw,oc->nohw", x([2, 3, 2, 2]), w([2, 3])),
  einsum("bij->bi", x([2, m, k])),
  einsum("bij->bji", x([2, m, k])),
  einsum("bi,j->bij", x([2, m]), w([n])),
  einsum("bi,ij,jk->bk", x([2, m]), w([m, k]), w([k, n])),
  einsum("bij,bjk->bik", x([2, m, k]), w([1, k, n])),
  einsum("bij,bik->bk", x([2, 3, k]), w([1, 1, n])),
  einsum("bi,j->b", x([2, m]), w([n])),
  { ...einsum("bi,bj", x([2, m]), x([2, k])), mixesBatch: true },
];
