/** The architectures that papers compare on, by name. */
import { fail, type Key, type Shape, seedKey } from "../base/index.ts";
import { relu } from "./activation.ts";
import { conv } from "./conv.ts";
import { dense } from "./dense.ts";
import type { Layer, LayerSpec } from "./layer.ts";
import { sequential } from "./sequential.ts";
import { flatten, maxPool } from "./shape.ts";

/** 1200-1200 rectifiers: the permutation-invariant MNIST network of Goodfellow et al. 2014 (arXiv:1412.6572, §5). */
const mlp = (classes: number): LayerSpec => sequential(flatten(), dense(1200), relu(), dense(1200), relu(), dense(classes));

/** conv16-conv32 (4×4, stride 2)-fc100. Wong, Rice & Kolter 2020, arXiv:2001.03994, MNIST. */
const cnn = (classes: number): LayerSpec =>
  sequential(
    conv(16, 4, { stride: 2, pad: 1 }),
    relu(),
    conv(32, 4, { stride: 2, pad: 1 }),
    relu(),
    flatten(),
    dense(100),
    relu(),
    dense(classes),
  );

/**
 * Two 5×5 convolutions (32, 64) with 2×2 pooling and fc1024. Madry et al. 2017, arXiv:1706.06083, MNIST. A rectifier and a
 * maximum commute; rectified after pooling, a quarter as much is left to rectify.
 */
const madry = (classes: number): LayerSpec =>
  sequential(
    conv(32, 5, { pad: 2 }),
    maxPool(2),
    relu(),
    conv(64, 5, { pad: 2 }),
    maxPool(2),
    relu(),
    flatten(),
    dense(1024),
    relu(),
    dense(classes),
  );

export const models: Readonly<Record<string, (classes: number) => LayerSpec>> = { mlp, cnn, madry };

/** A classifier by name, for samples of `inputShape`; its initial weights come from `seed`. */
export function classifier(name: string, inputShape: Shape, classes: number, seed: number | Key): Layer {
  const make = models[name];
  if (!make)
    return fail({
      code: "model-unknown",
      expected: `one of ${Object.keys(models).join(", ")}`,
      got: name,
      mend: "choose one of those, or build your own from layers",
    });
  return make(classes)(inputShape, typeof seed === "number" ? seedKey(seed) : seed);
}
