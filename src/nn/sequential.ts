import { fold } from "../base/index.ts";
import type { Layer, LayerSpec, Scope, Tensors } from "./layer.ts";

const prefixed = (layers: readonly Layer[], pick: (l: Layer) => Tensors): Tensors =>
  Object.fromEntries(layers.flatMap((l, i) => Object.entries(pick(l)).map(([k, t]) => [`${i}.${k}`, t])));

/** The same scope, seen by child number `i`. */
const child = (scope: Scope, i: number): Scope => ({
  ...scope,
  get: (name) => scope.get(`${i}.${name}`),
  update: (name, next) => scope.update(`${i}.${name}`, next),
});

/** One layer after another. Parameters are named by position: `0.weight`, `2.bias`. */
export const sequential =
  (...specs: readonly LayerSpec[]): LayerSpec =>
  (inputShape, key) => {
    const layers: Layer[] = [];
    for (const [i, spec] of specs.entries()) layers.push(spec(layers.at(-1)?.outputShape ?? inputShape, fold(key, i)));
    return {
      name: "sequential",
      params: prefixed(layers, (l) => l.params),
      buffers: prefixed(layers, (l) => l.buffers),
      inputShape,
      outputShape: layers.at(-1)?.outputShape ?? inputShape,
      apply: (scope, x) => layers.reduce((y, layer, i) => layer.apply(child(scope, i), y), x),
    };
  };
