/** Norms as values: how a ball is entered, climbed in and projected to. Emitted on [N, …] batches, sample by sample. */
import { type Key, normal, size, type Tensor, uniform } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";
import { mask } from "../ops/algebra.ts";

export interface Norm {
  readonly name: "linf" | "l2";
  /** The steepest ascent direction of norm 1 for gradient `g`. */
  direction(e: Emit, g: Value): Value;
  /** `z` brought into the ball of radius `epsilon`, a scalar, around `x`, then into the range of the data. */
  project(e: Emit, z: Value, x: Value, epsilon: Value, range: readonly [number, number]): Value;
  /** A random perturbation of one sample, inside the ball. */
  start(key: Key, n: number, epsilon: number): Float32Array;
  /** The norm of one sample's perturbation. */
  distance(delta: ArrayLike<number>): number;
}

const perSample = (e: Emit, v: Value): Value => e.ints(v.type.shape.map((_, i) => i).slice(1));

/** √Σ over all axes but the batch, at least `tiny`, kept as [N, 1, …]. */
const length = (e: Emit, v: Value): Value => e.Sqrt(e.Max(e.ReduceSum(e.Mul(v, v), perSample(e, v), { keepdims: 1 }), e.scalar(1e-24, v)));

/** max |δᵢ|. The steepest step is the sign of the gradient. */
export const linf: Norm = {
  name: "linf",
  // Sign by comparisons: a gradient that is NaN asks for no step
  direction: (e, g) => e.Sub(mask(e, e.Greater(g, e.scalar(0, g)), g), mask(e, e.Less(g, e.scalar(0, g)), g)),
  // the box in the box: of the two, only `z` changes from step to step
  project: (e, z, x, epsilon, [low, high]) =>
    e.Max(e.Min(z, e.Min(e.Add(x, epsilon), e.scalar(high, x))), e.Max(e.Sub(x, epsilon), e.scalar(low, x))),
  start: (key, n, epsilon) => uniform(key, n, -epsilon, epsilon),
  distance: (delta) => {
    let d = 0;
    for (let i = 0; i < delta.length; i++) d = Math.max(d, Math.abs(delta[i]!));
    return d;
  },
};

/** √Σδᵢ². The steepest step is the gradient, normalised. */
export const l2: Norm = {
  name: "l2",
  direction: (e, gradient) => {
    // NaN asks for no step; scaled first: squares of tiny gradients underflow
    const g = e.Where(e.Equal(gradient, gradient), gradient, e.scalar(0, gradient));
    const scaled = e.Div(g, e.Max(e.ReduceMax(e.Abs(g), perSample(e, g), { keepdims: 1 }), e.scalar(1e-30, g)));
    return e.Div(scaled, length(e, scaled));
  },
  project: (e, z, x, epsilon, [low, high]) => {
    const delta = e.Sub(z, x);
    const inBall = e.Add(x, e.Mul(delta, e.Min(e.Div(epsilon, length(e, delta)), e.scalar(1, x))));
    return e.Min(e.Max(inBall, e.scalar(low, x)), e.scalar(high, x));
  },
  start: (key, n, epsilon) => {
    // uniform in the ball: a normal direction, radius ε·u^(1/n) (one more normal draw serves as the radius)
    const v = normal(key, n + 2);
    const radius = epsilon * Math.exp(-0.5 * (v[n]! ** 2 + v[n + 1]! ** 2)) ** (1 / n);
    const norm = Math.sqrt(v.subarray(0, n).reduce((s, z) => s + z * z, 0));
    return v.subarray(0, n).map((z) => (z * radius) / norm);
  },
  distance: (delta) => {
    let s = 0;
    for (let i = 0; i < delta.length; i++) s += delta[i]! ** 2;
    return Math.sqrt(s);
  },
};

export const norms: Readonly<Record<Norm["name"], Norm>> = { linf, l2 };

const scratch = new DataView(new ArrayBuffer(4));

/** The float32 next to `v`, in the direction of `to` (another float32). */
function nextTowards(v: number, to: number): number {
  if (v === to) return v;
  if (v === 0) return to > 0 ? 2 ** -149 : -(2 ** -149);
  scratch.setFloat32(0, v);
  // floats of one sign are ordered as their bits are
  scratch.setInt32(0, scratch.getInt32(0) + (Math.abs(to) > Math.abs(v) && to * v > 0 ? 1 : -1));
  return scratch.getFloat32(0);
}

/**
 * Bring a candidate into the ball around `x` and into the data's range, in place, in float32 and from the inside:
 * what is judged is what the user could feed.
 */
export function projectExactly(
  candidate: Float32Array,
  x: Float32Array,
  norm: Norm,
  epsilon: number,
  [low, high]: readonly [number, number],
): void {
  if (norm.name === "linf")
    for (let i = 0; i < x.length; i++) {
      candidate[i] = Math.min(Math.max(candidate[i]!, x[i]! - epsilon), x[i]! + epsilon);
      // rounding to float32 may step over the edge by half a unit in the last place
      if (Math.abs(candidate[i]! - x[i]!) > epsilon) candidate[i] = nextTowards(candidate[i]!, x[i]!);
    }
  else {
    const distance = () => norm.distance(Float64Array.from(candidate, (v, i) => v - x[i]!));
    // rounding again leaves the sphere now and then: shrink a little more each time
    for (let d = distance(), room = 2 ** -22; d > epsilon; d = distance(), room *= 2) {
      const s = Math.max((epsilon / d) * (1 - room), 0);
      for (let i = 0; i < x.length; i++) candidate[i] = x[i]! + s * (candidate[i]! - x[i]!);
    }
  }
  for (let i = 0; i < x.length; i++) candidate[i] = Math.min(Math.max(candidate[i]!, low), high);
}

/** Random starts of a batch, one key a sample: independent of the batch they are in. */
export function randomStarts(
  x: Tensor<"float32">,
  keys: readonly Key[],
  norm: Norm,
  epsilon: number,
  [low, high]: readonly [number, number],
): Tensor<"float32"> {
  const n = size(x.shape.slice(1));
  const data = x.data.slice();
  keys.forEach((key, i) => {
    const delta = norm.start(key, n, epsilon);
    for (let k = 0; k < n; k++) data[i * n + k] = Math.min(Math.max(data[i * n + k]! + delta[k]!, low), high);
  });
  return { dtype: "float32", shape: x.shape, data };
}
