/** Samples of a generator, and both networks as files. */
import { type Key, rows, type Tensor } from "../base/index.ts";
import { type Graph, input } from "../graph/index.ts";
import { inferenceGraph, type Layer, type Tensors } from "../nn/index.ts";
import { compile, type RunOptions } from "../run/index.ts";
import { drawNoise } from "../train/index.ts";
import type { Gan } from "./gan.ts";

/** A layer and its weights at one moment; of a generator the averaged ones, where they are kept. */
export interface Network {
  readonly layer: Layer;
  readonly weights: Tensors;
  /** Of a conditional game; null without. */
  readonly classes: number | null;
}

/** Latent vectors [n, z]. */
export const drawLatent = ({ latent: { size, draw } }: Pick<Gan, "latent">, n: number, key: Key): Tensor<"float32"> =>
  drawNoise(key, [{ value: input("float32", [n, size]), draw }])[0] as Tensor<"float32">;

/** Classes in turn, int64 [n]. */
export const classesInTurn = (n: number, classes: number): Tensor<"int64"> => ({
  dtype: "int64",
  shape: [n],
  data: BigInt64Array.from({ length: n }, (_, i) => BigInt(i % classes)),
});

const graphOf = ({ layer, weights, classes }: Network, inputName: string, outputName: string): Graph =>
  inferenceGraph(layer, weights, { inputName, outputName, classes });

/** For a file: `latent` [N, z], and of a conditional one `labels` int64 [N] → `samples` [N, …]. */
export const generatorGraph = (network: Network): Graph => graphOf(network, "latent", "samples");

/** For a file: `samples` [N, …], and of a conditional one `labels` → `logits` [N, 1], higher for real. With packing, samples packed. */
export const discriminatorGraph = (network: Network): Graph => graphOf(network, "samples", "logits");

/** Inputs run at a time. */
const ROWS = 500;

/**
 * What a network answers to inputs [N, …].
 * @param labels of a conditional network; default classes in turn
 */
export async function answersOf(
  network: Network,
  x: Tensor<"float32">,
  run: RunOptions = {},
  labels?: Tensor<"int64">,
): Promise<Tensor<"float32">> {
  const n = x.shape[0]!;
  const told = network.classes === null ? undefined : (labels ?? classesInTurn(n, network.classes));
  const program = await compile(graphOf(network, "x", "y"), { ...run, anyBatch: true });
  try {
    const parts: Tensor<"float32">[] = [];
    for (let at = 0; at < n; at += ROWS) {
      const end = Math.min(at + ROWS, n);
      const given = [rows(x, at, end), ...(told ? [rows(told, at, end)] : [])];
      parts.push((await program.run(given))[0] as Tensor<"float32">);
    }
    const width = parts.length === 0 ? 0 : parts[0]!.data.length / parts[0]!.shape[0]!;
    const data = new Float32Array(n * width);
    parts.forEach((p, i) => {
      data.set(p.data, i * ROWS * width);
    });
    return { dtype: "float32", shape: [n, ...(parts[0]?.shape.slice(1) ?? [])], data };
  } finally {
    await program.release();
  }
}

/** Logits of samples [N, …] by a discriminator that judges `pack` of them together, N a multiple of it: of each pack one. To a conditional one each sample's class is told. */
export const judgeOf =
  (discriminator: Network, pack: number, run: RunOptions = {}) =>
  async (x: Tensor<"float32">, labels?: ArrayLike<number>): Promise<ArrayLike<number>> => {
    const [n, first, ...rest] = x.shape as [number, number, ...number[]];
    const whole = n - (n % pack);
    const packed = { ...rows(x, 0, whole), shape: [whole / pack, pack * first, ...rest] };
    const told: Tensor<"int64"> | undefined = labels && {
      dtype: "int64",
      shape: [whole],
      data: BigInt64Array.from(Array.from(labels), BigInt),
    };
    return (await answersOf(discriminator, packed, run, told)).data;
  };
