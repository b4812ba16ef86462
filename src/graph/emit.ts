/** How operator rules speak: they emit graph, they never compute. Implemented by `pass/build.ts`. */
import type { DType, Shape, Tensor } from "../base/index.ts";
import type { Attrs, Value } from "./graph.ts";

type Unary = (x: Value) => Value;
type Binary = (a: Value, b: Value) => Value;
type Reduce = (x: Value, axes: Value | null, attrs?: { keepdims?: 0 | 1 }) => Value;

/** The closed core: the only operators a rule may emit. Each has a vjp of its own, so second derivatives come free. */
export interface Core {
  Add: Binary;
  Sub: Binary;
  Mul: Binary;
  Div: Binary;
  Neg: Unary;
  Abs: Unary;
  Sqrt: Unary;
  Reciprocal: Unary;
  Exp: Unary;
  Log: Unary;
  Tanh: Unary;
  Sigmoid: Unary;
  Erf: Unary;
  Relu: Unary;
  Sign: Unary;
  Floor: Unary;
  Pow: Binary;
  Min: Binary;
  Max: Binary;
  Greater: Binary;
  GreaterOrEqual: Binary;
  Less: Binary;
  LessOrEqual: Binary;
  Equal: Binary;
  Not: Unary;
  And: Binary;
  Or: Binary;
  Where: (condition: Value, x: Value, y: Value) => Value;
  Cast: (x: Value, attrs: { to: number }) => Value;
  MatMul: Binary;
  ReduceSum: Reduce;
  ReduceMax: Reduce;
  ReduceMin: Reduce;
  ReduceMean: Reduce;
  /** `shape` may hold 0 (keep) and -1 (infer): use them for the batch axis. */
  Reshape: (x: Value, shape: Value) => Value;
  Expand: (x: Value, shape: Value) => Value;
  Transpose: (x: Value, attrs: { perm: readonly number[] }) => Value;
  Concat: (...args: [...Value[], { axis: number }]) => Value;
  Slice: (x: Value, starts: Value, ends: Value, axes: Value, steps: Value) => Value;
  Pad: (x: Value, pads: Value, value: Value | null, axes: Value | null) => Value;
  Gather: (x: Value, indices: Value, attrs: { axis: number }) => Value;
  ScatterElements: (x: Value, indices: Value, updates: Value, attrs: { axis: number; reduction: "add" | "none" }) => Value;
  GatherElements: (x: Value, indices: Value, attrs: { axis: number }) => Value;
  Conv: (x: Value, w: Value, b: Value | null, attrs: Attrs) => Value;
  ConvTranspose: (x: Value, w: Value, b: Value | null, attrs: Attrs) => Value;
  Shape: Unary;
  /** Whole-number upscaling of [N, C, H, W] by `scales` [4]. */
  Resize: (x: Value, roi: null, scales: Value, attrs: Attrs) => Value;
  DepthToSpace: (x: Value, attrs: { blocksize: number }) => Value;
  SpaceToDepth: (x: Value, attrs: { blocksize: number }) => Value;
  Unsqueeze: (x: Value, axes: Value) => Value;
  Squeeze: (x: Value, axes: Value) => Value;
}

export interface Emit extends Core {
  /** Any operator by name; returns all its outputs. */
  node(op: string, inputs: readonly (Value | null)[], attrs?: Attrs, name?: string): readonly Value[];
  constant(t: Tensor): Value;
  /** A rank-0 constant with the dtype of `like`. */
  scalar(x: number, like: Value | DType): Value;
  /** A 1-D int64 constant: axes, shapes, starts. */
  ints(xs: readonly number[]): Value;
  /** A constant of `x` in `shape`. */
  fill(x: number, shape: Shape, dtype: DType): Value;
}
