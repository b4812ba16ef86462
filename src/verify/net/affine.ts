/** Affine operators as maps with exact entries. */
import { size, type Tensor } from "../../base/index.ts";
import type { Node, Value } from "../../graph/index.ts";
import { windowOf } from "../../ops/window.ts";
import { dense, type Linear, selection, sparse } from "./linear.ts";
import type { Vertex } from "./network.ts";

export interface Reader {
  vertexOf(v: Value | null | undefined): number | undefined;
  constantOf(v: Value | null | undefined): Tensor | null;
  add(vertex: Vertex): number;
}

const numbers = (t: Tensor): Float64Array => Float64Array.from(t.data as ArrayLike<number>, Number);

/** `t` broadcast to `shape`, flat. */
function spread(t: Tensor, shape: readonly number[]): Float64Array {
  const values = numbers(t);
  const lead = shape.length - t.shape.length;
  const strides = shape.map((_, axis) => {
    const own = axis - lead;
    return own < 0 || t.shape[own] === 1 ? 0 : size(t.shape.slice(own + 1));
  });
  const out = new Float64Array(size(shape));
  for (let i = 0; i < out.length; i++) {
    let [rest, at] = [i, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    out[i] = values[at]!;
  }
  return out;
}

/** Where each element of `v`, broadcast to `shape`, comes from. */
const spreadPlaces = (v: Value, shape: readonly number[]): Float64Array =>
  spread({ dtype: "float64", shape: v.type.shape, data: Float64Array.from({ length: size(v.type.shape) }, (_, i) => i) }, shape);

/** The vertex of an affine node, added to the network; null where it is none that is known. */
export function affineMap(r: Reader, node: Node): number | null {
  const rule = rules[node.op];
  return rule ? rule(r, node) : null;
}

const put = (r: Reader, from: number, map: Linear, bias: Float64Array | null, inexact = 0): number =>
  r.add({ kind: "affine", size: map.rows, from, map, bias, inexact });

type Rule = (r: Reader, node: Node) => number | null;

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
      return put(r, r.vertexOf(v)!, selection(n, whole ? Int32Array.from({ length: n }, (_, i) => i) : spreadPlaces(v, shape), s), bias);
    };
    const [va, vb] = [r.vertexOf(a), r.vertexOf(b)];
    if (va !== undefined && vb !== undefined)
      return r.add({ kind: "sum", size: size(shape), from: [side(a, 1, null), side(b, sign, null)] });
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

/** x·W of one row, or W·x. */
const product: Rule = (r, node) => {
  const [a, b] = node.inputs as [Value, Value];
  const [va, vb] = [r.vertexOf(a), r.vertexOf(b)];
  const w = r.constantOf(va !== undefined ? b : a);
  if (w?.shape.length !== 2) return null;
  const [p, q] = w.shape as [number, number];
  const data = numbers(w);
  if (va !== undefined) return size(a.type.shape) === p ? put(r, va, dense(q, p, turned(data, p, q)), null) : null;
  return size(b.type.shape) === q ? put(r, vb!, dense(p, q, data), null) : null;
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
  if (from === undefined || !weights || (b && !bias) || weights.shape.length > 4) return null;
  const win = windowOf(node, w.type.shape.slice(2));
  const flat = win.kernel.length === 1;
  const pick = (list: readonly number[], otherwise: number): [number, number] => (flat ? [otherwise, list[0]!] : [list[0]!, list[1]!]);
  const [[kh, kw], [sh, sw], [dh, dw], [ph, pw]] = [pick(win.kernel, 1), pick(win.strides, 1), pick(win.dilations, 1), pick(win.before, 0)];
  const [[ih, iw], [oh, ow]] = [pick(win.input, 1), pick(win.output, 1)];
  const [m, c] = weights.shape as [number, number];
  const groups = (node.attrs.group as number | undefined) ?? 1;
  const data = numbers(weights);
  const entries: (readonly [number, number])[][] = [];
  for (let o = 0; o < m; o++)
    for (let y = 0; y < oh; y++)
      for (let z = 0; z < ow; z++) {
        const row: (readonly [number, number])[] = [];
        const first = Math.floor(o / (m / groups)) * c;
        for (let i = 0; i < c; i++)
          for (let ky = 0; ky < kh; ky++)
            for (let kx = 0; kx < kw; kx++) {
              const [py, px] = [y * sh + ky * dh - ph, z * sw + kx * dw - pw];
              if (py < 0 || py >= ih || px < 0 || px >= iw) continue;
              row.push([((first + i) * ih + py) * iw + px, data[((o * c + i) * kh + ky) * kw + kx]!]);
            }
        entries.push(row);
      }
  const shift = bias && Float64Array.from({ length: m * oh * ow }, (_, i) => Number(bias.data[Math.floor(i / (oh * ow))]));
  return put(r, from, sparse(x.type.shape[1]! * ih * iw, entries), shift);
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
  const places = Int32Array.from({ length: n }, (_, i) => i);
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
  Add: added(1),
  Sub: added(-1),
  Mul: scaled(false),
  Div: scaled(true),
  MatMul: product,
  Gemm: gemm,
  Conv: conv,
  BatchNormalization: batchNorm,
  Neg: (r, node) => {
    const from = r.vertexOf(node.inputs[0]);
    const n = size(node.outputs[0]!.type.shape);
    return from === undefined
      ? null
      : put(
          r,
          from,
          selection(
            n,
            Int32Array.from({ length: n }, (_, i) => i),
            -1,
          ),
          null,
        );
  },
};
