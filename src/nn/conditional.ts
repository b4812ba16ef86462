/** Layers of networks that are told the class of a sample. */
import { fail, fold, full, zeros } from "../base/index.ts";
import type { Value } from "../graph/index.ts";
import { normalInit } from "./init.ts";
import { type LayerSpec, needRank, type Scope } from "./layer.ts";

function told({ classes }: Scope, layer: string): Value {
  return (
    classes ??
    fail({
      code: "layer-classes",
      expected: `${layer} to be told the class of each sample`,
      got: "none",
      mend: "train on labelled data, with `classes`",
    })
  );
}

/** Appends an embedding of the class: [N, d] → [N, d + size]. */
export const classEmbedding =
  (classes: number, width: number): LayerSpec =>
  (inputShape, key) => {
    needRank("classEmbedding", inputShape, 1, "flat samples [features]");
    return {
      name: "classEmbedding",
      params: { weight: normalInit(1)(fold(key, "weight"), [classes, width], { in: classes, out: width }) },
      buffers: {},
      inputShape,
      outputShape: [inputShape[0]! + width],
      apply: (scope, x) => scope.e.Concat(x, scope.e.MatMul(told(scope, "classEmbedding"), scope.get("weight")), { axis: 1 }),
    };
  };

/**
 * The logit of a projection discriminator: features φ → w·φ + b + v_class·φ, [N, d] → [N, 1]. Miyato & Koyama 2018, arXiv:1802.05637, eq. 3. Without
 * classes, the first two terms.
 */
export const projection =
  (classes: number): LayerSpec =>
  (inputShape, key) => {
    needRank("projection", inputShape, 1, "features [d]");
    const [d] = inputShape as [number];
    const init = normalInit(1 / Math.sqrt(d));
    return {
      name: "projection",
      params: {
        weight: init(fold(key, "weight"), [d, 1], { in: d, out: 1 }),
        bias: zeros([1]),
        embedding: init(fold(key, "embedding"), [classes, d], { in: d, out: 1 }),
      },
      buffers: {},
      inputShape,
      outputShape: [1],
      apply: (scope, x) => {
        const { e, get } = scope;
        const own = e.Add(e.MatMul(x, get("weight")), get("bias"));
        const along = e.MatMul(told(scope, "projection"), get("embedding"));
        return e.Add(own, e.ReduceSum(e.Mul(along, x), e.ints([1]), { keepdims: 1 }));
      },
    };
  };

/**
 * The logit of a discriminator that also says which class it sees: [N, d] → [N, 1], and marks “classes”, logits [N, classes]. Odena, Olah & Shlens 2016 (AC-GAN),
 * arXiv:1610.09585.
 */
export const auxiliary =
  (classes: number): LayerSpec =>
  (inputShape, key) => {
    needRank("auxiliary", inputShape, 1, "features [d]");
    const [d] = inputShape as [number];
    const init = normalInit(1 / Math.sqrt(d));
    return {
      name: "auxiliary",
      params: {
        weight: init(fold(key, "weight"), [d, 1], { in: d, out: 1 }),
        bias: zeros([1]),
        "classes.weight": init(fold(key, "classes"), [d, classes], { in: d, out: classes }),
        "classes.bias": zeros([classes]),
      },
      buffers: {},
      inputShape,
      outputShape: [1],
      apply: ({ e, get, mark }, x) => {
        mark?.("classes", e.Add(e.MatMul(x, get("classes.weight")), get("classes.bias")));
        return e.Add(e.MatMul(x, get("weight")), get("bias"));
      },
    };
  };

/**
 * Batch normalisation with a scale and a shift for each class. Dumoulin et al. 2016, arXiv:1610.07629; for GANs Miyato & Koyama 2018. Running statistics as
 * `batchNorm`.
 */
export const conditionalBatchNorm =
  (classes: number, { epsilon = 1e-5, momentum = 0.1 }: { readonly epsilon?: number; readonly momentum?: number } = {}): LayerSpec =>
  (inputShape) => {
    const c = inputShape[0]!;
    return {
      name: "conditionalBatchNorm",
      params: { weight: full([classes, c], 1), bias: zeros([classes, c]) },
      buffers: { mean: zeros([c]), variance: full([c], 1) },
      inputShape,
      outputShape: inputShape,
      coupled: "conditionalBatchNorm",
      apply: (scope, x) => {
        const { e, training, get, update } = scope;
        const positions = inputShape.slice(1).map((_, i) => i + 2);
        const column = e.ints([1, c, ...positions.map(() => 1)]);
        let [mean, variance] = [e.Reshape(get("mean"), column), e.Reshape(get("variance"), column)];
        if (training) {
          const axes = e.ints([0, ...positions]);
          mean = e.ReduceMean(x, axes, { keepdims: 1 });
          const centred = e.Sub(x, mean);
          variance = e.ReduceMean(e.Mul(centred, centred), axes, { keepdims: 1 });
          const count = x.type.shape.reduce((n, d, i) => (i === 1 ? n : n * d), 1);
          const running = (name: string, now: Value) =>
            update(name, e.Add(e.Mul(get(name), e.scalar(1 - momentum, x)), e.Mul(e.Reshape(now, e.ints([c])), e.scalar(momentum, x))));
          running("mean", mean);
          running("variance", e.Mul(variance, e.scalar(count / Math.max(count - 1, 1), x)));
        }
        const own = told(scope, "conditionalBatchNorm");
        const perSample = (name: string) => e.Reshape(e.MatMul(own, get(name)), e.ints([-1, c, ...positions.map(() => 1)]));
        const unit = e.Div(e.Sub(x, mean), e.Sqrt(e.Add(variance, e.scalar(epsilon, x))));
        return e.Add(e.Mul(unit, perSample("weight")), perSample("bias"));
      },
    };
  };
