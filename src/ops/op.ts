/** What every operator must answer. Rules emit graph; they never compute (but for `fold`, on shapes and other small constants). */
import { fail, type Tensor } from "../base/index.ts";
import type { Attrs, Emit, Interval, Line, Node, Type, Value } from "../graph/index.ts";

/** An operator applied to values, before its outputs exist. */
export interface Call {
  readonly op: string;
  readonly inputs: readonly (Value | null)[];
  readonly attrs: Attrs;
}

/** A written gap: the operator cannot answer, and says why. */
export interface Gap {
  readonly gap: string;
}
export const none = (gap: string): Gap => ({ gap });
export const isGap = (x: unknown): x is Gap => typeof x === "object" && x !== null && "gap" in x;

/** The bound passes through the operator's own vjp: a·f(x) = vjp(a)·x + a·f(0). */
export const affine = "affine";
/** Ask the operator's `compose` graph instead. */
export const composed = "composed";

/** A line below and a line above, valid on the whole box `x`. */
export interface Lines {
  readonly lower: Line;
  readonly upper: Line;
}

/** The enclosure of each input, null where the input is left out. */
export type Box = readonly (Interval | null)[];

export type Vjp = (e: Emit, node: Node, dy: readonly (Value | null)[]) => readonly (Value | null)[];
/** The gradient is zero almost everywhere. */
export const zero: Vjp = (_, node) => node.inputs.map(() => null);

export type IntervalRule = (e: Emit, node: Node, x: Box) => readonly Interval[];
export type LineRule = (e: Emit, node: Node, x: Box) => Lines | typeof affine | typeof composed;

export interface Op {
  /** Types of the outputs. May read the data of constant inputs (axes, shapes). */
  readonly infer: (call: Call) => readonly Type[];
  /** Pull the cotangents of the outputs (null: zero) back to each input; null where the gradient is zero. */
  readonly vjp: Vjp | typeof composed | Gap;
  /**
   * What to pull back instead where the true gradient is zero or missing: that of a smooth function nearby. Athalye et al.
   * 2018, arXiv:1802.00420, §4.1.2. Asked for only where the caller wants it. The cotangent of a whole number or a truth is float.
   */
  readonly surrogate?: Vjp | typeof composed;
  /** Makes small whole numbers of floats to compute with them, or floats of those again: a number format, and no step of the function itself. */
  readonly quantises?: true;
  /** Makes whole numbers of whole numbers. */
  readonly whole?: true;
  /** Enclose the outputs, given an enclosure of each input. */
  readonly interval: IntervalRule | typeof composed | Gap;
  /**
   * Linear bounds. A rule may ask which inputs are constant (`lo === hi`), and its lines must be built from the
   * box by broadcasting elementwise operators only: the box has batch 1, the node the batch of specification rows.
   */
  readonly lines: LineRule | typeof affine | typeof composed | Gap;
  /** Piecewise linear in its first input, with kinks there: on a box with none of them inside, its lines are exact. */
  readonly kinks?: readonly number[];
  /** The same function from simpler operators: for bounds, and where the runtime has no kernel (float64). */
  readonly compose?: (e: Emit, node: Node) => readonly Value[];
  /** Compute on constants while building: shape arithmetic, weights that are only moved. null: not this time. */
  readonly fold?: (inputs: readonly (Tensor | null)[], call: Call) => readonly Tensor[] | null;
  /** The outputs do not depend on the numbers of the inputs that are data. */
  readonly still?: true;
  /** What follows from the types of the inputs alone: the shape of a value, at this batch size. */
  readonly known?: (call: Call) => readonly Tensor[];
  /** The same node in other words, where onnxruntime misreads these or is slow. null: they are fine. With `anyBatch` the batch here says nothing. */
  readonly respell?: (e: Emit, node: Node, anyBatch: boolean) => readonly Value[] | null;
  /** True where onnxruntime's CPU provider has no float64 kernel, of any input or output; `compose` is then used. */
  readonly noFloat64?: true;
}

export type OpTable = Readonly<Record<string, Op>>;

/** A required input. */
export const arg = (call: Call, i: number): Value =>
  call.inputs[i] ??
  fail({ code: "operator-input", expected: `input ${i} of ${call.op}`, got: "nothing", mend: "give the operator all its required inputs" });

export const int = (call: Call, name: string, otherwise: number): number => (call.attrs[name] as number | undefined) ?? otherwise;
export const text = (call: Call, name: string, otherwise: string): string => (call.attrs[name] as string | undefined) ?? otherwise;
export const ints = (call: Call, name: string): readonly number[] | undefined => call.attrs[name] as readonly number[] | undefined;

/** The numbers of an input that is known while building (axes, shape, scales), undefined where it is left out. */
export function constantInts(call: Call, i: number): number[] | undefined {
  const v = call.inputs[i];
  if (!v) return undefined;
  const t = v.data ?? v.known;
  if (!t)
    return fail({
      code: "operator-dynamic",
      expected: `input ${i} of ${call.op} to be known when the graph is built`,
      got: "a value computed from the data",
      mend: "export the model with constant shapes (for example with onnxsim), or cut it before this node",
    });
  return Array.from(t.data as ArrayLike<number | bigint>, Number);
}
