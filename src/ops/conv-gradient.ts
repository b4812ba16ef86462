/** The two gradients of a convolution, in the forms that run fastest on onnxruntime's CPU (docs/notes/speed.md). */
import { size } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import { interleaved } from "./algebra.ts";
import { overhang, padded, positions, reachOf, seen, type Window, windowAttrs } from "./window.ts";

/** im2col: [N, G, K·C/G, P], K kernel positions (outer) by channels, P output positions. */
export function patches(e: Emit, x: Value, w: Window, groups: number): Value {
  const c = x.type.shape[1]! / groups;
  const p = size(w.output);
  const wide = padded(e, x, w);
  const parts = positions(w).map((k) => e.Reshape(seen(e, wide, w, k), e.ints([0, groups, c, p])));
  return parts.length === 1 ? parts[0]! : e.Concat(...parts, { axis: 2 });
}

/** Weights [M, C/G, …kernel] as matrices [G, M/G, K·C/G] in the order of `patches`. */
export function weightMatrices(e: Emit, w: Value, groups: number): Value {
  const [m, c, ...kernel] = w.type.shape as [number, number, ...number[]];
  const k = size(kernel);
  const flat = e.Reshape(w, e.ints([groups, m / groups, c, k]));
  return e.Reshape(e.Transpose(flat, { perm: [0, 1, 3, 2] }), e.ints([groups, m / groups, k * c]));
}

/** The kernel turned round, inputs and outputs exchanged: [M, C/G, …] → [C, M/G, …]. */
export function flipped(e: Emit, w: Value, groups: number): Value {
  const [m, c, ...kernel] = w.type.shape as [number, number, ...number[]];
  const axes = kernel.map((_, i) => i + 2);
  const turned = e.Slice(w, e.ints(kernel.map(() => -1)), e.ints(kernel.map(() => -(2 ** 31))), e.ints(axes), e.ints(kernel.map(() => -1)));
  if (groups === 1) return e.Transpose(turned, { perm: [1, 0, ...axes] });
  const split = e.Reshape(turned, e.ints([groups, m / groups, c, ...kernel]));
  return e.Reshape(e.Transpose(split, { perm: [0, 2, 1, ...axes.map((a) => a + 1)] }), e.ints([groups * c, m / groups, ...kernel]));
}

/** dX of a convolution. */
export function inputGradient(e: Emit, w: Value, dy: Value, win: Window, groups: number): Value {
  const reach = reachOf(win);
  const [m, c] = [w.type.shape[0]! / groups, w.type.shape[1]!];
  // of constant weights, onnxruntime convolves directly, in blocks of at least 8 channels; of others by way of patches
  const direct = w.data !== null && c % 8 === 0;
  // stride 1: the convolution of dy with the kernel turned round, worth its patches of m channels where c is not much smaller
  if ((direct || 2 * c > m) && win.strides.every((s) => s === 1) && reach.every((r, i) => r > win.before[i]! && r > win.after[i]!)) {
    const pads = [...reach.map((r, i) => r - 1 - win.before[i]!), ...reach.map((r, i) => r - 1 - win.after[i]!)];
    return e.Conv(dy, flipped(e, w, groups), null, {
      kernel_shape: win.kernel,
      strides: win.strides,
      dilations: win.dilations,
      pads,
      group: groups,
    });
  }
  const phases = direct ? gradientByPhases(e, w, dy, win, groups) : null;
  if (phases) return phases;
  const extra = win.input.map((d, i) => d - ((win.output[i]! - 1) * win.strides[i]! + reach[i]! - win.before[i]! - win.after[i]!));
  return e.ConvTranspose(dy, w, null, windowAttrs(win, groups, { output_padding: extra }));
}

/**
 * dX of a convolution with strides: inputs one stride apart see the same kernel positions, so each phase is a convolution of stride 1, and the
 * phases are put between one another. Null where a phase would have to leave out what it sees.
 */
