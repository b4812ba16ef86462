/** The algebra that covers most operators in one line each: say what kind of function it is, and the rules follow. */
import { arrays, broadcast, type DType, fail, isBig, isFloat, onnxType, sameShape, strides, type Tensor } from "../base/index.ts";
import type { Emit, Interval, Node, Value } from "../graph/index.ts";
import { affine, arg, composed, type IntervalRule, type LineRule, type Op, type Vjp } from "./op.ts";

export { zero } from "./op.ts";

/** Output has the type of the first input. */
export const same: Op["infer"] = (call) => [arg(call, 0).type];

/** Output broadcasts all inputs, dtype of the first. */
export const broadcasting: Op["infer"] = (call) => [
  { dtype: arg(call, 0).type.dtype, shape: broadcast(...call.inputs.map((v) => v!.type.shape)) },
];

/** Sum `g` over the axes that broadcasting added to `like`. */
export function unbroadcast(e: Emit, g: Value, like: Value): Value {
  const from = g.type.shape;
  const to = like.type.shape;
  if (sameShape(from, to)) return g;
  const lead = from.length - to.length;
  const extra = Array.from({ length: lead }, (_, i) => i);
  const ones = to.flatMap((d, i) => (d === 1 && from[i + lead] !== 1 ? [i + lead] : []));
  let out = g;
  if (ones.length > 0) out = e.ReduceSum(out, e.ints(ones), { keepdims: 1 });
  if (extra.length > 0) out = e.ReduceSum(out, e.ints(extra), { keepdims: 0 });
  return out;
}

/** dx = dy · f'(x), from the rule for f'. */
export const chain =
  (derivative: (e: Emit, x: Value, y: Value, node: Node) => Value): Vjp =>
  (e, node, [dy]) => [e.Mul(dy!, derivative(e, node.inputs[0]!, node.outputs[0]!, node))];

/** Apply the same operator to other inputs. */
export const again = (e: Emit, node: Node, inputs: readonly (Value | null)[]): readonly Value[] => e.node(node.op, inputs, node.attrs);

const ends = (e: Emit, node: Node, lo: readonly (Value | null)[], hi: readonly (Value | null)[]): Interval[] => {
  const below = again(e, node, lo);
  const above = again(e, node, hi);
  return below.map((l, i) => ({ lo: l, hi: above[i]! }));
};

/** Order-preserving in every input: apply the operator to both ends. Moving data about is the common case. */
export const increasing: IntervalRule = (e, node, x) =>
  ends(
    e,
    node,
    x.map((i) => i?.lo ?? null),
    x.map((i) => i?.hi ?? null),
  );

/** Increasing in some inputs (those at `data`); the others, axes and indices, say what goes where. */
export const moving =
  (...data: number[]): IntervalRule =>
  (e, node, x) => {
    x.forEach((b, i) => {
      if (!data.includes(i) && !isConstantBox(b))
        fail({
          code: "operator-no-interval",
          expected: `input ${i} of ${node.op} not to depend on what is perturbed`,
          got: node.name ?? "a node where it does",
          mend: "cut the model before this node, or attack it instead of proving it",
        });
    });
    return increasing(e, node, x);
  };

/** The type of a value's cotangent: its own where it is a float, else float32. */
export const cotangentType = (x: Value): DType => (isFloat(x.type.dtype) ? x.type.dtype : "float32");

/** A cotangent in the type that `x` asks for. */
export const cotangentOf = (e: Emit, dy: Value, x: Value): Value => {
  const wanted = cotangentType(x);
  return dy.type.dtype === wanted ? dy : e.Cast(dy, { to: onnxType[wanted] });
};

/** A zero cotangent of `x`, whatever its batch, and whatever its numbers: 0·x would not be 0 where x is infinite. */
export const zerosLike = (e: Emit, x: Value): Value => e.Expand(e.scalar(0, cotangentType(x)), e.Shape(x));

/** Order-reversing in every input. */
export const decreasing: IntervalRule = (e, node, x) =>
  ends(
    e,
    node,
    x.map((i) => i?.hi ?? null),
    x.map((i) => i?.lo ?? null),
  );

export const isConstantBox = (i: Interval | null | undefined): boolean => !i || i.lo === i.hi;

export const centre = (e: Emit, x: Interval): Value => e.Mul(e.Add(x.lo, x.hi), e.scalar(0.5, x.lo));
export const radius = (e: Emit, x: Interval): Value => e.Mul(e.Sub(x.hi, x.lo), e.scalar(0.5, x.lo));

/**
 * Linear in each of the first two inputs (a third, if any, is added): centre through W, radius through |W|.
 * Gowal et al. 2018 (arXiv:1810.12715) §3. With both perturbed, centre-radius arithmetic:
 * |ab - ab'| ≤ |ca|·rb + ra·|cb| + ra·rb (Rump 1999).
 */
