/** What files of opset 11 to 26 may say in more than one way, said in the one way that the operators' records take. */
import { TensorProto_DataType } from "onnx-buf";
import { axisOf, fail, onnxType, tensor } from "../base/index.ts";
import type { Attrs, Emit, Value } from "../graph/index.ts";

export interface Call {
  readonly inputs: readonly (Value | null)[];
  readonly attrs: Attrs;
}

type Spelling = (e: Emit, call: Call) => Call;

export const without = (attrs: Attrs, ...names: readonly string[]): Attrs =>
  Object.fromEntries(Object.entries(attrs).filter(([k]) => !names.includes(k)));

/** Scales of chosen axes → of every axis. */
function everyScale(e: Emit, scales: Value, axes: readonly number[], rank: number): Value {
  const known =
    scales.data ??
    fail({
      code: "operator-dynamic",
      expected: "scales that are known when the graph is built",
      got: "scales computed from the data",
      mend: "export the model with a fixed output size",
    });
  return e.constant(
    tensor(
      Array.from({ length: rank }, (_, i) => (axes.includes(i) ? Number(known.data[axes.indexOf(i)]) : 1)),
      [rank],
    ),
  );
}

/** Sizes of chosen axes → of every axis, asking the input for the others: a free batch stays free. */
const everySize = (e: Emit, x: Value, sizes: Value, axes: readonly number[]): Value =>
  e.Concat(
    ...x.type.shape.map((_, i) => {
      const k = axes.indexOf(i);
      return k < 0 ? e.Gather(e.Shape(x), e.ints([i]), { axis: 0 }) : e.Gather(sizes, e.ints([k]), { axis: 0 });
    }),
    { axis: 0 },
  );

const some = (v: Value | null | undefined): v is Value => Boolean(v && v.type.shape[0] !== 0);

function resize(e: Emit, { inputs, attrs }: Call): Call {
  const [x, , scales, sizes] = inputs;
  const given = attrs.axes as readonly number[] | undefined;
  const crops = attrs.coordinate_transformation_mode === "tf_crop_and_resize";
  // forms whose output is not of the size that scales or sizes say
  if ((attrs.keep_aspect_ratio_policy ?? "stretch") !== "stretch" || (crops && (given || !some(sizes))))
    fail({
      code: "operator-attribute",
      expected: "Resize to given scales or sizes",
      got: "one that crops (tf_crop_and_resize) or keeps the aspect ratio (keep_aspect_ratio_policy)",
      mend: "export it with the output size spelled out",
    });
  const rest = without(attrs, "axes", "keep_aspect_ratio_policy");
  if (!given || !x) return { inputs, attrs: rest };
  const rank = x.type.shape.length;
  const axes = given.map((a) => axisOf(a, rank));
  const spelled = [x, null, some(scales) ? everyScale(e, scales, axes, rank) : null, some(sizes) ? everySize(e, x, sizes, axes) : null];
  return { inputs: spelled, attrs: rest };
}

/** Attributes that name an element type. Half precision is read as float32. */
const TYPES = ["to", "dtype", "output_dtype"];
const HALVES: readonly unknown[] = [onnxType.float16, TensorProto_DataType.BFLOAT16];

/** Whether a node's results are halves in the file. */
export const isHalf = (attrs: Attrs): boolean => TYPES.some((k) => HALVES.includes(attrs[k]));

const widened = (attrs: Attrs): Attrs =>
  isHalf(attrs)
    ? Object.fromEntries(Object.entries(attrs).map(([k, v]) => [k, TYPES.includes(k) && HALVES.includes(v) ? onnxType.float32 : v]))
    : attrs;

const spellings: Readonly<Record<string, Spelling>> = {
  // both are about 8-bit floats, which are refused
  Cast: (_, { inputs, attrs }) => ({ inputs, attrs: without(attrs, "saturate", "round_mode") }),
  Resize: resize,
};

/** A call as the records take it. */
export function spelled(e: Emit, op: string, { inputs, attrs }: Call): Call {
  const call = { inputs, attrs: widened(attrs) };
  return spellings[op]?.(e, call) ?? call;
}
