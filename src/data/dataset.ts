import { fail, strides, type Tensor } from "../base/index.ts";

/** Samples, labelled for most purposes, and where they come from. */
export interface Dataset {
  readonly name: string;
  /** [N, …inputShape] */
  readonly x: Tensor<"float32">;
  /** Class of each sample; 0 where there are no labels. */
  readonly y: Int32Array;
  /** None where there are no labels. */
  readonly classes: readonly string[];
  /** Of one sample, without the batch. */
  readonly inputShape: readonly number[];
  /** Least and largest valid value of an input. */
  readonly range: readonly [number, number];
  /** For reports: source, split, hash. */
  readonly provenance: Readonly<Record<string, string | number>>;
}

export interface DatasetOptions {
  readonly name: string;
  /** [N, …inputShape], images as [N, C, H, W]. */
  readonly x: Tensor<"float32">;
  /** Classes as numbers from 0; left out of samples without labels. */
  readonly y?: ArrayLike<number | bigint>;
  /** Default: "0", "1", … up to the largest label. */
  readonly classes?: readonly string[];
  /** Default: [0, 1] where all values lie within, else the least and the largest found. */
  readonly range?: readonly [number, number];
  readonly provenance?: Readonly<Record<string, string | number>>;
}

/** More classes than this are no classes: a column of identifiers, or of measurements. */
const MOST_CLASSES = 100_000;

/** A dataset, checked: samples and labels match, every value is finite, every label is a class. The one place that checks. */
export function dataset({ name, x, y, classes, range, provenance = {} }: DatasetOptions): Dataset {
  const [n = 0, ...inputShape] = x.shape;
  if (x.data.length === 0)
    fail({
      code: "data-empty",
      expected: `samples in ${name}`,
      got: `none (shape [${x.shape}])`,
      mend: "name data with at least one sample",
    });
  if (inputShape.length === 0)
    fail({
      code: "data-shape",
      expected: `x of shape [N, …] in ${name}`,
      got: `[${x.shape}]`,
      mend: "give each sample an axis of its own, even for one feature: x[:, None]",
    });
  if (y && y.length !== n)
    fail({
      code: "data-length",
      expected: `${n} labels in ${name}, one a sample`,
      got: `${y.length}`,
      mend: "save x and y of the same length",
    });
  const found = extent(name, x);
  const labels = y ? labelsOf(name, y, classes?.length ?? MOST_CLASSES) : new Int32Array(n);
  return {
    name,
    x,
    y: labels,
    classes: classes ?? Array.from({ length: y ? labels.reduce((most, k) => Math.max(most, k), 0) + 1 : 0 }, (_, k) => `${k}`),
    inputShape,
    range: range ?? (found[0] >= 0 && found[1] <= 1 ? [0, 1] : found),
    provenance,
  };
}

/** Least and largest value; refuses what is not finite. */
function extent(name: string, { shape, data }: Tensor<"float32">): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const v = data[i]!;
    // NaN fails every comparison
    if (!(v > Number.NEGATIVE_INFINITY && v < Number.POSITIVE_INFINITY))
      fail({
        code: "data-not-finite",
        expected: `finite float32 values in ${name}`,
        got: `${v} at x[${strides(shape).map((s, axis) => Math.floor(i / s) % shape[axis]!)}]`,
        mend: "drop or fill such samples",
      });
    if (v < least) least = v;
    if (v > most) most = v;
  }
  return [least, most];
}

function labelsOf(name: string, y: ArrayLike<number | bigint>, classes: number): Int32Array {
  const out = new Int32Array(y.length);
  for (let i = 0; i < y.length; i++) {
    const k = Number(y[i]);
    if (!Number.isInteger(k) || k < 0 || k >= classes)
      fail({
        code: "data-label",
        expected: `labels in ${name} that are whole numbers from 0 to ${classes - 1}`,
        got: `${y[i]} at y[${i}]`,
        mend: "number the classes from 0",
      });
    out[i] = k;
  }
  return out;
}
