/** Normalisation layers, as they stand at inference. */
import { axisOf } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { same, unbroadcast } from "./algebra.ts";
import { affine, arg, type Call, composed, int, type Op } from "./op.ts";

/** A per-channel vector [C] as [C, 1, …] so that it broadcasts over axis 1. */
const perChannel = (e: Emit, v: Value, rank: number): Value =>
  rank > 2 ? e.node("Unsqueeze", [v, e.ints(Array.from({ length: rank - 2 }, (_, i) => i + 1))])[0]! : v;

/** scale·(x − mean)/√(variance + ε) + bias, with stored statistics. */
function batchNormalization(e: Emit, node: Node): Value[] {
  const [x, scale, bias, mean, variance] = node.inputs as Value[];
  const rank = x!.type.shape.length;
  const factor = e.Div(scale!, e.Sqrt(e.Add(variance!, e.scalar(int(node, "epsilon", 1e-5), variance!))));
  const shift = e.Sub(bias!, e.Mul(mean!, factor));
  return [e.Add(e.Mul(x!, perChannel(e, factor, rank)), perChannel(e, shift, rank))];
}

export const BatchNormalization: Op = {
  infer: same,
  // through the composition: inference statistics make it an affine map of x
  vjp: (e, node, [dy]) => {
    const [x, scale, , mean, variance] = node.inputs as Value[];
    const rank = x!.type.shape.length;
    const deviation = e.Sqrt(e.Add(variance!, e.scalar(int(node, "epsilon", 1e-5), variance!)));
    const factor = e.Div(scale!, deviation);
    const axes = e.ints([0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2)]);
    const total = (v: Value) => e.ReduceSum(v, axes, { keepdims: 0 });
    const dBias = total(dy!);
    const centred = total(e.Mul(dy!, e.Sub(x!, perChannel(e, mean!, rank))));
    const half = e.scalar(-0.5, dBias);
    return [
      e.Mul(dy!, perChannel(e, factor, rank)),
      e.Div(centred, deviation),
      dBias,
      e.Neg(e.Mul(dBias, factor)),
      e.Mul(half, e.Div(e.Mul(centred, factor), e.Mul(deviation, deviation))),
    ];
  },
  interval: composed,
  lines: composed,
  compose: batchNormalization,
};

/** (x − μ)/√(σ² + ε) over `axes`. The square is a power, whose enclosure is never negative. */
function standardized(e: Emit, x: Value, axes: Value, epsilon: number): Value {
  const centred = e.Sub(x, e.ReduceMean(x, axes, { keepdims: 1 }));
  const variance = e.ReduceMean(e.Pow(centred, e.scalar(2, x)), axes, { keepdims: 1 });
  return e.Div(centred, e.Sqrt(e.Add(variance, e.scalar(epsilon, x))));
}

/** The vjp of `standardized`: (g − mean(g) − z·mean(g·z))/σ. */
function standardizedVjp(e: Emit, x: Value, g: Value, axes: Value, epsilon: number): { dx: Value; z: Value } {
  const centred = e.Sub(x, e.ReduceMean(x, axes, { keepdims: 1 }));
  const variance = e.ReduceMean(e.Mul(centred, centred), axes, { keepdims: 1 });
  const rate = e.Reciprocal(e.Sqrt(e.Add(variance, e.scalar(epsilon, x))));
  const z = e.Mul(centred, rate);
  const inner = e.Sub(e.Sub(g, e.ReduceMean(g, axes, { keepdims: 1 })), e.Mul(z, e.ReduceMean(e.Mul(g, z), axes, { keepdims: 1 })));
  return { dx: e.Mul(inner, rate), z };
}

const last = (call: Call): number[] => {
  const rank = arg(call, 0).type.shape.length;
  const from = axisOf(int(call, "axis", -1), rank);
  return Array.from({ length: rank - from }, (_, i) => from + i);
};

