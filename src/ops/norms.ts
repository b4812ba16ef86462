/** Division by a norm: of a vector, of all deviations, of neighbouring channels. */
import { axisOf } from "../base/index.ts";
import { padAxes, same } from "./algebra.ts";
import { arg, composed, int, ints, type Op } from "./op.ts";

/** All by way of simpler operators; onnxruntime's kernel runs forward. */
const throughParts = (compose: NonNullable<Op["compose"]>, more: Partial<Op> = {}): Op => ({
  infer: same,
  vjp: composed,
  interval: composed,
  lines: composed,
  compose,
  ...more,
});

/** x/‖x‖ₚ along an axis, p 1 or 2; 0 where x is. */
export const LpNormalization: Op = throughParts((e, node) => {
  const x = arg(node, 0);
  const axis = e.ints([axisOf(int(node, "axis", -1), x.type.shape.length)]);
  const [norm] = e.node(int(node, "p", 2) === 1 ? "ReduceL1" : "ReduceL2", [x, axis], { keepdims: 1 });
  return [e.Div(x, e.Max(norm!, e.scalar(1e-30, x)))];
});

/** (x − μ)/(σ + 10⁻⁹) */
export const MeanVarianceNormalization: Op = throughParts(
  (e, node) => {
    const x = arg(node, 0);
    const axes = e.ints(ints(node, "axes") ?? [0, 2, 3]);
    const centred = e.Sub(x, e.ReduceMean(x, axes, { keepdims: 1 }));
    const deviation = e.Sqrt(e.ReduceMean(e.Pow(centred, e.scalar(2, x)), axes, { keepdims: 1 }));
    return [e.Div(centred, e.Add(deviation, e.scalar(1e-9, x)))];
  },
  { noFloat64: true },
);

/** x/(bias + α/size·Σ x²)^β, the sum over `size` channels around each. Krizhevsky et al. 2012, §3.3. */
export const LRN: Op = throughParts(
  (e, node) => {
    const x = arg(node, 0);
    const size = int(node, "size", 1);
    const channels = x.type.shape[1]!;
    const before = Math.floor((size - 1) / 2);
    const wide = padAxes(e, e.Pow(x, e.scalar(2, x)), [1], [before], [size - 1 - before]);
    const sum = Array.from({ length: size }, (_, k) => e.Slice(wide, e.ints([k]), e.ints([k + channels]), e.ints([1]), e.ints([1]))).reduce(
      (a, b) => e.Add(a, b),
    );
    const scale = e.Add(e.Mul(sum, e.scalar(int(node, "alpha", 1e-4) / size, x)), e.scalar(int(node, "bias", 1), x));
    return [e.Div(x, e.Pow(scale, e.scalar(int(node, "beta", 0.75), x)))];
  },
  { noFloat64: true },
);
