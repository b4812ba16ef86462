/** Small pictures of three classes, and networks trained on them in about a second. */
import { fold, normal, seedKey, type Tensor, uniform } from "../../src/base/index.ts";
import { type GradientModel, openClassifier } from "../../src/model/index.ts";
import { conv, dense, flatten, type LayerSpec, relu, sequential } from "../../src/nn/index.ts";
import { write } from "../../src/onnx/index.ts";
import { fit as train } from "../../src/train/index.ts";

export const SIDE = 12;
export const run = { threads: 1 } as const;

/** A bar that lies, a bar that stands, a cross; somewhere near the middle, on grey with noise. */
export function pictures(seed: number, n: number): { x: Tensor<"float32">; labels: Int32Array } {
  const data = new Float32Array(n * SIDE * SIDE);
  const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
  for (let i = 0; i < n; i++) {
    const key = fold(seedKey(seed), i);
    const [u, v, strength] = uniform(key, 3) as unknown as [number, number, number];
    const [cy, cx] = [4 + Math.floor(u * 4), 4 + Math.floor(v * 4)];
    const noise = normal(fold(key, "noise"), SIDE * SIDE, 0.3, 0.06);
    for (let p = 0; p < SIDE * SIDE; p++) {
      const [y, x] = [Math.floor(p / SIDE) - cy, (p % SIDE) - cx];
      const lies = Math.abs(y) <= 0 && Math.abs(x) <= 3 && labels[i] !== 1;
      const stands = Math.abs(x) <= 0 && Math.abs(y) <= 3 && labels[i] !== 0;
      data[i * SIDE * SIDE + p] = Math.min(Math.max(noise[p]! + (lies || stands ? 0.35 + 0.2 * strength : 0), 0), 1);
    }
  }
  return { x: { dtype: "float32", shape: [n, 1, SIDE, SIDE], data }, labels };
}

export const convolutional = sequential(
  conv(8, 3, { pad: 1 }),
  relu(),
  conv(8, 3, { stride: 2, pad: 1 }),
  relu(),
  flatten(),
  dense(32),
  relu(),
  dense(3),
);
export const flat = sequential(flatten(), dense(48), relu(), dense(3));

export async function trained(spec: LayerSpec, seed: number, epochs = 8): Promise<Uint8Array> {
  const { x, labels } = pictures(100 + seed, 600);
  const none = pictures(1, 0);
  const made = await train(
    spec([1, SIDE, SIDE], seedKey(seed)),
    { x, y: labels },
    { x: none.x, y: none.labels },
    { ...run, epochs, batch: 50, seed },
  );
  return write(made.graph);
}

/** A trained model, right on nearly all of `pictures`. */
export const opened = async (spec: LayerSpec, seed: number): Promise<GradientModel> => openClassifier(await trained(spec, seed), run);