export const bilinear: IntervalRule = (e, node, x) => {
  const [a, b, bias] = x;
  const times = (p: Value, q: Value, add?: Value) => again(e, node, add ? [p, q, add] : [p, q])[0]!;
  if (isConstantBox(a) && isConstantBox(b) && isConstantBox(bias)) {
    const y = times(a!.lo, b!.lo, bias?.lo);
    return [{ lo: y, hi: y }];
  }
  const ca = isConstantBox(a) ? a!.lo : centre(e, a!);
  const cb = isConstantBox(b) ? b!.lo : centre(e, b!);
  const parts: Value[] = [];
  if (!isConstantBox(a)) parts.push(times(radius(e, a!), isConstantBox(b) ? e.Abs(cb) : e.Add(e.Abs(cb), radius(e, b!))));
  if (!isConstantBox(b)) parts.push(times(e.Abs(ca), radius(e, b!)));
  const mid = times(ca, cb, bias?.lo);
  const top = bias && !isConstantBox(bias) ? times(ca, cb, bias.hi) : mid;
  if (parts.length === 0) return [{ lo: mid, hi: top }];
  const rad = parts.reduce((p, q) => e.Add(p, q));
  return [{ lo: e.Sub(mid, rad), hi: e.Add(top, rad) }];
};

/** Affine while at most one of the first two inputs is perturbed; with both, through `compose` (McCormick below it). */
export const bilinearLines: LineRule = (_, __, x) => (isConstantBox(x[0]) || isConstantBox(x[1]) ? affine : composed);

/** 1 where the condition holds, 0 elsewhere, in the dtype of `like`. A cast: choosing with Where is slower on onnxruntime's CPU. */
export const mask = (e: Emit, condition: Value, like: Value): Value => e.Cast(condition, { to: onnxType[like.type.dtype] });

/** Steeper chords than this are not drawn: slope times position would overflow. */
const STEEPEST = 1e15;

/**
 * The chord of f over the box, slope (f(u)-f(l))/(u-l): above where f is convex, below where it is concave. In a box that is a
 * point, or where the chord is too steep, the larger (the smaller) of the two ends takes its place.
 */
export function chord(e: Emit, x: Interval, f: (v: Value) => Value, side: "above" | "below"): { slope: Value; offset: Value } {
  const [l, u, width] = [f(x.lo), f(x.hi), e.Sub(x.hi, x.lo)];
  const o = e.scalar(0, width);
  const slope = e.Div(e.Sub(u, l), e.Where(e.Greater(width, o), width, e.scalar(1, o)));
  const drawn = e.And(e.Greater(width, o), e.LessOrEqual(e.Abs(slope), e.scalar(STEEPEST, o)));
  const flat = side === "above" ? e.Max(l, u) : e.Min(l, u);
  return { slope: e.Where(drawn, slope, o), offset: e.Where(drawn, e.Sub(l, e.Mul(slope, x.lo)), flat) };
}

/** The tangent of f at p. */
export function tangent(e: Emit, p: Value, f: (v: Value) => Value, derivative: (v: Value) => Value): { slope: Value; offset: Value } {
  const slope = derivative(p);
  return { slope, offset: e.Sub(f(p), e.Mul(slope, p)) };
}

type Scalar = (e: Emit, x: Value, node: Node) => Value;

/** Lines of a convex function: a tangent below (at the middle), the chord above. */
export const convex =
  (f: Scalar, derivative: Scalar): LineRule =>
  (e, node, [x]) => {
    const F = (v: Value) => f(e, v, node);
    const D = (v: Value) => derivative(e, v, node);
    const below = tangent(e, centre(e, x!), F, D);
    const above = chord(e, x!, F, "above");
    return { lower: { slopes: [below.slope], offset: below.offset }, upper: { slopes: [above.slope], offset: above.offset } };
  };

/** Lines of a concave function: the chord below, a tangent above (at the middle). */
export const concave =
  (f: Scalar, derivative: Scalar): LineRule =>
  (e, node, [x]) => {
    const F = (v: Value) => f(e, v, node);
    const below = chord(e, x!, F, "below");
    const above = tangent(e, centre(e, x!), F, (v) => derivative(e, v, node));
    return { lower: { slopes: [below.slope], offset: below.offset }, upper: { slopes: [above.slope], offset: above.offset } };
  };

/**
 * Lines of an increasing S-shape (convex left of 0, concave right of it, derivative largest at 0).
 * On one side of 0: chord and tangent. Across 0: both lines have slope min(f'(l), f'(u)), the least
 * derivative on the box. Singh et al. 2019 (DeepPoly), §4.2.
 */
