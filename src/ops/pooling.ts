/** Pooling over windows. */
import { fail, size, tensor } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { increasing, mask } from "./algebra.ts";
import { affine, arg, type Call, composed, int, type Op } from "./op.ts";
import { guarded } from "./poison.ts";
import { ReduceMax, ReduceMean } from "./reduction.ts";
import { overhang, padded, placed, positions, seen, type Window, windowOf } from "./window.ts";

const infer: Op["infer"] = (call) => {
  const { dtype, shape } = arg(call, 0).type;
  return [{ dtype, shape: [shape[0]!, shape[1]!, ...windowOf(call).output] }];
};

/** Windows tile the input exactly: each element is in one window. */
const tiles = (w: Window): boolean =>
  w.kernel.every((k, i) => w.strides[i] === k && w.dilations[i] === 1 && w.before[i] === 0 && w.input[i] === k * w.output[i]!);

/** Each cell repeated over its window: [N, C, …output] → [N, C, …input], where windows tile. */
const repeated = (e: Emit, y: Value, w: Window): Value =>
  e.Resize(y, null, e.constant(tensor([1, 1, ...w.kernel], [w.kernel.length + 2])), {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });

/**
 * Rounding up as padding. onnxruntime's shape inference counts a window that begins in the trailing padding, its kernels
 * drop it, and whatever meets the pool's output then fails to load.
 */
const respell: Op["respell"] = (e, node) => {
  if (int(node, "ceil_mode", 0) === 0) return null;
  const w = windowOf(node);
  const after = overhang(w);
  // an average would count the padding that was added
  const counted = int(node, "count_include_pad", 0) === 1 && after.some((p, i) => p > w.after[i]!);
  if (counted || after.some((p, i) => p >= w.kernel[i]!)) return null;
  const { ceil_mode: _, auto_pad: __, ...attrs } = node.attrs;
  return e.node(node.op, node.inputs, { ...attrs, pads: [...w.before, ...after] }, node.name);
};

const allButBatch = (e: Emit, v: Value): Value => e.ints(v.type.shape.map((_, i) => i).slice(1));

/** Smallest finite float32: padding that never wins. */
const LOWEST = -3.4e38;

export const MaxPool: Op = {
  infer,
  // the largest of each window takes the gradient; where several share the maximum, they share it evenly
  vjp: (e, node, [dy]) => {
    const x = arg(node, 0);
    const y = node.outputs[0]!;
    const w = windowOf(node);
    if (tiles(w)) {
      const hit = mask(e, e.Equal(x, repeated(e, y, w)), x);
      const ties = e.node("AveragePool", [hit], { kernel_shape: w.kernel, strides: w.strides })[0]!;
      const share = e.Div(e.Mul(dy!, e.scalar(1 / size(w.kernel), dy!)), ties);
      return [e.Mul(hit, repeated(e, share, w))];
    }
    const wide = padded(e, x, w, e.scalar(LOWEST, x));
    const hits = positions(w).map((at) => mask(e, e.Equal(seen(e, wide, w, at), y), x));
    const share = e.Div(
      dy!,
      hits.reduce((a, b) => e.Add(a, b)),
    );
    return [
      placed(
        e,
        hits.map((h) => e.Mul(h, share)),
        w,
      ),
    ];
  },
  interval: guarded(increasing, (e, _, width) => e.ReduceSum(width, allButBatch(e, width), { keepdims: 1 })),
  lines: composed,
  respell,
  compose: (e, node) => {
    const w = windowOf(node);
    // a window that sees padding sees the edge beside it too, unless its steps jump over it
    const after = overhang(w);
    if (w.dilations.some((d, i) => d > 1 && (w.before[i]! > 0 || after[i]! > 0)))
      fail({
        code: "operator-no-lines",
        expected: "MaxPool without both padding and dilation",
        got: node.name ?? "a node with both",
        mend: "use interval bounds",
      });
    const wide = padded(e, arg(node, 0), w, "edge");
    return [
      positions(w)
        .map((at) => seen(e, wide, w, at))
        .reduce((a, b) => e.Max(a, b)),
    ];
  },
};

