/** Matrix products. */
import { broadcast, fail } from "../base/index.ts";
import type { Emit, Node, Type, Value } from "../graph/index.ts";
import { bilinear, bilinearLines, squeeze, transposed, unbroadcast, unsqueeze } from "./algebra.ts";
import { arg, type Call, int, type Op } from "./op.ts";

function matmulType(call: Call): Type[] {
  const { dtype, shape: a } = arg(call, 0).type;
  const b = arg(call, 1).type.shape;
  const A = a.length === 1 ? [1, ...a] : a;
  const B = b.length === 1 ? [...b, 1] : b;
  if (A.at(-1) !== B.at(-2))
    fail({
      code: "shape-matmul",
      expected: "inner sizes to agree",
      got: `[${a}] × [${b}]`,
      mend: "transpose one of the matrices, or check the input size",
    });
  const shape = broadcast(A.slice(0, -2), B.slice(0, -2));
  if (a.length > 1) shape.push(A.at(-2)!);
  if (b.length > 1) shape.push(B.at(-1)!);
  return [{ dtype, shape }];
}

export const MatMul: Op = {
  whole: true,
  infer: matmulType,
  vjp: (e, { inputs: [a, b] }, [dy]) => {
    const va = a!.type.shape.length === 1;
    const vb = b!.type.shape.length === 1;
    const A = va ? unsqueeze(e, a!, 0) : a!;
    const B = vb ? unsqueeze(e, b!, 1) : b!;
    let g = dy!;
    if (vb) g = unsqueeze(e, g, -1);
    if (va) g = unsqueeze(e, g, -2);
    // dA = dy·Bᵀ, dB = Aᵀ·dy
    const dA = unbroadcast(e, e.MatMul(g, transposed(e, B)), A);
    // a matrix shared by a batch: one flat product instead of a batch of small ones to be summed
    const flat = B.type.shape.length === 2 && A.type.shape.length > 2;
    const [k, n] = B.type.shape.slice(-2) as [number, number];
    const left = flat ? e.Reshape(A, e.ints([-1, k])) : A;
    const right = flat ? e.Reshape(g, e.ints([-1, n])) : g;
    const dB = unbroadcast(e, e.MatMul(transposed(e, left), right), B);
    return [va ? squeeze(e, dA, 0) : dA, vb ? squeeze(e, dB, 1) : dB];
  },
  interval: bilinear,
  lines: bilinearLines,
  // Σₖ a[…,i,k]·b[…,k,j], products first: each is bounded by its McCormick planes
  compose: (e, { inputs: [a, b] }) => {
    const va = a!.type.shape.length === 1;
    const vb = b!.type.shape.length === 1;
    const A = unsqueeze(e, va ? unsqueeze(e, a!, 0) : a!, -1);
    const B = unsqueeze(e, vb ? unsqueeze(e, b!, 1) : b!, -3);
    let y = e.ReduceSum(e.Mul(A, B), e.ints([-2]), { keepdims: 0 });
    if (vb) y = squeeze(e, y, -1);
    if (va) y = squeeze(e, y, -2 + (vb ? 1 : 0));
    return [y];
  },
};

/** alpha·A'·B' + beta·C as matrix product, for gradient and bounds. */
function gemmAsMatMul(e: Emit, node: Node): Value[] {
  const [a, b, c] = node.inputs;
  const A = int(node, "transA", 0) ? transposed(e, a!) : a!;
  const B = int(node, "transB", 0) ? transposed(e, b!) : b!;
  const alpha = int(node, "alpha", 1);
  const beta = int(node, "beta", 1);
  let y = e.MatMul(A, B);
  if (alpha !== 1) y = e.Mul(y, e.scalar(alpha, y));
  if (c) y = e.Add(y, beta === 1 ? c : e.Mul(c, e.scalar(beta, c)));
  return [y];
}

export const Gemm: Op = {
  infer: (call) => {
    const { dtype, shape: a } = arg(call, 0).type;
    const b = arg(call, 1).type.shape;
    const [m, k] = int(call, "transA", 0) ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
    const [k2, n] = int(call, "transB", 0) ? [b[1]!, b[0]!] : [b[0]!, b[1]!];
    if (k !== k2)
      fail({
        code: "shape-matmul",
        expected: "inner sizes to agree",
        got: `Gemm of [${a}] and [${b}]`,
        mend: "check transA/transB and the input size",
      });
    return [{ dtype, shape: [m, n] }];
  },
  // y = α·A'B' + β·c
  vjp: (e, node, [dy]) => {
    const [a, b, c] = node.inputs;
    const transA = int(node, "transA", 0);
    const transB = int(node, "transB", 0);
    const alpha = int(node, "alpha", 1);
    const beta = int(node, "beta", 1);
    const scaled = (v: Value, s: number) => (s === 1 ? v : e.Mul(v, e.scalar(s, v)));
    const g = scaled(dy!, alpha);
    const dA = transA ? e.MatMul(transB ? transposed(e, b!) : b!, transposed(e, g)) : e.MatMul(g, transB ? b! : transposed(e, b!));
    const dB = transB ? e.MatMul(transposed(e, g), transA ? transposed(e, a!) : a!) : e.MatMul(transA ? a! : transposed(e, a!), g);
    return c ? [dA, dB, scaled(unbroadcast(e, dy!, c), beta)] : [dA, dB];
  },
  interval: "composed",
  lines: "composed",
  compose: gemmAsMatMul,
};
