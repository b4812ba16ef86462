/** Loss and accuracy of a layer on data, in inference mode. */
import { rows, size, type Tensor } from "../base/index.ts";
import { input } from "../graph/index.ts";
import { apply, bind, crossEntropy, type Layer, sum, type Tensors } from "../nn/index.ts";
import { builder } from "../pass/index.ts";
import { compile, type RunOptions } from "../run/index.ts";

export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

const BATCH = 250;

/** Compile an evaluator of `layer`; weights are given at each call. */
export async function evaluator(layer: Layer, run: RunOptions = {}) {
  const e = builder();
  const x = input("float32", [BATCH, ...layer.inputShape], "x");
  const labels = input("int64", [BATCH], "labels");
  const present = input("float32", [BATCH], "present");
  const bound = bind(layer);
  const { output } = apply(e, layer, bound, x, { training: false });
  const hit = e.node("ArgMax", [output], { axis: 1, keepdims: 0 })[0]!;
  const hits = sum(e, e.Mul(present, e.Where(e.Equal(hit, labels), e.scalar(1, present), e.scalar(0, present))));
  const loss = sum(e, e.Mul(present, crossEntropy(e, output, labels)));
  const values = [...bound.params, ...bound.buffers];
  const program = await compile({ inputs: [x, labels, present, ...values.map(([, v]) => v)], outputs: [loss, hits] }, run);
  const width = size(layer.inputShape);
  return {
    async score(weights: Tensors, data: { x: Tensor<"float32">; y: ArrayLike<number> }): Promise<Score> {
      const n = data.y.length;
      const feeds = values.map(([name]) => weights[name]!);
      let [total, right] = [0, 0];
      for (let at = 0; at < n; at += BATCH) {
        const count = Math.min(BATCH, n - at);
        const images = new Float32Array(BATCH * width);
        images.set(rows(data.x, at, at + count).data);
        const y = new BigInt64Array(BATCH);
        const mask = new Float32Array(BATCH);
        for (let i = 0; i < count; i++) {
          y[i] = BigInt(data.y[at + i]!);
          mask[i] = 1;
        }
        const [l, h] = await program.run([
          { dtype: "float32", shape: x.type.shape, data: images },
          { dtype: "int64", shape: [BATCH], data: y },
          { dtype: "float32", shape: [BATCH], data: mask },
          ...feeds,
        ]);
        total += Number(l!.data[0]);
        right += Number(h!.data[0]);
      }
      return { loss: total / Math.max(n, 1), accuracy: right / Math.max(n, 1) };
    },
    release: program.release,
  };
}
