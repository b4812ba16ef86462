/** Sliding windows: where they lie, and the patches they see. Shared by convolution and pooling. */
import { fail } from "../base/index.ts";
import type { Attrs, Emit, Value } from "../graph/index.ts";
import { interleaved, padAxes } from "./algebra.ts";
import { arg, type Call, int, ints, text } from "./op.ts";

/** Geometry of a window, one entry a spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Spatial sizes of input and output. */
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** Read a node's window attributes; `kernel` comes from the weights where the node has some. */
export function windowOf(call: Call, kernelShape?: readonly number[]): Window {
  const input = arg(call, 0).type.shape.slice(2);
  const kernel =
    ints(call, "kernel_shape") ??
    kernelShape ??
    fail({
      code: "operator-attribute",
      expected: `kernel_shape on ${call.op}`,
      got: "none",
      mend: "export the model again: the attribute is required",
    });
  const rank = kernel.length;
  const fill = (v: number) => new Array<number>(rank).fill(v);
  const strides = ints(call, "strides") ?? fill(1);
  const dilations = ints(call, "dilations") ?? fill(1);
  const reach = reachOf({ kernel, dilations });
  const pads = ints(call, "pads") ?? fill(0).concat(fill(0));
  let [before, after] = [pads.slice(0, rank), pads.slice(rank)];
  const auto = text(call, "auto_pad", "NOTSET");
  if (auto === "VALID") [before, after] = [fill(0), fill(0)];
  if (auto.startsWith("SAME")) {
    const total = input.map((d, i) => Math.max((Math.ceil(d / strides[i]!) - 1) * strides[i]! + reach[i]! - d, 0));
    const small = total.map((t) => Math.floor(t / 2));
    const large = total.map((t, i) => t - small[i]!);
    [before, after] = auto === "SAME_UPPER" ? [small, large] : [large, small];
  }
  const ceil = int(call, "ceil_mode", 0) === 1;
  const output = input.map((d, i) => {
    const room = (d + before[i]! + after[i]! - reach[i]!) / strides[i]!;
    const n = (ceil ? Math.ceil(room) : Math.floor(room)) + 1;
    // a window that would start beyond input and left padding is dropped
    return ceil && (n - 1) * strides[i]! >= d + before[i]! ? n - 1 : n;
  });
  if (output.some((d) => d < 1))
    fail({
      code: "shape-window",
      expected: `an input of at least [${reach.map((r, i) => r - before[i]! - after[i]!)}]`,
      got: `[${input}] at ${call.op}`,
      mend: "check the input size",
    });
  return { kernel, strides, dilations, before, after, input, output };
}

/** Attributes that describe `w` explicitly. */
export const windowAttrs = (w: Window, group: number, more: Attrs = {}): Attrs => ({
  kernel_shape: w.kernel,
  strides: w.strides,
  dilations: w.dilations,
  pads: [...w.before, ...w.after],
  group,
  ...more,
});

/** How many inputs a window spans, one entry a spatial axis. */
export const reachOf = ({ kernel, dilations }: Pick<Window, "kernel" | "dilations">): number[] =>
  kernel.map((k, i) => (k - 1) * dilations[i]! + 1);

/** Every position of the kernel, row-major. */
export function positions({ kernel }: Window): number[][] {
  return kernel.reduce<number[][]>((all, k) => all.flatMap((p) => Array.from({ length: k }, (_, i) => [...p, i])), [[]]);
}

/** Padding that lets every window lie inside, ceil-mode overhang included. */
export function overhang({ kernel, strides, dilations, before, input, output }: Window): number[] {
  return output.map((n, i) => Math.max(0, (n - 1) * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1 - input[i]! - before[i]!));
}

/** Pad the spatial axes of [N, C, …] by `before` and the overhang, with `value` (default 0) or the nearest edge. */
export function padded(e: Emit, x: Value, w: Window, value: Value | "edge" | null = null): Value {
  const after = overhang(w);
  if (w.before.every((p) => p === 0) && after.every((p) => p === 0)) return x;
  return padAxes(
    e,
    x,
    w.kernel.map((_, i) => i + 2),
    w.before,
    after,
    value,
  );
}

/** What the kernel position `at` sees in every window: [N, C, …output], from the padded input. */
export function seen(e: Emit, padded: Value, w: Window, at: readonly number[]): Value {
  const starts = at.map((k, i) => k * w.dilations[i]!);
  const ends = starts.map((s, i) => s + (w.output[i]! - 1) * w.strides[i]! + 1);
  return e.Slice(padded, e.ints(starts), e.ints(ends), e.ints(at.map((_, i) => i + 2)), e.ints(w.strides));
}

/**
 * Add up [N, C, …output] parts, each placed where its kernel position lay: the transpose of `seen` over all positions. Places that differ by whole
 * strides are one phase and add up as they are, only shifted; the phases are then put between one another.
 */
export function placed(e: Emit, parts: readonly Value[], w: Window): Value {
  const axes = w.kernel.map((_, i) => i + 2);
  const cells = w.output.map((n, i) => n + Math.floor(((w.kernel[i]! - 1) * w.dilations[i]!) / w.strides[i]!));
  const phases = new Map<string, Value>();
  positions(w).forEach((at, k) => {
    const start = at.map((p, i) => p * w.dilations[i]!);
    const shift = start.map((p, i) => Math.floor(p / w.strides[i]!));
    const left = cells.map((n, i) => n - w.output[i]! - shift[i]!);
    const moved = [...shift, ...left].some((p) => p > 0) ? padAxes(e, parts[k]!, axes, shift, left) : parts[k]!;
    const phase = String(start.map((p, i) => p % w.strides[i]!));
    const sum = phases.get(phase);
    phases.set(phase, sum ? e.Add(sum, moved) : moved);
  });
  const between = (phase: readonly number[]): Value | null => {
    const i = phase.length;
    if (i === axes.length) return phases.get(String(phase)) ?? null;
    return interleaved(
      e,
      Array.from({ length: w.strides[i]! }, (_, p) => between([...phase, p])),
      axes[i]!,
    );
  };
  const whole = between([])!;
  const missing = w.input.map((d, i) => Math.max(w.before[i]! + d - cells[i]! * w.strides[i]!, 0));
  const wide = missing.some((p) => p > 0)
    ? padAxes(
        e,
        whole,
        axes,
        missing.map(() => 0),
        missing,
      )
    : whole;
  if (w.before.every((p) => p === 0) && wide.type.shape.slice(2).every((d, i) => d === w.input[i])) return wide;
  return e.Slice(wide, e.ints(w.before), e.ints(w.before.map((p, i) => p + w.input[i]!)), e.ints(axes), e.ints(w.kernel.map(() => 1)));
}
