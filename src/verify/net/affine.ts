/** Affine operators as maps with exact entries. */
import { broadcast, size } from "../../base/index.ts";
import type { Node, Value } from "../../graph/index.ts";
import { windowOf } from "../../ops/window.ts";
import { dense, Rows, selection } from "./linear.ts";
import { broadcastVertex, combined, counted, numbers, put, type Reader, type Rule, spread, spreadPlaces, vertexOfChosen } from "./maps.ts";
import { POOLS } from "./pools.ts";

/** The vertex of an affine node, added to the network; null where it is none that is known. */
export function affineMap(r: Reader, node: Node): number | null {
  const rule = rules[node.op];
  return rule ? rule(r, node) : null;
}

/** x ± c, c ± x, x ± y. */
const added =
  (sign: 1 | -1): Rule =>
  (r, node) => {
    const [a, b] = node.inputs as [Value, Value];
    const shape = node.outputs[0]!.type.shape;
    const side = (v: Value, s: number, bias: Float64Array | null): number => {
      const n = size(v.type.shape);
      const whole = n === size(shape);
      if (whole && s === 1 && !bias) return r.vertexOf(v)!;
      return put(r, r.vertexOf(v)!, selection(n, whole ? counted(n) : spreadPlaces(v, shape), s), bias);
    };
    const [va, vb] = [r.vertexOf(a), r.vertexOf(b)];
    if (va !== undefined && vb !== undefined) {
      const [one, other] = [broadcastVertex(r, a, shape), broadcastVertex(r, b, shape)];
      if (one.root === other.root) return combined(r, one, other, sign);
      return r.add({ kind: "sum", size: size(shape), from: [side(a, 1, null), side(b, sign, null)] });
    }
    const constant = r.constantOf(va === undefined ? a : b);
    if (!constant) return null;
    const c = spread(constant, shape);
    return va !== undefined ? side(a, 1, sign === 1 ? c : c.map((v) => -v)) : side(b, sign, c);
  };

/** x·c, c·x, x/c. A quotient is rounded. */
const scaled =
  (divide: boolean): Rule =>
  (r, node) => {
    const [a, b] = node.inputs as [Value, Value];
    const [va, vb] = [r.vertexOf(a), r.vertexOf(b)];
    if ((va === undefined) === (vb === undefined) || (divide && vb !== undefined)) return null;
    const [x, c] = va !== undefined ? [a, r.constantOf(b)] : [b, r.constantOf(a)];
    if (!c) return null;
    const shape = node.outputs[0]!.type.shape;
    const factor = spread(c, shape).map((v) => (divide ? 1 / v : v));
    return put(r, r.vertexOf(x)!, selection(size(x.type.shape), spreadPlaces(x, shape), factor), null, divide ? 2 ** -52 : 0);
  };

/** x·W or W·x with leading axes, either of which may be broadcast. */
const product: Rule = (r, node) => {
  const [a, b] = node.inputs as [Value, Value];
  const [va, vb] = [r.vertexOf(a), r.vertexOf(b)];
  const w = r.constantOf(va !== undefined ? b : a);
  if (!w) return null;
  const data = numbers(w);
  if (va !== undefined && w.shape.length === 2 && size(a.type.shape) === w.shape[0]) {
    const [p, q] = w.shape as [number, number];
    r.room(p * q);
    return put(r, va, dense(q, p, turned(data, p, q)), null);
  }
  const [A, B] = [
    a.type.shape.length === 1 ? [1, ...a.type.shape] : a.type.shape,
    b.type.shape.length === 1 ? [...b.type.shape, 1] : b.type.shape,
  ];
  const [m, k, n] = [A.at(-2)!, A.at(-1)!, B.at(-1)!];
  const batch = broadcast(A.slice(0, -2), B.slice(0, -2));
  const firsts = (shape: readonly number[]) => {
    const lead = shape.slice(0, -2);
    return spread(
      { dtype: "float64", shape: lead, data: Float64Array.from({ length: size(lead) }, (_, i) => i * size(shape.slice(-2))) },
      batch,
    );
  };
  const [fromA, fromB] = [firsts(A), firsts(B)];
  const count = size(batch) * m * n;
  r.room(count * k);
  const rows = new Rows(count, size((va !== undefined ? a : b).type.shape), count * k);
  for (let g = 0; g < size(batch); g++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        for (let t = 0; t < k; t++) {
          const [p, q] = [fromA[g]! + i * k + t, fromB[g]! + t * n + j];
          if (va !== undefined) rows.put(p, data[q]!);
          else rows.put(q, data[p]!);
        }
        rows.end();
      }
  return put(r, (va ?? vb)!, rows.map(), null);
};

/** [p, q] → [q, p]. */
function turned(data: Float64Array, p: number, q: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < p; i++) for (let j = 0; j < q; j++) out[j * p + i] = data[i * q + j]!;
  return out;
}

