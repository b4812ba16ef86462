/** What generated samples are good for: a classifier that saw no others, on real test data. Ravuri & Vinyals 2019, arXiv:1905.10887. */
import type { Tensor } from "../../base/index.ts";
import { classifier } from "../../nn/index.ts";
import type { RunOptions } from "../../run/index.ts";
import { evaluator, fit } from "../../train/index.ts";

interface Labelled {
  readonly x: Tensor<"float32">;
  readonly y: ArrayLike<number>;
}

/** Passes over the generated samples. */
const EPOCHS = 6;

/** Accuracy on `test` of conv16-conv32-fc100, trained on generated samples with the classes that they were asked for. */
export async function trainSyntheticTestReal(
  synthetic: Labelled,
  test: Labelled,
  classes: number,
  { seed = 0, ...run }: RunOptions & { seed?: number } = {},
): Promise<number> {
  const shape = test.x.shape.slice(1);
  const layer = classifier(shape.length === 3 ? "cnn" : "mlp", shape, classes, seed);
  const { weights } = await fit(
    layer,
    synthetic,
    { x: { ...test.x, shape: [0, ...shape], data: new Float32Array() }, y: [] },
    { ...run, seed, epochs: EPOCHS, batch: 64 },
  );
  const judge = await evaluator(layer, run);
  try {
    return (await judge.score(weights, test)).accuracy;
  } finally {
    await judge.release();
  }
}
