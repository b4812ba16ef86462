/** Numbers moved, cut, joined, repeated; none computed. */
import { arrays, axisOf, type Shape, size, strides, type Tensor } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import { increasing, moving, padAxes, zerosLike } from "./algebra.ts";
import { affine, arg, type Call, constantInts, int, ints, type Op } from "./op.ts";

/** Copy elements: out[i] = in[from(coordinates of i)], or `outside` where that is negative. */
export function moveElements(x: Tensor, shape: Shape, from: (at: number[]) => number, outside: number | bigint = 0): Tensor {
  const n = size(shape);
  const data = new arrays[x.dtype](n);
  const at = shape.map(() => 0);
  for (let i = 0; i < n; i++) {
    const k = from(at);
    data[i] = (k < 0 ? outside : x.data[k]) as never;
    for (let a = shape.length - 1; a >= 0; a--) {
      if (++at[a]! < shape[a]!) break;
      at[a] = 0;
    }
  }
  return { dtype: x.dtype, shape, data };
}

const permutationOf = (call: Call): readonly number[] =>
  ints(call, "perm") ??
  arg(call, 0)
    .type.shape.map((_, i) => i)
    .reverse();

export const Transpose: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    return [{ dtype, shape: permutationOf(call).map((p) => shape[p]!) }];
  },
  vjp: (e, node, [dy]) => {
    const perm = permutationOf(node);
    return [e.Transpose(dy!, { perm: perm.map((_, i) => perm.indexOf(i)) })];
  },
  interval: increasing,
  lines: affine,
  fold: ([x], call) => {
    const perm = permutationOf(call);
    const s = strides(x!.shape);
    return [
      moveElements(
        x!,
        perm.map((p) => x!.shape[p]!),
        (at) => at.reduce((k, c, i) => k + c * s[perm[i]!]!, 0),
      ),
    ];
  },
};

/** Cut `y` along `axis` into parts of these sizes. */
const cut = (e: Emit, y: Value, sizes: readonly number[], axis: number): Value[] => {
  let at = 0;
  return sizes.map((n) => {
    at += n;
    return e.Slice(y, e.ints([at - n]), e.ints([at]), e.ints([axis]), e.ints([1]));
  });
};

export const Concat: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    const axis = axisOf(int(call, "axis", 0), shape.length);
    const total = call.inputs.reduce((n, v) => n + v!.type.shape[axis]!, 0);
    return [{ dtype, shape: shape.map((d, i) => (i === axis ? total : d)) }];
  },
  vjp: (e, node, [dy]) => {
    const axis = axisOf(int(node, "axis", 0), dy!.type.shape.length);
    return cut(
      e,
      dy!,
      node.inputs.map((v) => v!.type.shape[axis]!),
      axis,
    );
  },
  interval: increasing,
  lines: affine,
  fold: (xs, call) => {
    const [type] = Concat.infer(call);
    const axis = axisOf(int(call, "axis", 0), type!.shape.length);
    const data = new arrays[type!.dtype](size(type!.shape)) as Float32Array;
    const inner = size(type!.shape.slice(axis + 1));
    let at = 0;
    for (let o = 0; o < size(type!.shape.slice(0, axis)); o++)
      for (const x of xs) {
        const n = x!.shape[axis]! * inner;
        data.set(x!.data.subarray(o * n, (o + 1) * n) as Float32Array, at);
        at += n;
      }
    return [{ dtype: type!.dtype, shape: type!.shape, data }];
  },
};

function splitSizes(call: Call): number[] {
  const { shape } = arg(call, 0).type;
  const d = shape[axisOf(int(call, "axis", 0), shape.length)]!;
  const given = constantInts(call, 1);
  if (given) return given;
  const parts = int(call, "num_outputs", 2);
  const each = Math.ceil(d / parts);
  return Array.from({ length: parts }, (_, i) => Math.min(each, d - i * each));
}

export const Split: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    const axis = axisOf(int(call, "axis", 0), shape.length);
    return splitSizes(call).map((n) => ({ dtype, shape: shape.map((d, i) => (i === axis ? n : d)) }));
  },
  vjp: (e, node, dy) => {
    const axis = axisOf(int(node, "axis", 0), arg(node, 0).type.shape.length);
    const parts = node.outputs.map((y, i) => dy[i] ?? zerosLike(e, y));
    return [e.Concat(...parts, { axis }), null];
  },
  interval: moving(0),
  lines: affine,
};