/** How many inputs each window averages over: constant, [1, 1, …output]. */
function counts(e: Emit, call: Call, w: Window, like: Value): Value {
  const include = int(call, "count_include_pad", 0) === 1;
  const perAxis = w.output.map((n, i) =>
    Array.from({ length: n }, (_, o) => {
      const start = o * w.strides[i]! - w.before[i]!;
      const [low, high] = include ? [-w.before[i]!, w.input[i]! + w.after[i]!] : [0, w.input[i]!];
      return Array.from({ length: w.kernel[i]! }, (_k, k) => start + k * w.dilations[i]!).filter((p) => p >= low && p < high).length;
    }),
  );
  const all = perAxis.reduce<number[]>((products, axis) => products.flatMap((p) => axis.map((n) => p * n)), [1]);
  if (all.every((n) => n === all[0])) return e.scalar(all[0]!, like);
  return e.constant(tensor(all, [1, 1, ...w.output], like.type.dtype as "float32"));
}

export const AveragePool: Op = {
  infer,
  vjp: (e, node, [dy]) => {
    const w = windowOf(node);
    const g = e.Div(dy!, counts(e, node, w, dy!));
    if (tiles(w)) return [repeated(e, g, w)];
    return [
      placed(
        e,
        positions(w).map(() => g),
        w,
      ),
    ];
  },
  interval: increasing,
  lines: affine,
  respell,
  noFloat64: true,
  compose: (e, node) => {
    const w = windowOf(node);
    const wide = padded(e, arg(node, 0), w);
    const total = positions(w)
      .map((at) => seen(e, wide, w, at))
      .reduce((a, b) => e.Add(a, b));
    return [e.Div(total, counts(e, node, w, total))];
  },
};

/** (Σ |x|ᵖ)^(1/p) over each window: by way of an average of powers. */
export const LpPool: Op = {
  infer,
  vjp: composed,
  interval: composed,
  lines: composed,
  noFloat64: true,
  compose: (e, node) => {
    const p = int(node, "p", 2);
    const { p: _, ...attrs } = node.attrs;
    const size0 = e.Abs(arg(node, 0));
    const powers = p === 1 ? size0 : e.Pow(size0, e.scalar(p, size0));
    const [mean] = e.node("AveragePool", [powers], { ...attrs, count_include_pad: 1 });
    const w = windowOf(node);
    const sum = e.Mul(mean!, counts(e, { ...node, attrs: { ...attrs, count_include_pad: 1 } }, w, mean!));
    return [p === 1 ? sum : p === 2 ? e.Sqrt(sum) : e.Pow(sum, e.scalar(1 / p, sum))];
  },
};

/** A reduction over every spatial axis, axes kept. */
const global = (reduce: "ReduceMean" | "ReduceMax", rule: Op): Op => {
  const reduced = (e: Emit, node: Node): Value =>
    e[reduce](
      arg(node, 0),
      e.ints(
        arg(node, 0)
          .type.shape.slice(2)
          .map((_, i) => i + 2),
      ),
      { keepdims: 1 },
    );
  return {
    infer: (call) => {
      const { dtype, shape } = arg(call, 0).type;
      return [{ dtype, shape: shape.map((d, i) => (i < 2 ? d : 1)) }];
    },
    vjp: (e, node, dy) => {
      const inner = reduced(e, node).node!;
      const [g] = (rule.vjp as Extract<Op["vjp"], (...args: never[]) => unknown>)(e, inner, dy);
      return [g!];
    },
    interval: composed,
    lines: composed,
    noFloat64: true,
    compose: (e, node) => [reduced(e, node)],
  };
};

export const GlobalAveragePool: Op = global("ReduceMean", ReduceMean);
export const GlobalMaxPool: Op = global("ReduceMax", ReduceMax);
