/**
 * Layers that let a discriminator see how samples of a batch differ: a generator that makes one thing is found out. Outside training, where a sample is asked about
 * alone, they tell the running mean of what they told of batches.
 */
import { fold, zeros } from "../base/index.ts";
import type { Value } from "../graph/index.ts";
import { normalInit } from "./init.ts";
import { type LayerSpec, needRank, type Scope } from "./layer.ts";

/** Share of the running mean that a new batch replaces. */
const MOMENTUM = 0.1;

/** Keep the mean of `now` [1, k] over batches. */
const remember = ({ e, get, update }: Scope, now: Value): void =>
  update("usual", e.Add(e.Mul(get("usual"), e.scalar(1 - MOMENTUM, now)), e.Mul(now, e.scalar(MOMENTUM, now))));

/** The running mean [1, k] for each sample of `x`, at any batch: [N, k]. */
function usual({ e, get }: Scope, x: Value, k: number): Value {
  const n = e.Slice(e.Shape(x), e.ints([0]), e.ints([1]), e.ints([0]), e.ints([1]));
  return e.Expand(get("usual"), e.Concat(n, e.ints([k]), { axis: 0 }));
}

/**
 * Appends a channel that holds, everywhere, the mean over all features of the standard deviation over groups of the batch. Karras et al. 2017, arXiv:1710.10196, §3.
 * A batch that is no multiple of `group` is one group.
 */
export const minibatchStddev =
  (group = 4): LayerSpec =>
  (inputShape) => {
    const [c, ...rest] = inputShape as [number, ...number[]];
    return {
      name: "minibatchStddev",
      params: {},
      buffers: { usual: zeros([1, 1]) },
      inputShape,
      outputShape: [c + 1, ...rest],
      coupled: "minibatchStddev",
      apply: (scope, x) => {
        const { e, training } = scope;
        const appended = (perSample: Value) => {
          const everywhere = e.Mul(e.Reshape(perSample, e.ints([-1, 1, ...rest.map(() => 1)])), e.fill(1, [1, 1, ...rest], "float32"));
          return e.Concat(x, everywhere, { axis: 1 });
        };
        if (!training) return appended(usual(scope, x, 1));
        const n = x.type.shape[0]!;
        const g = n % group === 0 ? group : n;
        // samples of a group lie n/g apart
        const groups = e.Reshape(x, e.ints([g, n / g, -1]));
        const centred = e.Sub(groups, e.ReduceMean(groups, e.ints([0]), { keepdims: 1 }));
        const variance = e.ReduceMean(e.Mul(centred, centred), e.ints([0]), { keepdims: 0 });
        const deviation = e.ReduceMean(e.Sqrt(e.Add(variance, e.scalar(1e-8, x))), e.ints([1]), { keepdims: 1 });
        remember(scope, e.Reshape(e.ReduceMean(deviation, null, { keepdims: 0 }), e.ints([1, 1])));
        return appended(e.Reshape(e.Expand(e.Reshape(deviation, e.ints([1, n / g])), e.ints([g, n / g])), e.ints([n, 1])));
      },
    };
  };

/**
 * Appends, for each of `kernels` learnt projections, how near a sample lies to the others of its batch: Σ_j exp(−‖M_i − M_j‖₁), without itself.
 * Salimans et al. 2016, arXiv:1606.03498, §3.2. [N, d] → [N, d + kernels]
 */
export const minibatchDiscrimination =
  (kernels = 50, width = 5): LayerSpec =>
  (inputShape, key) => {
    needRank("minibatchDiscrimination", inputShape, 1, "features [d]");
    const [d] = inputShape as [number];
    return {
      name: "minibatchDiscrimination",
      params: { weight: normalInit(1 / Math.sqrt(d))(fold(key, "weight"), [d, kernels * width], { in: d, out: kernels * width }) },
      buffers: { usual: zeros([1, kernels]) },
      inputShape,
      outputShape: [d + kernels],
      coupled: "minibatchDiscrimination",
      apply: (scope, x) => {
        const { e, training, get } = scope;
        if (!training) return e.Concat(x, usual(scope, x, kernels), { axis: 1 });
        const n = x.type.shape[0]!;
        const m = e.Reshape(e.MatMul(x, get("weight")), e.ints([n, kernels, width]));
        const pairs = e.Abs(e.Sub(e.Reshape(m, e.ints([n, 1, kernels, width])), e.Reshape(m, e.ints([1, n, kernels, width]))));
        const near = e.Exp(e.Neg(e.ReduceSum(pairs, e.ints([3]), { keepdims: 0 })));
        const others = e.Sub(e.ReduceSum(near, e.ints([1]), { keepdims: 0 }), e.scalar(1, x));
        remember(scope, e.ReduceMean(others, e.ints([0]), { keepdims: 1 }));
        return e.Concat(x, others, { axis: 1 });
      },
    };
  };
