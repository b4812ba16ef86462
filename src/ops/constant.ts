/** Values that no input is needed for, and conversions. */
import { arrays, type DType, dtypeOf, fail, full, isBig, isFloat, onnxType, size, strides, type Tensor, tensor } from "../base/index.ts";
import { cotangentOf, increasing } from "./algebra.ts";
import { affine, arg, type Call, constantInts, int, none, type Op, zero } from "./op.ts";
import { filled } from "./reshaping.ts";

const still: Pick<Op, "vjp" | "interval" | "lines" | "still"> = {
  still: true,
  vjp: zero,
  interval: (_, node) => node.outputs.map((y) => ({ lo: y, hi: y })),
  lines: none("it does not depend on the data"),
};

function constantValue(call: Call): Tensor {
  const { value, value_float, value_floats, value_int, value_ints } = call.attrs as Record<string, never>;
  if (value !== undefined) return value;
  if (value_float !== undefined) return full([], value_float);
  if (value_floats !== undefined) return tensor(value_floats as number[], [(value_floats as number[]).length]);
  if (value_int !== undefined) return full([], value_int, "int64");
  if (value_ints !== undefined) return tensor(value_ints as number[], [(value_ints as number[]).length], "int64");
  return fail({
    code: "operator-attribute",
    expected: "a Constant with a tensor or a number",
    got: Object.keys(call.attrs).join(", ") || "none",
    mend: "export the model without strings and sparse tensors",
  });
}

export const Constant: Op = {
  infer: (call) => [constantValue(call)],
  ...still,
  fold: (_, call) => [constantValue(call)],
};

const fillValue = (call: Call): Tensor => (call.attrs.value as Tensor | undefined) ?? full([1], 0);

export const ConstantOfShape: Op = {
  infer: (call) => [{ dtype: fillValue(call).dtype, shape: constantInts(call, 0)! }],
  ...still,
  fold: (_, call) => (size(constantInts(call, 0)!) <= 4096 ? [filled(fillValue(call), constantInts(call, 0)!)] : null),
};

export const Range: Op = {
  infer: (call) => {
    const [start, limit, delta] = [0, 1, 2].map((i) => constantInts(call, i)![0]!) as [number, number, number];
    return [{ dtype: arg(call, 0).type.dtype, shape: [Math.max(0, Math.ceil((limit - start) / delta))] }];
  },
  ...still,
  fold: (inputs, call) => {
    const [start, , delta] = inputs.map((t) => Number(t!.data[0])) as [number, number, number];
    const [type] = Range.infer(call);
    return [
      tensor(
        Array.from({ length: type!.shape[0]! }, (_, i) => start + i * delta),
        type!.shape,
        type!.dtype,
      ),
    ];
  },
};

/** Where a constant is not 0, [rank, count]. */
export const NonZero: Op = {
  infer: (call) => {
    const count = constantInts(call, 0)!.filter((v) => v !== 0).length;
    return [{ dtype: "int64", shape: [arg(call, 0).type.shape.length, count] }];
  },
  ...still,
  fold: ([x]) => {
    const steps = strides(x!.shape);
    const found = Array.from(x!.data as ArrayLike<number | bigint>, Number).flatMap((v, i) => (v === 0 ? [] : [i]));
    const at = x!.shape.flatMap((d, axis) => found.map((i) => Math.floor(i / steps[axis]!) % d));
    return [tensor(at, [x!.shape.length, found.length], "int64")];
  },
};

/** 1 on the k-th diagonal of a matrix of the input's shape. */
export const EyeLike: Op = {
  infer: (call) => {
    const { dtype, shape } = arg(call, 0).type;
    return [{ dtype: call.attrs.dtype === undefined ? dtype : target({ ...call, attrs: { to: call.attrs.dtype } }), shape }];
  },
  ...still,
  known: (call) => {
    const [type] = EyeLike.infer(call);
    const [rows, columns] = type!.shape as [number, number];
    const k = int(call, "k", 0);
    return [
      tensor(
        Array.from({ length: rows * columns }, (_, i) => Number((i % columns) - Math.floor(i / columns) === k)),
        type!.shape,
        type!.dtype,
      ),
    ];
  },
};