const gemm: Rule = (r, node) => {
  const [a, b, c] = node.inputs;
  const from = r.vertexOf(a);
  const w = r.constantOf(b);
  const { alpha = 1, beta = 1, transA = 0, transB = 0 } = node.attrs as Record<string, number>;
  if (from === undefined || !w || transA !== 0 || alpha !== 1 || a!.type.shape[0] !== 1) return null;
  const [p, q] = w.shape as [number, number];
  r.room(p * q);
  const map = transB ? dense(p, q, numbers(w)) : dense(q, p, turned(numbers(w), p, q));
  const given = r.constantOf(c);
  if (c && (!given || beta !== 1)) return null;
  return put(r, from, map, given ? spread(given, node.outputs[0]!.type.shape) : null);
};

/** Any spatial rank up to 2, with groups. */
const conv: Rule = (r, node) => {
  const [x, w, b] = node.inputs as [Value, Value, Value | undefined];
  const from = r.vertexOf(x);
  const [weights, bias] = [r.constantOf(w), r.constantOf(b)];
  if (from === undefined || !weights || (b && !bias) || weights.shape.length > 4 || x.type.shape[0] !== 1) return null;
  const win = windowOf(node, w.type.shape.slice(2));
  const flat = win.kernel.length === 1;
  const pick = (list: readonly number[], otherwise: number): [number, number] => (flat ? [otherwise, list[0]!] : [list[0]!, list[1]!]);
  const [[kh, kw], [sh, sw], [dh, dw], [ph, pw]] = [pick(win.kernel, 1), pick(win.strides, 1), pick(win.dilations, 1), pick(win.before, 0)];
  const [[ih, iw], [oh, ow]] = [pick(win.input, 1), pick(win.output, 1)];
  const [m, c] = weights.shape as [number, number];
  const groups = (node.attrs.group as number | undefined) ?? 1;
  const data = numbers(weights);
  const count = m * oh * ow;
  r.room(count * c * kh * kw);
  const rows = new Rows(count, x.type.shape[1]! * ih * iw, count * c * kh * kw);
  for (let o = 0; o < m; o++)
    for (let y = 0; y < oh; y++)
      for (let z = 0; z < ow; z++) {
        const first = Math.floor(o / (m / groups)) * c;
        for (let i = 0; i < c; i++)
          for (let ky = 0; ky < kh; ky++) {
            const py = y * sh + ky * dh - ph;
            if (py < 0 || py >= ih) continue;
            const [line, own] = [((first + i) * ih + py) * iw, ((o * c + i) * kh + ky) * kw];
            for (let kx = 0; kx < kw; kx++) {
              const px = z * sw + kx * dw - pw;
              if (px >= 0 && px < iw) rows.put(line + px, data[own + kx]!);
            }
          }
        rows.end();
      }
  const shift = bias && Float64Array.from({ length: count }, (_, i) => Number(bias.data[Math.floor(i / (oh * ow))]));
  return put(r, from, rows.map(), shift);
};

/** (x − μ)·γ/√(σ² + ε) + β: its quotients are rounded, some five times. */
const batchNorm: Rule = (r, node) => {
  const [x, ...rest] = node.inputs;
  const from = r.vertexOf(x);
  const given = rest.map((v) => r.constantOf(v));
  if (from === undefined || given.some((t) => !t)) return null;
  const [gamma, beta, mean, variance] = given.map((t) => numbers(t!)) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const epsilon = Math.fround((node.attrs.epsilon as number | undefined) ?? 1e-5);
  const shape = x!.type.shape;
  const inner = size(shape.slice(2));
  const n = size(shape);
  const channel = (i: number) => Math.floor(i / inner) % shape[1]!;
  const scale = Float64Array.from({ length: n }, (_, i) => gamma[channel(i)]! / Math.sqrt(variance[channel(i)]! + epsilon));
  // shift by −μ first and by β last, so that no difference is rounded
  const places = counted(n);
  const centred = put(
    r,
    from,
    selection(n, places),
    Float64Array.from({ length: n }, (_, i) => -mean[channel(i)]!),
  );
  const stretched = put(r, centred, selection(n, places, scale), null, 2 ** -50);
  return put(
    r,
    stretched,
    selection(n, places),
    Float64Array.from({ length: n }, (_, i) => beta[channel(i)]!),
  );
};

const rules: Readonly<Record<string, Rule>> = {
  ...POOLS,
  Add: added(1),
  Sub: added(-1),
  Mul: scaled(false),
  Div: scaled(true),
  MatMul: product,
  Gemm: gemm,
  Conv: conv,
  BatchNormalization: batchNorm,
  Expand: (r, node) => vertexOfChosen(r, broadcastVertex(r, node.inputs[0]!, node.outputs[0]!.type.shape)),
  Neg: (r, node) => {
    const from = r.vertexOf(node.inputs[0]);
    const n = size(node.outputs[0]!.type.shape);
    return from === undefined ? null : put(r, from, selection(n, counted(n), -1), null);
  },
};

/** Operators that {@link affineMap} has rules for. */
export const AFFINE: readonly string[] = Object.keys(rules);
