/**
 * Operators as older opsets wrote them, said as opset 21 says them. A row is an operator, the opset that changed it, and
 * how to emit a call from before. Operators that are not here mean the same from opset 7 to 26.
 * Source: onnx/docs/Changelog.md.
 */
import { fail, tensor } from "../base/index.ts";
import type { Attrs, Emit, Value } from "../graph/index.ts";
import { type Call, without } from "./spelling.ts";

/** A call as the file has it. */
export interface Legacy extends Call {
  /** How many outputs the file names. */
  readonly outputs: number;
}

export type Rule = (e: Emit, call: Legacy) => readonly Value[];

interface Upgrade {
  /** The opset that brought the present form; files before it are emitted by `rule`. */
  readonly since: number;
  readonly rule: Rule;
}

/** An integer list that moved from an attribute to input `at`. */
const listToInput =
  (op: string, attr: string, at: number): Rule =>
  (e, { inputs, attrs }) => {
    const list = attrs[attr] as readonly number[] | undefined;
    const given = Array.from({ length: at }, (_, i) => inputs[i] ?? null);
    return e.node(op, list === undefined ? inputs : [...given, e.ints(list)], without(attrs, attr));
  };

const axesToInput = (op: string, since: number): Upgrade => ({ since, rule: listToInput(op, "axes", 1) });

/** Before opset 13 everything from `axis` on was one axis (default 1): flatten, apply, restore. */
const coerced = (op: string): Upgrade => ({
  since: 13,
  rule: (e, { inputs: [x], attrs }) => {
    const rank = x!.type.shape.length;
    const axis = (attrs.axis as number | undefined) ?? 1;
    if (axis === rank - 1 || axis === -1) return e.node(op, [x!], { axis: -1 });
    const [flat] = e.node("Flatten", [x!], { axis });
    const [y] = e.node(op, [flat!], { axis: -1 });
    return [e.Reshape(y!, e.Shape(x!))];
  },
});

const scalar = (e: Emit, x: number | undefined, like: Value): Value | null => (x === undefined ? null : e.scalar(x, like));

const mode = (attrs: Attrs, otherwise = "nearest"): string => {
  const text = (attrs.mode as string | undefined) ?? otherwise;
  return text === "bilinear" || text === "trilinear" ? "linear" : text;
};

/** Scaling before opset 11: output pixel i reads input position i/scale. */
const scaled = (e: Emit, x: Value, scales: Value, attrs: Attrs, nearest_mode: "floor" | "ceil"): Value =>
  e.node("Resize", [x, null, scales], { mode: mode(attrs), coordinate_transformation_mode: "asymmetric", nearest_mode })[0]!;

/**
 * The nearest pixel, in opset 10: the definition does not say which. onnxruntime takes the one before where an axis grows and
 * the one after where it shrinks, so what grows some axes and shrinks others is done in two steps.
 */
const resize10: Rule = (e, { inputs: [x, scales], attrs }) => {
  const factors = Array.from((scales?.data?.data ?? []) as ArrayLike<number>);
  if (mode(attrs) !== "nearest" || factors.every((s) => s >= 1)) return [scaled(e, x!, scales!, attrs, "floor")];
  const ends = (pick: (s: number) => number) => e.constant(tensor(factors.map(pick), [factors.length]));
  const shrunk = scaled(
    e,
    x!,
    ends((s) => Math.min(s, 1)),
    attrs,
    "ceil",
  );
  return [
    factors.some((s) => s > 1)
      ? scaled(
          e,
          shrunk,
          ends((s) => Math.max(s, 1)),
          attrs,
          "floor",
        )
      : shrunk,
  ];
};

