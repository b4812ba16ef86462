/** Data in units of their own, and the size that networks, rates and penalties are meant for. */
import type { Tensor } from "../base/index.ts";
import type { Dataset } from "./dataset.ts";

type Numbers = Tensor<"float32">;

export interface DataUnits {
  /** Of the shape of a sample, or []. */
  readonly shift: Numbers;
  readonly scale: Numbers;
  /** Where (x − shift)/scale lies. */
  readonly range: readonly [number, number];
}

/** Of vectors, what brings each of their numbers from its least and largest to [−1, 1]; of others their range to [0, 1]. null where that changes nothing. */
export function unitsOf({ x, inputShape, range: [low, high] }: Pick<Dataset, "x" | "inputShape" | "range">): DataUnits | null {
  const numbers = (shape: readonly number[], data: readonly number[]): Numbers => ({
    dtype: "float32",
    shape,
    data: Float32Array.from(data),
  });
  if (inputShape.length !== 1) {
    const units = { shift: numbers([], [low]), scale: numbers([], [high - low || 1]), range: [0, 1] } as const;
    return low === 0 && high === 1 ? null : units;
  }
  const width = inputShape[0]!;
  const least = new Array<number>(width).fill(Number.POSITIVE_INFINITY);
  const most = new Array<number>(width).fill(Number.NEGATIVE_INFINITY);
  for (const [i, v] of x.data.entries()) {
    const k = i % width;
    if (v < least[k]!) least[k] = v;
    if (v > most[k]!) most[k] = v;
  }
  const half = most.map((v, k) => (v - least[k]!) / 2);
  return {
    shift: numbers(
      [width],
      half.map((h, k) => least[k]! + h),
    ),
    // a number that never changes is only shifted
    scale: numbers(
      [width],
      half.map((h) => h || 1),
    ),
    range: [-1, 1],
  };
}

const changed = (x: Numbers, { shift, scale }: DataUnits, f: (v: number, shift: number, scale: number) => number): Numbers => {
  const n = shift.data.length;
  return { ...x, data: x.data.map((v, i) => f(v, shift.data[i % n]!, scale.data[i % n]!)) };
};

/** Samples [n, …] as (x − shift)/scale. */
export const inUnits = (x: Numbers, units: DataUnits | null): Numbers => (units ? changed(x, units, (v, a, b) => (v - a) / b) : x);

/** And back. */
export const outOfUnits = (x: Numbers, units: DataUnits | null): Numbers => (units ? changed(x, units, (v, a, b) => a + b * v) : x);
