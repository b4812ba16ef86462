/** The intermediate representation: a value is an operator applied to earlier values. */
import type { DType, Shape, Tensor } from "../base/index.ts";

export interface Type {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** ONNX attributes as plain data: integers and floats are numbers. */
export type Attr = number | string | readonly number[] | readonly string[] | Tensor;
export type Attrs = Readonly<Record<string, Attr>>;

/**
 * A graph input (`node` and `data` null), a constant (`data` set) or output number `index` of a `node`.
 * Identity is reference identity.
 */
export interface Value {
  readonly type: Type;
  readonly node: Node | null;
  readonly index: number;
  readonly data: Tensor | null;
  /** Of a node's output: its value at this batch size, where it follows from shapes alone. A file still computes it. */
  readonly known?: Tensor;
  /** Name to use in a file. */
  readonly name?: string;
  /** Of an input: its dimensions as declared in a file, where a string is a free (dynamic) one. */
  readonly dims?: readonly (number | string)[];
  /** Of an input: its element type in the file, where that is another than here (float16 is read as float32). */
  readonly fileDType?: DType;
}

export interface Node {
  /** ONNX operator name: a key of the operator table. */
  readonly op: string;
  /** null: an optional input left out. */
  readonly inputs: readonly (Value | null)[];
  readonly attrs: Attrs;
  readonly outputs: readonly Value[];
  readonly name?: string;
}

export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Names of the outputs in a file. */
  readonly outputNames?: readonly string[];
  readonly name?: string;
  /** Nodes of a file that compute in less than float32, which are float32 here. */
  readonly reduced?: readonly string[];
  /** Free text carried into the file (ONNX metadata_props). */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** lo ≤ value ≤ hi, elementwise. Where the value is constant, lo and hi are that very value. */
export interface Interval {
  readonly lo: Value;
  readonly hi: Value;
}

/** Elementwise line over an operator's inputs: Σᵢ slopes[i]·xᵢ + offset; null is slope 0. Broadcasts to the output. */
export interface Line {
  readonly slopes: readonly (Value | null)[];
  readonly offset: Value;
  /** Truth values: where there is no such line, because the function has no bound on the box. Slope and offset are 0 there. */
  readonly open?: Value;
}

export function input(dtype: DType, shape: Shape, name?: string, dims?: readonly (number | string)[]): Value {
  return { type: { dtype, shape }, node: null, index: 0, data: null, name, dims };
}
