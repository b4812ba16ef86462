/** Windows, reductions, padding and enlargement: sums and means as maps, maxima as trees of max(a, b) = a + relu(b − a). */
import { axisOf, size } from "../../base/index.ts";
import type { Node } from "../../graph/index.ts";
import { constantInts, int, text } from "../../ops/op.ts";
import { positions, windowOf } from "../../ops/window.ts";
import { selection, sparse } from "./linear.ts";
import { combined, counted, put, type Reader, type Rule } from "./maps.ts";

/** Which inputs each output is made of, and how many there would be with padding counted. */
interface Window {
  readonly places: readonly number[];
  readonly count: number;
}

/** How many entries of a map, once it is made, a number of such a list takes while it is made. */
const LISTED = 4;

/** Of each output of a pooling node, in order; null where onnxruntime pads otherwise than the definition has it. */
function windowsOf(r: Reader, node: Node): Window[] | null {
  const w = windowOf(node);
  // as if windows had no holes, and by less than nothing where they leave an end out
  const isOdd = (k: number, i: number) => w.dilations[i]! > 1 || (w.output[i]! - 1) * w.strides[i]! + k < w.input[i]!;
  if (text(node, "auto_pad", "NOTSET").startsWith("SAME") && w.kernel.some(isOdd)) return null;
  r.room(LISTED * size(node.outputs[0]!.type.shape) * size(w.kernel));
  const [n, c] = node.inputs[0]!.type.shape as [number, number];
  const cells = positions({ ...w, kernel: w.output });
  const kernel = positions(w);
  return Array.from({ length: n * c }, (_, channel) =>
    cells.map((cell): Window => {
      const places: number[] = [];
      let count = 0;
      for (const offset of kernel) {
        const at = cell.map((o, i) => o * w.strides[i]! - w.before[i]! + offset[i]! * w.dilations[i]!);
        // what only rounding up adds is no padding
        if (at.every((p, i) => p < w.input[i]! + w.after[i]!)) count++;
        if (at.every((p, i) => p >= 0 && p < w.input[i]!)) places.push(at.reduce((sum, p, i) => sum * w.input[i]! + p, channel));
      }
      return { places, count };
    }),
  ).flat();
}

/** The elements that each output of a reduction is made of. */
function reduced(node: Node): number[][] | null {
  const { shape } = node.inputs[0]!.type;
  const given = constantInts(node, 1) ?? [];
  if (given.length === 0 && int(node, "noop_with_empty_axes", 0) === 1) return null;
  const axes = new Set(given.length > 0 ? given.map((a) => axisOf(a, shape.length)) : shape.keys());
  const lists: number[][] = Array.from({ length: size(shape.filter((_, i) => !axes.has(i))) }, () => []);
  for (let k = 0; k < size(shape); k++) {
    let [rest, at, stride] = [k, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const d = shape[axis]!;
      if (!axes.has(axis)) {
        at += (rest % d) * stride;
        stride *= d;
      }
      rest = Math.floor(rest / d);
    }
    lists[at]!.push(k);
  }
  return lists;
}

/** Quotients by small whole numbers are rounded once. */
const mean = (r: Reader, from: number, lists: readonly { readonly places: readonly number[]; readonly over: number }[]): number => {
  const rows = lists.map(({ places, over }) => places.map((p) => [p, 1 / over] as const));
  return put(r, from, sparse(r.vertex(from).size, rows), null, lists.every(({ over }) => over === 1) ? 0 : 2 ** -53);
};

/** The largest of each list of elements of vertex `at`: neighbours in pairs, until one is left. */
export function maximum(r: Reader, at: number, lists: readonly (readonly number[])[]): number {
  const most = lists.reduce((n, list) => Math.max(n, list.length), 1);
  if (most === 1) {
    const places = Int32Array.from(lists, ([p]) => p!);
    return put(r, at, selection(r.vertex(at).size, places), null);
  }
  const [firsts, seconds, next]: [number[], number[], number[][]] = [[], [], []];
  for (const list of lists) {
    const row: number[] = [];
    for (let i = 0; i < list.length; i += 2) {
      row.push(firsts.length);
      firsts.push(list[i]!);
      // one without a neighbour is its own
      seconds.push(list[i + 1] ?? list[i]!);
    }
    next.push(row);
  }
  const choice = (places: readonly number[]) => ({ root: at, places: Int32Array.from(places) });
  const n = firsts.length;
  const ahead = combined(r, choice(seconds), choice(firsts), -1);
  const gain = r.add({ kind: "rectifier", size: n, from: ahead, slope: 0 });
  const kept = put(r, at, selection(r.vertex(at).size, firsts), null);
  return maximum(r, r.add({ kind: "sum", size: n, from: [kept, gain] }), next);
}

/** Where index `i` of a padded axis comes from, −1 where from nowhere. The axis has `d` elements. */
const PADDING: Readonly<Record<string, (i: number, d: number) => number>> = {
  constant: (i, d) => (i >= 0 && i < d ? i : -1),
  edge: (i, d) => Math.min(Math.max(i, 0), d - 1),
  reflect: (i, d) => (i < 0 ? -i : i >= d ? 2 * (d - 1) - i : i),
  wrap: (i, d) => ((i % d) + d) % d,
};