export const sShaped =
  (f: Scalar, derivative: Scalar): LineRule =>
  (e, node, [x]) => {
    const F = (v: Value) => f(e, v, node);
    const D = (v: Value) => derivative(e, v, node);
    const o = e.scalar(0, x!.lo);
    const left = e.LessOrEqual(x!.hi, o);
    const right = e.GreaterOrEqual(x!.lo, o);
    const least = e.Min(D(x!.lo), D(x!.hi));
    const t = tangent(e, centre(e, x!), F, D);
    const through = (p: Value) => ({ slope: least, offset: e.Sub(F(p), e.Mul(least, p)) });
    const pick = (cond: Value, p: { slope: Value; offset: Value }, q: { slope: Value; offset: Value }) => ({
      slope: e.Where(cond, p.slope, q.slope),
      offset: e.Where(cond, p.offset, q.offset),
    });
    const lower = pick(right, chord(e, x!, F, "below"), pick(left, t, through(x!.lo)));
    const upper = pick(left, chord(e, x!, F, "above"), pick(right, t, through(x!.hi)));
    return { lower: { slopes: [lower.slope], offset: lower.offset }, upper: { slopes: [upper.slope], offset: upper.offset } };
  };

/** Enclosure of a function of one input that falls until `turn` and rises after it: the least is f(clamp(turn)). */
export const valley =
  (f: Scalar, turn: number): IntervalRule =>
  (e, node, [x]) => {
    const l = f(e, x!.lo, node);
    const u = f(e, x!.hi, node);
    const at = e.Min(e.Max(e.scalar(turn, x!.lo), x!.lo), x!.hi);
    return [{ lo: f(e, at, node), hi: e.Max(l, u) }];
  };

/** Fold a function of numbers elementwise over broadcast constants. */
export function foldElementwise(f: (...xs: number[]) => number, dtype?: "bool"): NonNullable<Op["fold"]> {
  return (inputs, call) => {
    const ts = inputs as readonly Tensor[];
    const shape = broadcast(...ts.map((t) => t.shape));
    const n = shape.reduce((p, d) => p * d, 1);
    if (n > 4096) return null;
    const reads = ts.map((t) => reader(t, shape));
    const out = Array.from({ length: n }, (_, i) => f(...reads.map((r) => r(i))));
    return [toTensor(out, shape, dtype ?? arg(call, 0).type.dtype)];
  };
}

/** Element i (row-major in `shape`) of a tensor broadcast to `shape`. */
export function reader(t: Tensor, shape: readonly number[]): (i: number) => number {
  const to = strides(shape);
  const from = strides(t.shape);
  const lead = shape.length - t.shape.length;
  return (i) => {
    let at = 0;
    let rest = i;
    for (let a = 0; a < shape.length; a++) {
      const k = Math.floor(rest / to[a]!);
      rest -= k * to[a]!;
      if (a >= lead && t.shape[a - lead] !== 1) at += k * from[a - lead]!;
    }
    return Number(t.data[at]);
  };
}

export function toTensor(values: readonly number[], shape: readonly number[], dtype: DType): Tensor {
  const data = new arrays[dtype](values.length);
  for (let i = 0; i < values.length; i++) data[i] = (isBig(dtype) ? BigInt(Math.trunc(values[i]!)) : values[i]!) as never;
  return { dtype, shape, data };
}

/**
 * Zeros (or `value`) before and after chosen axes. Said of every axis: onnxruntime 1.30 moves a transpose over a pad as if it were, and
 * of chosen ones it would read amounts that are not there.
 */
export function padAxes(
  e: Emit,
  x: Value,
  axes: readonly number[],
  before: readonly number[],
  after: readonly number[],
  value: Value | "edge" | null = null,
): Value {
  const rank = x.type.shape.length;
  const pads = new Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    pads[axis] = before[i]!;
    pads[axis + rank] = after[i]!;
  });
  return e.node("Pad", [x, e.ints(pads), value === "edge" ? null : value], value === "edge" ? { mode: "edge" } : {})[0]!;
}

/** Values of one shape put between one another along an axis: of a and b, a₀ b₀ a₁ b₁ …; null is zeros, and null only if all are. */
export function interleaved(e: Emit, parts: readonly (Value | null)[], axis: number): Value | null {
  const like = parts.find((p) => p !== null);
  if (!like || parts.length === 1) return like ?? null;
  const column = (p: Value): Value => e.Unsqueeze(p, e.ints([axis + 1]));
  const zeros = parts.includes(null) ? e.Expand(e.scalar(0, like), e.Shape(column(like))) : null;
  const { shape } = like.type;
  const sides = e.Concat(...parts.map((p) => (p ? column(p) : zeros!)), { axis: axis + 1 });
  return e.Reshape(sides, e.ints(shape.map((d, i) => (i < axis ? 0 : i === axis ? d * parts.length : d))));
}

/** Swap the last two axes. */
export const transposed = (e: Emit, x: Value): Value => {
  const r = x.type.shape.length;
  return e.Transpose(x, { perm: [...Array.from({ length: r - 2 }, (_, i) => i), r - 1, r - 2] });
};

/** Insert an axis of size 1 without writing other sizes. */
export const unsqueeze = (e: Emit, x: Value, axis: number): Value => e.node("Unsqueeze", [x, e.ints([axis])])[0]!;
/** Drop an axis of size 1 without writing other sizes. */
export const squeeze = (e: Emit, x: Value, axis: number): Value => e.node("Squeeze", [x, e.ints([axis])])[0]!;