function gradientByPhases(e: Emit, w: Value, dy: Value, win: Window, groups: number): Value | null {
  if (win.dilations.some((d) => d !== 1)) return null;
  const axes = win.kernel.map((_, i) => i + 2);
  const cells = win.input.map((d, i) => Math.ceil(d / win.strides[i]!));
  // x[s·c + p] is seen by dy[c + first − t] through w[s·t + r]
  const taps = win.kernel.map((k, i) =>
    Array.from({ length: win.strides[i]! }, (_, p) => {
      const s = win.strides[i]!;
      const [first, r] = [Math.floor((p + win.before[i]!) / s), (p + win.before[i]!) % s];
      const count = Math.max(Math.ceil((k - r) / s), 0);
      const before = count - 1 - first;
      return { count, before, after: cells[i]! - win.output[i]! + first, start: k - 1 - r - s * (count - 1) };
    }),
  );
  if (taps.flat().some((t) => t.count > 0 && (t.before < 0 || t.after < 0))) return null;
  const turned = flipped(e, w, groups);
  const between = (phase: readonly number[]): Value | null => {
    const i = phase.length;
    if (i < axes.length)
      return interleaved(
        e,
        taps[i]!.map((_, p) => between([...phase, p])),
        axes[i]!,
      );
    const chosen = phase.map((p, a) => taps[a]![p]!);
    if (chosen.some((t) => t.count === 0)) return null;
    const starts = chosen.map((t) => t.start);
    const ends = chosen.map((t, a) => t.start + win.strides[a]! * (t.count - 1) + 1);
    return e.Conv(dy, e.Slice(turned, e.ints(starts), e.ints(ends), e.ints(axes), e.ints(win.strides)), null, {
      kernel_shape: chosen.map((t) => t.count),
      pads: [...chosen.map((t) => t.before), ...chosen.map((t) => t.after)],
      group: groups,
    });
  };
  const whole = between([]);
  if (!whole || whole.type.shape.slice(2).every((d, i) => d === win.input[i])) return whole;
  return e.Slice(whole, e.ints(axes.map(() => 0)), e.ints(win.input), e.ints(axes), e.ints(axes.map(() => 1)));
}

/**
 * dW of a convolution: dW[m, c, k] = Σ dy[n, m, p]·x[n, c, s·p + d·k] is itself a convolution, of x with dy for its kernel and
 * the batch for its channels; strides and dilations change places.
 */
export function weightGradient(e: Emit, x: Value, dy: Value, w: Window, groups: number): Value {
  if (groups > 1) return groupedWeightGradient(e, x, dy, w, groups);
  const kernel = swapFirst(e, dy);
  const window = { kernel_shape: w.output, strides: w.dilations, dilations: w.strides };
  const z = used(e, x, w);
  const [before, after] = [w.before, overhang(w)];
  // channels as a batch leave few output positions to each product
  if (w.dilations.at(-1) !== 1) return swapFirst(e, e.Conv(swapFirst(e, z), kernel, null, { ...window, pads: [...before, ...after] }));
  // channels interleaved with the last axis: one image, [1, N, …, W·C], whose last axis has C times the reach
  const [c, m, rank] = [x.type.shape[1]!, dy.type.shape[1]!, w.kernel.length];
  const space = w.kernel.map((_, i) => i + 2);
  const wide = (list: readonly number[]): number[] => list.map((v, i) => (i === rank - 1 ? v * c : v));
  const image = e.Reshape(e.Transpose(z, { perm: [0, ...space, 1] }), e.ints([1, -1, ...wide(z.type.shape.slice(2))]));
  const y = e.Conv(image, kernel, null, { ...window, dilations: wide(w.strides), pads: [...wide(before), ...wide(after)] });
  return e.Transpose(e.Reshape(y, e.ints([m, ...w.kernel, c])), { perm: [0, rank + 1, ...space.map((a) => a - 1)] });
}

/** [A, B, …] → [B, A, …]. */
const swapFirst = (e: Emit, x: Value): Value => e.Transpose(x, { perm: [1, 0, ...x.type.shape.slice(2).map((_, i) => i + 2)] });

/** The part of the input that some window sees: a stride may pass over its end. */
function used(e: Emit, x: Value, w: Window): Value {
  const reach = reachOf(w);
  const ends = w.input.map((d, i) => Math.min(d, (w.output[i]! - 1) * w.strides[i]! + reach[i]! - w.before[i]!));
  if (ends.every((d, i) => d === w.input[i])) return x;
  return e.Slice(x, e.ints(ends.map(() => 0)), e.ints(ends), e.ints(ends.map((_, i) => i + 2)), e.ints(ends.map(() => 1)));
}

/** With groups: Σₙ dy·patchesᵀ, one matrix product a sample and group, summed over the batch. */
function groupedWeightGradient(e: Emit, x: Value, dy: Value, w: Window, groups: number): Value {
  const [c, m, k] = [x.type.shape[1]! / groups, dy.type.shape[1]! / groups, size(w.kernel)];
  const g = e.Reshape(dy, e.ints([0, groups, m, size(w.output)]));
  const each = e.MatMul(g, e.Transpose(patches(e, x, w, groups), { perm: [0, 1, 3, 2] }));
  const total = e.Reshape(e.ReduceSum(each, e.ints([0]), { keepdims: 0 }), e.ints([groups, m, k, c]));
  return e.Reshape(e.Transpose(total, { perm: [0, 1, 3, 2] }), e.ints([groups * m, c, ...w.kernel]));
}