/** Starts, counts and steps of a slice, on every axis. */
export function sliceOf(call: Call): { start: number; count: number; step: number }[] {
  const { shape } = arg(call, 0).type;
  const [starts, ends] = [constantInts(call, 1)!, constantInts(call, 2)!];
  const axes = constantInts(call, 3)?.map((a) => axisOf(a, shape.length)) ?? starts.map((_, i) => i);
  const steps = constantInts(call, 4) ?? starts.map(() => 1);
  const all = shape.map((d) => ({ start: 0, count: d, step: 1 }));
  axes.forEach((axis, i) => {
    const d = shape[axis]!;
    const step = steps[i]!;
    const clamp = (v: number, low: number, high: number) => Math.min(Math.max(v < 0 ? v + d : v, low), high);
    const start = step > 0 ? clamp(starts[i]!, 0, d) : clamp(starts[i]!, 0, d - 1);
    const end = step > 0 ? clamp(ends[i]!, 0, d) : clamp(ends[i]!, -1, d - 1);
    all[axis] = { start, count: Math.max(0, Math.ceil((end - start) / step)), step };
  });
  return all;
}

export const Slice: Op = {
  infer: (call) => [{ dtype: arg(call, 0).type.dtype, shape: sliceOf(call).map((s) => s.count) }],
  vjp: (e, node, [dy]) => {
    const { shape } = arg(node, 0).type;
    const cuts = sliceOf(node);
    // axes cut with another step than 1: the gaps are filled by scattering along that axis
    let g = dy!;
    cuts.forEach(({ start, count, step }, axis) => {
      if (step === 1 || count === 0) return;
      const spread = Math.abs(step);
      if (step < 0) g = reversed(e, g, axis);
      const low = step > 0 ? start : start + (count - 1) * step;
      g = spaced(e, g, axis, spread);
      cuts[axis] = { start: low, count: (count - 1) * spread + 1, step: 1 };
    });
    const pads = [...cuts.map((c) => c.start), ...cuts.map((c, i) => shape[i]! - c.start - c.count)];
    const padded = pads.some((p) => p !== 0) ? e.Pad(g, e.ints(pads), null, null) : g;
    return [padded, null, null, null, null];
  },
  interval: moving(0),
  lines: affine,
  fold: ([x], call) => {
    const cuts = sliceOf(call);
    const s = strides(x!.shape);
    return [
      moveElements(
        x!,
        cuts.map((c) => c.count),
        (at) => at.reduce((k, c, i) => k + (cuts[i]!.start + c * cuts[i]!.step) * s[i]!, 0),
      ),
    ];
  },
};

export const reversed = (e: Emit, x: Value, axis: number): Value =>
  e.Slice(x, e.ints([-1]), e.ints([-(2 ** 31)]), e.ints([axis]), e.ints([-1]));

/** Insert k − 1 zeros between neighbours along `axis`: d → (d − 1)·k + 1. */
export function spaced(e: Emit, x: Value, axis: number, k: number): Value {
  if (k === 1) return x;
  const d = x.type.shape[axis]!;
  // [.., d, ..] → [.., d, 1, ..] → pad → [.., d, k, ..] → [.., d·k, ..] → drop the last k − 1
  const column = e.node("Unsqueeze", [x, e.ints([axis + 1])])[0]!;
  const wide = padAxes(e, column, [axis + 1], [0], [k - 1]);
  const flat = e.Reshape(wide, e.ints([...x.type.shape.slice(0, axis).map(() => 0), d * k, ...x.type.shape.slice(axis + 1)]));
  return e.Slice(flat, e.ints([0]), e.ints([(d - 1) * k + 1]), e.ints([axis]), e.ints([1]));
}

export const Tile: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    const repeats = constantInts(call, 1)!;
    return [{ dtype, shape: shape.map((d, i) => d * repeats[i]!) }];
  },
  // [.., r·d, ..] → [.., r, d, ..], summed over r, one axis at a time
  vjp: (e, node, [dy]) => {
    const { shape } = arg(node, 0).type;
    let g = dy!;
    constantInts(node, 1)!.forEach((r, axis) => {
      if (r === 1) return;
      const split = e.Reshape(
        g,
        e.ints([
          ...(axis === 0 ? [] : [0]),
          ...g.type.shape.slice(1, axis),
          r,
          axis === 0 ? -1 : shape[axis]!,
          ...g.type.shape.slice(axis + 1),
        ]),
      );
      g = e.ReduceSum(split, e.ints([axis]), { keepdims: 0 });
    });
    return [g, null];
  },
  interval: moving(0),
  lines: affine,
};