export const LayerNormalization: Op = {
  infer: same,
  vjp: (e, node, [dy]) => {
    const [x, scale, bias] = node.inputs;
    const { dx, z } = standardizedVjp(e, x!, e.Mul(dy!, scale!), e.ints(last(node)), int(node, "epsilon", 1e-5));
    return [dx, unbroadcast(e, e.Mul(dy!, z), scale!), bias ? unbroadcast(e, dy!, bias) : null];
  },
  interval: composed,
  lines: composed,
  noFloat64: true,
  compose: (e, node) => {
    const [x, scale, bias] = node.inputs;
    const y = e.Mul(standardized(e, x!, e.ints(last(node)), int(node, "epsilon", 1e-5)), scale!);
    return [bias ? e.Add(y, bias) : y];
  },
};

const spatial = (call: Call): number[] => Array.from({ length: arg(call, 0).type.shape.length - 2 }, (_, i) => i + 2);

export const InstanceNormalization: Op = {
  infer: same,
  vjp: (e, node, [dy]) => {
    const [x, scale, bias] = node.inputs as Value[];
    const rank = x!.type.shape.length;
    const { dx, z } = standardizedVjp(e, x!, e.Mul(dy!, perChannel(e, scale!, rank)), e.ints(spatial(node)), int(node, "epsilon", 1e-5));
    const axes = e.ints([0, ...spatial(node)]);
    return [dx, e.ReduceSum(e.Mul(dy!, z), axes, { keepdims: 0 }), bias ? e.ReduceSum(dy!, axes, { keepdims: 0 }) : null];
  },
  interval: composed,
  lines: composed,
  noFloat64: true,
  compose: (e, node) => {
    const [x, scale, bias] = node.inputs as Value[];
    const rank = x!.type.shape.length;
    const z = standardized(e, x!, e.ints(spatial(node)), int(node, "epsilon", 1e-5));
    return [e.Add(e.Mul(z, perChannel(e, scale!, rank)), perChannel(e, bias!, rank))];
  },
};

/** [N, C, …] as [N, groups, rest]. */
const grouped = (e: Emit, x: Value, node: Call): Value => e.Reshape(x, e.ints([0, int(node, "num_groups", 1), -1]));
const ungrouped = (e: Emit, y: Value, node: Call): Value => e.Reshape(y, e.ints([0, ...arg(node, 0).type.shape.slice(1)]));

/** Opset 21: scale and bias are per channel. Wu & He 2018, arXiv:1803.08494. */
export const GroupNormalization: Op = {
  infer: same,
  vjp: (e, node, [dy]) => {
    const [x, scale] = node.inputs as Value[];
    const rank = x!.type.shape.length;
    const g = grouped(e, e.Mul(dy!, perChannel(e, scale!, rank)), node);
    const { dx, z } = standardizedVjp(e, grouped(e, x!, node), g, e.ints([2]), int(node, "epsilon", 1e-5));
    const axes = e.ints([0, ...spatial(node)]);
    return [
      ungrouped(e, dx, node),
      e.ReduceSum(e.Mul(dy!, ungrouped(e, z, node)), axes, { keepdims: 0 }),
      e.ReduceSum(dy!, axes, { keepdims: 0 }),
    ];
  },
  interval: composed,
  lines: composed,
  noFloat64: true,
  compose: (e, node) => {
    const [x, scale, bias] = node.inputs as Value[];
    const rank = x!.type.shape.length;
    const z = ungrouped(e, standardized(e, grouped(e, x!, node), e.ints([2]), int(node, "epsilon", 1e-5)), node);
    return [e.Add(e.Mul(z, perChannel(e, scale!, rank)), perChannel(e, bias!, rank))];
  },
};

/** At inference, the identity. */
export const Dropout: Op = {
  infer: same,
  vjp: (_, node, [dy]) => node.inputs.map((_x, i) => (i === 0 ? dy! : null)),
  interval: (_, __, [x]) => [x!],
  lines: affine,
};
