/** Convolutions of any spatial rank, with groups, strides, dilations and padding. */
import { fail } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import { bilinear, bilinearLines, padAxes } from "./algebra.ts";
import { flipped, inputGradient, patches, weightGradient, weightMatrices } from "./conv-gradient.ts";
import { spaced } from "./movement.ts";
import { arg, type Call, int, ints, type Op, text } from "./op.ts";
import { convSideBySide, transposeSideBySide } from "./side-by-side.ts";
import { reachOf, type Window, windowAttrs, windowOf } from "./window.ts";

const groupsOf = (call: Call): number => int(call, "group", 1);
const spatialOf = (w: Value): readonly number[] => w.type.shape.slice(2);

const biasGradient = (e: Emit, dy: Value): Value =>
  e.ReduceSum(dy, e.ints(dy.type.shape.map((_, i) => i).filter((i) => i !== 1)), { keepdims: 0 });

export const Conv: Op = {
  whole: true,
  infer: (call) => {
    const x = arg(call, 0).type;
    const w = arg(call, 1);
    const groups = groupsOf(call);
    if (x.shape[1] !== w.type.shape[1]! * groups)
      fail({
        code: "shape-conv",
        expected: `${w.type.shape[1]! * groups} input channels`,
        got: `[${x.shape}]`,
        mend: "check the input's layout: Conv takes [N, channels, …]",
      });
    return [{ dtype: x.dtype, shape: [x.shape[0]!, w.type.shape[0]!, ...windowOf(call, spatialOf(w)).output] }];
  },
  vjp: (e, node, [dy]) => {
    const [x, w, bias] = node.inputs as [Value, Value, Value | undefined];
    const win = windowOf(node, spatialOf(w));
    const groups = groupsOf(node);
    return [inputGradient(e, w, dy!, win, groups), weightGradient(e, x, dy!, win, groups), bias ? biasGradient(e, dy!) : null];
  },
  interval: bilinear,
  lines: bilinearLines,
  noFloat64: true,
  compose: (e, node) => {
    const [x, w, bias] = node.inputs as [Value, Value, Value | undefined];
    return [convolve(e, x, w, windowOf(node, spatialOf(w)), groupsOf(node), bias)];
  },
  respell: (e, node, anyBatch) => {
    const [x, w, bias = null] = node.inputs as [Value, Value, Value | undefined];
    const y = groupsOf(node) === 1 && !anyBatch ? convSideBySide(e, x, w, bias, windowOf(node, spatialOf(w))) : null;
    return y && [y];
  },
};

/** Convolution as one matrix product a sample. */
function convolve(e: Emit, x: Value, w: Value, win: Window, groups: number, bias?: Value): Value {
  const y = e.Reshape(e.MatMul(weightMatrices(e, w, groups), patches(e, x, win, groups)), e.ints([0, w.type.shape[0]!, ...win.output]));
  return bias ? e.Add(y, perChannel(e, bias, win)) : y;
}

const perChannel = (e: Emit, bias: Value, win: Window): Value => e.Reshape(bias, e.ints([-1, ...win.kernel.map(() => 1)]));

/** The convolution that a ConvTranspose is the transpose of: its input is our output. */
function transposedWindow(call: Call): Window {
  const x = arg(call, 0).type.shape;
  const kernel = ints(call, "kernel_shape") ?? spatialOf(arg(call, 1));
  const rank = kernel.length;
  const fill = (v: number) => new Array<number>(rank).fill(v);
  const strides = ints(call, "strides") ?? fill(1);
  const dilations = ints(call, "dilations") ?? fill(1);
  const extra = ints(call, "output_padding") ?? fill(0);
  const small = x.slice(2);
  const reach = reachOf({ kernel, dilations });
  const full = small.map((d, i) => strides[i]! * (d - 1) + extra[i]! + reach[i]!);
  const pads = ints(call, "pads") ?? fill(0).concat(fill(0));
  let [before, after] = [pads.slice(0, rank), pads.slice(rank)];
  const wanted = ints(call, "output_shape");
  const auto = text(call, "auto_pad", "NOTSET");
  if (wanted || auto.startsWith("SAME")) {
    const size = wanted ? wanted.slice(-rank) : small.map((d, i) => d * strides[i]!);
    const total = full.map((f, i) => Math.max(f - size[i]!, 0));
    const less = total.map((t) => Math.floor(t / 2));
    const more = total.map((t, i) => t - less[i]!);
    [before, after] = auto === "SAME_UPPER" ? [less, more] : [more, less];
  }
  const large = full.map((f, i) => f - before[i]! - after[i]!);
  return { kernel, strides, dilations, before, after, input: large, output: small };
}

export const ConvTranspose: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    const w = arg(call, 1);
    if (shape[1] !== w.type.shape[0])
      fail({
        code: "shape-conv",
        expected: `${w.type.shape[0]} input channels`,
        got: `[${shape}]`,
        mend: "check the input's layout: ConvTranspose takes [N, channels, …]",
      });
    return [{ dtype, shape: [shape[0]!, w.type.shape[1]! * groupsOf(call), ...transposedWindow(call).input] }];
  },
  vjp: (e, node, [dy]) => {
    const [x, w, bias] = node.inputs as [Value, Value, Value | undefined];
    const win = transposedWindow(node);
    const groups = groupsOf(node);
    // the trailing rows that only output padding made are seen by no window: the forward window stops before them
    return [e.Conv(dy!, w, null, windowAttrs(win, groups)), weightGradient(e, dy!, x, win, groups), bias ? biasGradient(e, dy!) : null];
  },
  interval: bilinear,
  lines: bilinearLines,
  noFloat64: true,
  // spread the input by the stride, pad, and convolve with the kernel turned round
  compose: (e, node) => {
    const [x, w, bias] = node.inputs as [Value, Value, Value | undefined];
    const win = transposedWindow(node);
    const groups = groupsOf(node);
    let wide = x;
    win.strides.forEach((s, i) => {
      wide = spaced(e, wide, i + 2, s);
    });
    const reach = reachOf(win);
    const before = reach.map((r, i) => r - 1 - win.before[i]!);
    // whatever the size asks for beyond the spread input lies behind it
    const after = win.input.map((d, i) => d + reach[i]! - 1 - wide.type.shape[i + 2]! - before[i]!);
    const shifted = padAxes(
      e,
      wide,
      win.kernel.map((_, i) => i + 2),
      before,
      after,
    );
    const none = win.kernel.map(() => 0);
    const inner: Window = {
      kernel: win.kernel,
      strides: win.kernel.map(() => 1),
      dilations: win.dilations,
      before: none,
      after: none,
      input: shifted.type.shape.slice(2),
      output: win.input,
    };
    return [convolve(e, shifted, flipped(e, w, groups), inner, groups, bias)];
  },
  respell: (e, node, anyBatch) => {
    const [x, w, bias = null] = node.inputs as [Value, Value, Value | undefined];
    const y = groupsOf(node) === 1 && !anyBatch ? transposeSideBySide(e, x, w, bias, transposedWindow(node)) : null;
    return y && [y];
  },
};
