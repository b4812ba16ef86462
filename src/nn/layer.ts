/** Layers as plain data: parameters are fields, `apply` emits graph. */
import { fail, type Key, type Shape, type Tensor } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";

/** Parameters or running statistics, by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Randomness a layer wants at each training step: an input of the step's program, filled from a seeded key. */
export interface Noise {
  readonly value: Value;
  /** `bernoulli`: 1 with probability `keep`, else 0. `uniform`: [low, high). `normal`: mean 0, deviation 1. */
  readonly draw:
    | { readonly kind: "bernoulli"; readonly keep: number }
    | { readonly kind: "uniform"; readonly low: number; readonly high: number }
    | { readonly kind: "normal" };
}

/** What a layer may ask for while it emits itself. */
export interface Scope {
  readonly e: Emit;
  readonly training: boolean;
  /** The value of one of the layer's own parameters or buffers. */
  get(name: string): Value;
  /** What a buffer becomes after this step. */
  update(name: string, next: Value): void;
  /** Fresh randomness of this shape at every step. */
  noise(draw: Noise["draw"], shape: Shape): Value;
  /** Of a conditional network: 1 at the class of each sample, [N, classes]. */
  readonly classes?: Value;
  /** Hand a value inside the network to whoever listens: `features`. */
  mark?(name: string, value: Value): void;
}

export interface Layer {
  readonly name: string;
  /** Trained. */
  readonly params: Tensors;
  /** Kept but not trained: running statistics. */
  readonly buffers: Tensors;
  /** Of one sample, without the batch. */
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /** In training, what comes out for a sample depends on the others of its batch, and which layer makes it so. */
  readonly coupled?: string;
  /** [N, …inputShape] → [N, …outputShape] */
  apply(scope: Scope, x: Value): Value;
}

/** A layer waiting to know what it is given and where its initial weights come from. */
export type LayerSpec = (inputShape: Shape, key: Key) => Layer;

export const needRank = (layer: string, shape: Shape, rank: number, what: string): void => {
  if (shape.length !== rank)
    fail({
      code: "layer-shape",
      expected: `${layer} to be given ${what}`,
      got: `[${shape}]`,
      mend: rank === 1 ? "put flatten() before it" : "check the order of the layers",
    });
};