export const upgrades: Readonly<Record<string, Upgrade>> = {
  BatchNormalization: {
    since: 9,
    rule: (e, { inputs, attrs }) =>
      attrs.spatial === 0
        ? fail({
            code: "operator-attribute",
            expected: "statistics of whole channels",
            got: "BatchNormalization with spatial = 0",
            mend: "export the model again with opset 9 or later",
          })
        : e.node("BatchNormalization", inputs, without(attrs, "spatial")),
  },
  Clip: {
    since: 11,
    rule: (e, { inputs: [x], attrs }) =>
      e.node("Clip", [x!, scalar(e, attrs.min as number | undefined, x!), scalar(e, attrs.max as number | undefined, x!)]),
  },
  Dropout: { since: 12, rule: (e, { inputs: [x] }) => e.node("Dropout", [x!]) },
  // the modes had the names of two dimensions
  GridSample: { since: 20, rule: (e, { inputs, attrs }) => e.node("GridSample", inputs, { ...attrs, mode: mode(attrs, "bilinear") }) },
  // one scale and bias a group became one a channel
  GroupNormalization: {
    since: 21,
    rule: (e, { inputs: [x, scale, bias], attrs }) => {
      const groups = attrs.num_groups as number;
      const each = x!.type.shape[1]! / groups;
      const spread = (v: Value) =>
        v.type.shape[0] === groups && each > 1
          ? e.Reshape(e.Expand(e.Unsqueeze(v, e.ints([1])), e.ints([groups, each])), e.ints([groups * each]))
          : v;
      return e.node("GroupNormalization", [x!, spread(scale!), spread(bias!)], attrs);
    },
  },
  Hardmax: coerced("Hardmax"),
  LogSoftmax: coerced("LogSoftmax"),
  Pad: {
    since: 11,
    rule: (e, { inputs: [x], attrs }) =>
      e.node("Pad", [x!, e.ints(attrs.pads as readonly number[]), scalar(e, (attrs.value as number | undefined) ?? 0, x!)], {
        mode: (attrs.mode as string | undefined) ?? "constant",
      }),
  },
  ReduceL1: axesToInput("ReduceL1", 18),
  ReduceL2: axesToInput("ReduceL2", 18),
  ReduceLogSum: axesToInput("ReduceLogSum", 18),
  ReduceLogSumExp: axesToInput("ReduceLogSumExp", 18),
  ReduceMax: axesToInput("ReduceMax", 18),
  ReduceMean: axesToInput("ReduceMean", 18),
  ReduceMin: axesToInput("ReduceMin", 18),
  ReduceProd: axesToInput("ReduceProd", 18),
  ReduceSum: axesToInput("ReduceSum", 13),
  ReduceSumSquare: axesToInput("ReduceSumSquare", 18),
  Resize: { since: 11, rule: resize10 },
  Scatter: { since: 11, rule: (e, { inputs, attrs }) => e.node("ScatterElements", inputs, attrs) },
  Slice: {
    since: 10,
    rule: (e, { inputs: [x], attrs }) => {
      const [starts, ends] = [attrs.starts as readonly number[], attrs.ends as readonly number[]];
      const axes = (attrs.axes as readonly number[] | undefined) ?? starts.map((_, i) => i);
      return e.node("Slice", [x!, e.ints(starts), e.ints(ends), e.ints(axes)]);
    },
  },
  Softmax: coerced("Softmax"),
  Split: {
    since: 18,
    // sizes were an attribute before 13; where none are given the parts are equal, and 18 wants to be told how many
    rule: (e, call) =>
      call.attrs.split !== undefined
        ? listToInput("Split", "split", 1)(e, call)
        : call.inputs[1]
          ? e.node("Split", call.inputs, call.attrs)
          : e.node("Split", call.inputs, { ...call.attrs, num_outputs: call.outputs }),
  },
  Squeeze: axesToInput("Squeeze", 13),
  TopK: { since: 10, rule: (e, { inputs: [x], attrs }) => e.node("TopK", [x!, e.ints([attrs.k as number])], without(attrs, "k")) },
  Unsqueeze: axesToInput("Unsqueeze", 13),
  Upsample: {
    since: 10,
    rule: (e, { inputs: [x, scales], attrs }) => {
      const given = attrs.scales as readonly number[] | undefined;
      const factors = given ? e.constant(tensor(given, [given.length])) : scales!;
      return [scaled(e, x!, factors, attrs, "floor")];
    },
  },
};
