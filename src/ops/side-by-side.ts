/**
 * Convolutions of many small pictures, said of a few wide ones: onnxruntime makes one matrix product a picture, and 49 columns, say, are too few for
 * it (docs/notes/speed.md). Pictures stand side by side with room between them, so that no window sees two.
 */
import { size } from "../base/index.ts";
import type { Attrs, Emit, Value } from "../graph/index.ts";
import { padAxes } from "./algebra.ts";
import { reachOf, type Window } from "./window.ts";

/** Columns of the product that are enough. */
const ENOUGH = 448;

/** How many pictures of `positions` output positions stand side by side; 1 where it is not worth it. */
function together(x: Value, w: Value, positions: number): number {
  const [batch, channels] = x.type.shape as [number, number];
  // weights that onnxruntime knows it convolves directly; of few channels the products are small whatever stands where
  if (w.data || w.known || x.type.shape.length !== 4 || Math.min(channels, w.type.shape[0]!, w.type.shape[1]!) < 16) return 1;
  let best = 1;
  for (let n = 2; n <= batch / 2 && n * positions <= 2 * ENOUGH; n++) if (batch % n === 0 && best * positions < ENOUGH) best = n;
  return best;
}

/** [N, C, H, W] → [N/n, C, n·period, W]. Along rows, so that what moves is whole planes. */
function joined(e: Emit, x: Value, n: number, before: number, period: number): Value {
  const [batch, c, h, w] = x.type.shape as [number, number, number, number];
  const tall = padAxes(e, x, [2], [before], [period - before - h]);
  const apart = e.Reshape(tall, e.ints([batch / n, n, c, period, w]));
  return e.Reshape(e.Transpose(apart, { perm: [0, 2, 1, 3, 4] }), e.ints([batch / n, c, n * period, w]));
}

/** The rows from `first` on of each picture, [G, M, n·period, W] → [G·n, M, rows, W]. */
function parted(e: Emit, y: Value, n: number, period: number, first: number, rows: number): Value {
  const [g, m, , w] = y.type.shape as [number, number, number, number];
  const apart = e.Reshape(y, e.ints([g, m, n, period, w]));
  const seen = e.Slice(apart, e.ints([first]), e.ints([first + rows]), e.ints([3]), e.ints([1]));
  return e.Reshape(e.Transpose(seen, { perm: [0, 2, 1, 3, 4] }), e.ints([g * n, m, rows, w]));
}

/** Strides from one picture to the next: what its windows see, or a transposed one's write, lies within. */
const standsOf = (win: Window): number =>
  Math.ceil(Math.max((win.output[0]! - 1) * win.strides[0]! + reachOf(win)[0]!, win.before[0]! + win.input[0]!) / win.strides[0]!);

/** As many windows as strides: the last ones see padding, and a transposed one's rows beyond the last picture's are cut. */
const attrsOf = (win: Window, before: number, after: number): Attrs => ({
  kernel_shape: win.kernel,
  strides: win.strides,
  dilations: win.dilations,
  pads: [0, before, Math.max(reachOf(win)[0]! - win.strides[0]!, 0), after],
});

/** Conv without groups; null where it is best as it stands. */
export function convSideBySide(e: Emit, x: Value, w: Value, bias: Value | null, win: Window): Value | null {
  const n = together(x, w, size(win.output));
  if (n === 1) return null;
  const stands = standsOf(win);
  const tall = joined(e, x, n, win.before[0]!, stands * win.strides[0]!);
  return parted(e, e.Conv(tall, w, bias, attrsOf(win, win.before[1]!, win.after[1]!)), n, stands, 0, win.output[0]!);
}

/** ConvTranspose without groups, `win` the window of the convolution it is the transpose of; null where it is best as it stands. */
export function transposeSideBySide(e: Emit, x: Value, w: Value, bias: Value | null, win: Window): Value | null {
  const n = together(x, w, size(win.output));
  if (n === 1) return null;
  const [stands, s, reach] = [standsOf(win), win.strides[0]!, reachOf(win)[0]!];
  const columns = (win.output[1]! - 1) * win.strides[1]! + reachOf(win)[1]! - win.before[1]! - win.after[1]!;
  const y = e.ConvTranspose(joined(e, x, n, 0, stands), w, bias, {
    ...attrsOf(win, win.before[1]!, win.after[1]!),
    output_padding: [Math.max(s - reach, 0), win.input[1]! - columns],
  });
  return parted(e, y, n, stands * s, win.before[0]!, win.input[0]!);
}