const padded: Rule = (r, node) => {
  const [x, , value, axesGiven] = node.inputs;
  const from = r.vertexOf(x);
  const source = PADDING[text(node, "mode", "constant")];
  const fill = value ? r.constantOf(value) : null;
  if (from === undefined || !source || (value && !fill)) return null;
  const { shape } = x!.type;
  const pads = constantInts(node, 1)!;
  const axes = axesGiven ? constantInts(node, 3)!.map((a) => axisOf(a, shape.length)) : [...shape.keys()];
  const before = shape.map((_, axis) => (axes.includes(axis) ? pads[axes.indexOf(axis)]! : 0));
  const after = shape.map((_, axis) => (axes.includes(axis) ? pads[axes.indexOf(axis) + axes.length]! : 0));
  // negative pads cut first, and what is left is copied from
  const left = shape.map((d, i) => d + Math.min(before[i]!, 0) + Math.min(after[i]!, 0));
  const out = node.outputs[0]!.type.shape;
  const places = Array.from({ length: size(out) }, (_, k) => {
    let [rest, place, stride] = [k, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const i = source((rest % out[axis]!) - Math.max(before[axis]!, 0), left[axis]!);
      if (i < 0 || i >= left[axis]!) return -1;
      place += (i - Math.min(before[axis]!, 0)) * stride;
      stride *= shape[axis]!;
      rest = Math.floor(rest / out[axis]!);
    }
    return place;
  });
  const c = Number(fill?.data[0] ?? 0);
  const bias = c === 0 ? null : Float64Array.from(places, (p) => (p < 0 ? c : 0));
  const rows = places.map((p) => (p < 0 ? [] : [[p, 1] as const]));
  return put(r, from, sparse(size(shape), rows), bias);
};

/** Whole-number enlargement by the nearest pixel, in the coordinate systems in which that is ⌊i/scale⌋. */
const enlarged: Rule = (r, node) => {
  const from = r.vertexOf(node.inputs[0]);
  const [inner, outer] = [node.inputs[0]!.type.shape, node.outputs[0]!.type.shape];
  // of a scale that only rounds to the same size the pixels are others
  const scales = constantInts(node, 2) ?? [];
  const whole = outer.every((d, i) => d % inner[i]! === 0 && (scales[i] ?? d / inner[i]!) === d / inner[i]!);
  const mode = text(node, "coordinate_transformation_mode", "half_pixel");
  const rounding = text(node, "nearest_mode", "round_prefer_floor");
  const plain = (mode === "asymmetric" && rounding === "floor") || (mode === "half_pixel" && rounding.startsWith("round"));
  if (from === undefined || !whole || !plain || text(node, "mode", "nearest") !== "nearest" || inner.length !== outer.length) return null;
  const places = Array.from({ length: size(outer) }, (_, k) => {
    let [rest, place, stride] = [k, 0, 1];
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      place += Math.floor(((rest % outer[axis]!) * inner[axis]!) / outer[axis]!) * stride;
      stride *= inner[axis]!;
      rest = Math.floor(rest / outer[axis]!);
    }
    return place;
  });
  return put(r, from, selection(size(inner), places), null);
};

const reduction =
  (make: (r: Reader, from: number, lists: readonly number[][]) => number): Rule =>
  (r, node) => {
    const from = r.vertexOf(node.inputs[0]);
    const lists = reduced(node);
    return from === undefined ? null : lists ? make(r, from, lists) : from;
  };

export const POOLS: Readonly<Record<string, Rule>> = {
  Pad: padded,
  Resize: enlarged,
  ReduceSum: reduction((r, from, lists) =>
    mean(
      r,
      from,
      lists.map((places) => ({ places, over: 1 })),
    ),
  ),
  ReduceMean: reduction((r, from, lists) =>
    mean(
      r,
      from,
      lists.map((places) => ({ places, over: places.length })),
    ),
  ),
  ReduceMax: reduction(maximum),
  AveragePool: (r, node) => {
    const include = int(node, "count_include_pad", 0) === 1;
    const windows = windowsOf(r, node);
    if (!windows || windows.some(({ places }) => places.length === 0)) return null;
    return mean(
      r,
      r.vertexOf(node.inputs[0])!,
      windows.map(({ places, count }) => ({ places, over: include ? count : places.length })),
    );
  },
  MaxPool: (r, node) => {
    const windows = windowsOf(r, node);
    // the indices of the maxima are no numbers of a network
    if (node.outputs.length > 1 || !windows || windows.some(({ places }) => places.length === 0)) return null;
    return maximum(
      r,
      r.vertexOf(node.inputs[0])!,
      windows.map(({ places }) => places),
    );
  },
  Sum: (r, node) => {
    const { shape } = node.outputs[0]!.type;
    const n = size(shape);
    if (node.inputs.some((v) => r.vertexOf(v) === undefined || size(v!.type.shape) !== n)) return null;
    const from = node.inputs.map((v) => r.vertexOf(v)!);
    return from.length === 1 ? put(r, from[0]!, selection(n, counted(n)), null) : r.add({ kind: "sum", size: n, from });
  },
};
