/**
 * The two gradients of a convolution, in the forms that run fastest on onnxruntime's CPU (docs/notes/speed.md).
 * The weight gradient of a strided 2-D convolution becomes that of a stride-1 one on the phases of the input (space to
 * depth).
 */
import { size } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import { padded, positions, seen, type Window, windowAttrs } from "./window.ts";

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

const reachOf = (w: Window): number[] => w.kernel.map((k, i) => (k - 1) * w.dilations[i]! + 1);

/** dX of a convolution. */
export function inputGradient(e: Emit, w: Value, dy: Value, win: Window, groups: number): Value {
  const reach = reachOf(win);
  // stride 1: the convolution of dy with the kernel turned round
  if (win.strides.every((s) => s === 1) && reach.every((r, i) => r > win.before[i]! && r > win.after[i]!)) {
    const pads = [...reach.map((r, i) => r - 1 - win.before[i]!), ...reach.map((r, i) => r - 1 - win.after[i]!)];
    return e.Conv(dy, flipped(e, w, groups), null, {
      kernel_shape: win.kernel,
      strides: win.strides,
      dilations: win.dilations,
      pads,
      group: groups,
    });
  }
  const extra = win.input.map((d, i) => d - ((win.output[i]! - 1) * win.strides[i]! + reach[i]! - win.before[i]! - win.after[i]!));
  return e.ConvTranspose(dy, w, null, windowAttrs(win, groups, { output_padding: extra }));
}

/** dW of a convolution: Σₙ dy·patchesᵀ, one matrix product a sample, summed over the batch. */
export function weightGradient(e: Emit, x: Value, dy: Value, w: Window, groups: number): Value {
  if (phased(w, groups)) return phasedWeightGradient(e, x, dy, w);
  const c = x.type.shape[1]! / groups;
  const flat2d = w.kernel.length === 2 && groups === 1 && w.strides.every((s) => s === 1);
  // few columns a row make thin products: then all kernel positions at once
  if (flat2d && c * w.kernel[1]! >= 48) return rowWeightGradient(e, x, dy, w);
  const m = dy.type.shape[1]!;
  const k = size(w.kernel);
  const g = e.Reshape(dy, e.ints([0, groups, m / groups, size(w.output)]));
  const each = e.MatMul(g, e.Transpose(patches(e, x, w, groups), { perm: [0, 1, 3, 2] }));
  const total = e.ReduceSum(each, e.ints([0]), { keepdims: 0 });
  const ordered = c === 1 ? total : e.Transpose(e.Reshape(total, e.ints([groups, m / groups, k, c])), { perm: [0, 1, 3, 2] });
  return e.Reshape(ordered, e.ints([m, c, ...w.kernel]));
}

/**
 * Stride 1, in the plane: columns are laid out once for each kernel column; a kernel row is then a contiguous run of them.
 * A fifth of the copying of im2col for a 5×5 kernel.
 */
function rowWeightGradient(e: Emit, x: Value, dy: Value, w: Window): Value {
  const [c, m] = [x.type.shape[1]!, dy.type.shape[1]!];
  const [kh, kw] = w.kernel as [number, number];
  const [oh, ow] = w.output as [number, number];
  const wide = padded(e, x, w);
  const height = wide.type.shape[2]!;
  const columns = Array.from({ length: kw }, (_, j) => {
    const from = j * w.dilations[1]!;
    return e.Slice(wide, e.ints([from]), e.ints([from + ow]), e.ints([3]), e.ints([1]));
  });
  const laid = e.Reshape(kw === 1 ? columns[0]! : e.Concat(...columns, { axis: 1 }), e.ints([0, kw * c, height * ow]));
  const g = e.Reshape(dy, e.ints([0, m, oh * ow]));
  const rows = Array.from({ length: kh }, (_, i) => {
    const from = i * w.dilations[0]! * ow;
    const run = from === 0 && height === oh ? laid : e.Slice(laid, e.ints([from]), e.ints([from + oh * ow]), e.ints([2]), e.ints([1]));
    const each = e.MatMul(g, e.Transpose(run, { perm: [0, 2, 1] }));
    return e.Reshape(e.ReduceSum(each, e.ints([0]), { keepdims: 0 }), e.ints([m, 1, kw, c]));
  });
  const stacked = kh === 1 ? rows[0]! : e.Concat(...rows, { axis: 1 });
  return e.Transpose(stacked, { perm: [0, 3, 1, 2] });
}

/** Strided in the plane, equally both ways: worth splitting into phases. */
const phased = (w: Window, groups: number): boolean =>
  groups === 1 && w.kernel.length === 2 && w.strides[0] === w.strides[1] && w.strides[0]! > 1 && w.dilations.every((d) => d === 1);

/** The stride-1 window that `w` is on the phases of its input: kernel ⌈k/s⌉, s² as many channels. */
function phases(w: Window): { s: number; u: number[]; inner: Window } {
  const s = w.strides[0]!;
  const u = w.kernel.map((k) => Math.ceil(k / s));
  const none = [0, 0];
  const input = w.output.map((o, i) => o + u[i]! - 1);
  return { s, u, inner: { kernel: u, strides: [1, 1], dilations: [1, 1], before: none, after: none, input, output: w.output } };
}

/** Put [N, C, …] at offset `from` of an axis-2,3 frame of `sizes`, cutting or padding with zeros. */
function framed(e: Emit, x: Value, from: readonly number[], sizes: readonly number[]): Value {
  const axes = e.ints([2, 3]);
  const spatial = x.type.shape.slice(2);
  const cut = from.map((f) => Math.max(-f, 0));
  const end = spatial.map((d, i) => Math.min(d, sizes[i]! - from[i]!));
  const inside = cut.every((c, i) => c === 0 && end[i] === spatial[i]) ? x : e.Slice(x, e.ints(cut), e.ints(end), axes, e.ints([1, 1]));
  const before = from.map((f) => Math.max(f, 0));
  const after = sizes.map((d, i) => d - before[i]! - (end[i]! - cut[i]!));
  return [...before, ...after].every((p) => p === 0) ? inside : e.Pad(inside, e.ints([...before, ...after]), null, axes);
}

function phasedWeightGradient(e: Emit, x: Value, dy: Value, win: Window): Value {
  const { s, u, inner } = phases(win);
  const wide = framed(
    e,
    x,
    win.before,
    inner.input.map((d) => d * s),
  );
  const g = weightGradient(e, e.SpaceToDepth(wide, { blocksize: s }), dy, inner, 1);
  const [m, c] = [dy.type.shape[1]!, x.type.shape[1]!];
  const split = e.Transpose(e.Reshape(g, e.ints([m, s, s, c, ...u])), { perm: [0, 3, 4, 1, 5, 2] });
  const whole = e.Reshape(split, e.ints([m, c, u[0]! * s, u[1]! * s]));
  return u.every((n, i) => n * s === win.kernel[i])
    ? whole
    : e.Slice(whole, e.ints([0, 0]), e.ints(win.kernel), e.ints([2, 3]), e.ints([1, 1]));
}
