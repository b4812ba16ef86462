/** Softmax and normalisation layers. */
import { draw, type Row, w, x } from "../row.ts";

const d = draw("normalization");

const softmax = (op: string): Row[] => [
  { op, inputs: [x(d.shape(2))] },
  { op, about: "sharp", inputs: [x([2, 5], -12, 12)] },
  {
    op,
    about: "beyond the exponential's range",
    inputs: [x([2, 5], -80, 80)],
    loose: "an exponential overflows, and its lines give up",
    unbounded: "likewise",
  },
  { op, attrs: { axis: 1 }, about: "axis 1 of 3", inputs: [x(d.shape(3))] },
  { op, attrs: { axis: -2 }, about: "axis -2 of 4", inputs: [x(d.shape(4))] },
  { op, attrs: { axis: 0 }, about: "over the batch", inputs: [x(d.shape(2))], mixesBatch: true },
];

/** scale and bias, one a channel. */
const affineOf = (c: number) => [w([c], -2, 2), w([c], -1, 1)] as const;
/** Perturbed statistics at one point differ from the kernel by rounding only. */
const batch = (shape: number[], epsilon?: number): Row => ({
  op: "BatchNormalization",
  about: `rank ${shape.length}`,
  attrs: epsilon ? { epsilon } : {},
  inputs: [x(shape), ...affineOf(shape[1]!), w([shape[1]!], -1, 1), w([shape[1]!], 0.3, 2)],
});

const layer = (shape: number[], axis: number, more: Partial<Row> = {}): Row => ({
  op: "LayerNormalization",
  about: `axis ${axis} of ${shape.length}`,
  attrs: { axis, epsilon: 1e-3 },
  inputs: [x(shape), w(shape.slice(axis), -2, 2), w(shape.slice(axis), -1, 1)],
  ...more,
});

const instance = (shape: number[]): Row => ({
  op: "InstanceNormalization",
  about: `rank ${shape.length}`,
  attrs: { epsilon: 1e-3 },
  inputs: [x(shape), ...affineOf(shape[1]!)],
});

const group = (shape: number[], groups: number): Row => ({
  op: "GroupNormalization",
  about: `${groups} groups of [${shape}]`,
  attrs: { num_groups: groups, epsilon: 1e-3 },
  inputs: [x(shape), ...affineOf(shape[1]!)],
});

export const normalization: Row[] = [
  ...softmax("Softmax"),
  ...softmax("LogSoftmax"),
  batch([3, 4]),
  batch([2, 3, 4], 1e-3),
  batch([2, 3, 2, 3]),
  batch([2, 2, 2, 2, 2]),
  layer(d.shape(2), -1),
  layer(d.shape(3), -1),
  layer(d.shape(3), -2),
  layer(d.shape(4), 2),
  layer([2, 3], 0, { mixesBatch: true }),
  { op: "LayerNormalization", about: "no bias", inputs: [x([2, 5]), w([5])] },
  instance([2, 3, 5]),
  instance([2, 3, 3, 2]),
  instance([2, 2, 2, 2, 2]),
  group([2, 4, 3], 2),
  group([2, 6, 2, 2], 3),
  group([2, 4, 2, 2], 1),
  group([3, 4, 2, 2], 4),
  { op: "LpNormalization", inputs: [x([2, 5])] },
  { op: "LpNormalization", about: "ℓ₁, axis 1 of 3", attrs: { p: 1, axis: 1 }, inputs: [x([2, 4, 3], -2, 2, { kinks: [0] })] },
  { op: "MeanVarianceNormalization", about: "each sample", attrs: { axes: [1, 2] }, inputs: [x([2, 3, 4])] },
  { op: "MeanVarianceNormalization", inputs: [x([2, 2, 2, 3])], mixesBatch: true },
  { op: "LRN", attrs: { size: 3, alpha: 0.5, beta: 0.75, bias: 1 }, inputs: [x([2, 4, 2, 2])] },
  { op: "LRN", about: "wider than the channels", attrs: { size: 5 }, inputs: [x([2, 2, 2, 1])] },
  { op: "Dropout", inputs: [x(d.shape(3))] },
];