const target = (call: Call) =>
  dtypeOf(int(call, "to", 1)) ??
  fail({
    code: "dtype-unsupported",
    expected: "a cast to a number or truth type",
    got: `ONNX type ${call.attrs.to}`,
    mend: "export the model in float32",
  });

/** The least and the largest float32 of an integer type. */
const WHOLE: { readonly [D in DType]?: readonly [number, number] } = {
  int32: [-(2 ** 31), 2 ** 31 - 128],
  int64: [-(2 ** 63), 2 ** 63 - 2 ** 39],
};

export const Cast: Op = {
  whole: true,
  infer: (call) => [{ dtype: target(call), shape: arg(call, 0).type.shape }],
  // between float types the gradient passes; from or to anything else it is zero
  vjp: (e, { inputs: [x], outputs: [y] }, [dy]) =>
    isFloat(x!.type.dtype) && isFloat(y!.type.dtype) ? [e.Cast(dy!, { to: onnxType[x!.type.dtype] })] : [null],
  // whole numbers and truths as the floats they are; a truth of a number has no neighbour
  surrogate: (e, { inputs: [x], outputs: [y] }, [dy]) =>
    y!.type.dtype === "bool" && x!.type.dtype !== "bool" ? [null] : [cotangentOf(e, dy!, x!)],
  interval: (e, node, [x]) => {
    const to = node.outputs[0]!.type.dtype;
    const from = node.inputs[0]!.type.dtype;
    // true is what is not 0, on either side of it
    if (to === "bool" && from !== "bool") {
      const o = e.scalar(0, x!.lo);
      const no = e.And(e.Equal(x!.lo, o), e.Equal(x!.hi, o));
      return [{ lo: e.Or(e.Greater(x!.lo, o), e.Less(x!.hi, o)), hi: e.Not(no) }];
    }
    if (isFloat(to) || from === "bool" || from === to) return increasing(e, node, [x!]);
    const [least, most] =
      (isFloat(from) && WHOLE[to]) ||
      fail({
        code: "operator-no-interval",
        expected: `no cast from ${from} to ${to} of what is perturbed`,
        got: node.name ?? "a node where it is",
        mend: "cut the model before this node, or attack it instead of proving it",
      });
    // beyond its range an integer type holds anything, and for NaN too
    const [low, high] = [e.scalar(least, x!.lo), e.scalar(most, x!.lo)];
    const fits = e.And(e.GreaterOrEqual(x!.lo, low), e.LessOrEqual(x!.hi, high));
    return increasing(e, node, [{ lo: e.Where(fits, x!.lo, low), hi: e.Where(fits, x!.hi, high) }]);
  },
  lines: (e, { inputs: [x], outputs: [y], attrs }, [box]) =>
    isFloat(x!.type.dtype) && isFloat(y!.type.dtype)
      ? affine
      : {
          lower: { slopes: [null], offset: e.Cast(box!.lo, attrs as { to: number }) },
          upper: { slopes: [null], offset: e.Cast(box!.hi, attrs as { to: number }) },
        },
  fold: ([x], call) => {
    const dtype = target(call);
    if (dtype === x!.dtype) return [x!];
    if (dtype === "float16" || x!.dtype === "float16") return null;
    const data = new arrays[dtype](x!.data.length);
    const whole = !isFloat(dtype);
    for (let i = 0; i < data.length; i++) {
      const v = Number(x!.data[i]);
      const cut = dtype === "bool" ? Number(v !== 0) : whole ? Math.trunc(v) : v;
      data[i] = (isBig(dtype) ? BigInt(cut) : cut) as never;
    }
    return [{ dtype, shape: x!.shape, data }];
  },
};
