/** A layer put into a graph: for training (parameters are inputs) or for a file (parameters are constants). */
import { fail, type Shape, size, type Tensor } from "../base/index.ts";
import { type Emit, type Graph, input, type Value } from "../graph/index.ts";
import { builder, constant } from "../pass/index.ts";
import type { Layer, Noise, Scope, Tensors } from "./layer.ts";
import { oneHot } from "./loss.ts";

/** Parameters and buffers as graph inputs, by name. */
export interface Bound {
  readonly params: ReadonlyMap<string, Value>;
  readonly buffers: ReadonlyMap<string, Value>;
}

const inputs = (tensors: Tensors, prefix: string): Map<string, Value> =>
  new Map(Object.entries(tensors).map(([name, t]) => [name, input(t.dtype, t.shape, `${prefix}${name}`)]));

/** Make a graph input for every parameter and buffer of `layer`. */
export const bind = (layer: Layer, prefix = ""): Bound => ({
  params: inputs(layer.params, prefix),
  buffers: inputs(layer.buffers, prefix),
});

/** What applying a layer in training asks of the step around it. */
export interface Applied {
  readonly output: Value;
  /** By name, what each updated buffer becomes. */
  readonly updates: ReadonlyMap<string, Value>;
  readonly noise: readonly Noise[];
  /** What the layer has marked, by name. */
  readonly marks: ReadonlyMap<string, Value>;
}

export interface ApplyOptions {
  readonly training: boolean;
  /** 1 at the class of each sample, [N, classes]: for conditional networks. */
  readonly classes?: Value | undefined;
  /** Where the layers' randomness comes from; default inputs of their own, which `Applied.noise` lists. */
  readonly draw?: ((draw: Noise["draw"], shape: Shape) => Value) | undefined;
}

/** Emit `layer` on `x` with bound parameters. */
export function apply(e: Emit, layer: Layer, bound: Bound, x: Value, { training, classes, draw: given }: ApplyOptions): Applied {
  const updates = new Map<string, Value>();
  const noise: Noise[] = [];
  const marks = new Map<string, Value>();
  const scope: Scope = {
    e,
    training,
    ...(classes && { classes }),
    mark: (name, value) => marks.set(name, value),
    get: (name) => (bound.params.get(name) ?? bound.buffers.get(name))!,
    update: (name, next) => updates.set(name, next),
    noise: (draw, shape) => {
      if (given) return given(draw, shape);
      const value = input(x.type.dtype, shape, `noise${noise.length}`);
      noise.push({ value, draw });
      return value;
    },
  };
  return { output: layer.apply(scope, x), updates, noise, marks };
}

export interface InferenceOptions {
  readonly batch?: number;
  readonly inputName?: string;
  readonly outputName?: string;
  /** Of a conditional network: it then has a second input, `labels` int64 [batch]. */
  readonly classes?: number | null;
  /** Further outputs: what the network has marked by these names. */
  readonly marks?: readonly string[];
}

/** The inference graph with weights inside, as it goes into a file: input `name` [batch, …], dynamic batch. */
export function inferenceGraph(
  layer: Layer,
  weights: Tensors,
  { batch = 2, inputName = "x", outputName = "logits", classes = null, marks: wanted = [] }: InferenceOptions = {},
): Graph {
  const e = builder();
  const x = input("float32", [batch, ...layer.inputShape], inputName, ["N", ...layer.inputShape]);
  const labels = classes === null ? [] : [input("int64", [batch], "labels", ["N"])];
  const bound = {
    params: new Map(Object.keys(layer.params).map((k) => [k, constant(weights[k]!, k)])),
    buffers: new Map(Object.keys(layer.buffers).map((k) => [k, constant(weights[k]!, k)])),
  };
  // one-hot, as wide as there are classes
  const told = labels[0] && oneHot(e, labels[0], e.fill(0, [1, classes!], "float32"));
  const { output, marks } = apply(e, layer, bound, x, { training: false, classes: told });
  const further = wanted.map(
    (name) =>
      marks.get(name) ??
      fail({ code: "mark", expected: `a network that marks “${name}”`, got: [...marks.keys()].join(", ") || "no marks", mend: "mark it" }),
  );
  return { inputs: [x, ...labels], outputs: [output, ...further], outputNames: [outputName, ...wanted], name: layer.name };
}

export const parameterCount = (tensors: Tensors): number => Object.values(tensors).reduce((n, t: Tensor) => n + size(t.shape as Shape), 0);
