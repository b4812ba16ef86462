import { fail, fold, sameShape } from "../base/index.ts";
import type { Layer, LayerSpec, Scope, Tensors } from "./layer.ts";

/** Parameters of several layers under one roof, prefixed. */
export const prefixed = (layers: Readonly<Record<string, Layer>>, pick: (l: Layer) => Tensors): Tensors =>
  Object.fromEntries(Object.entries(layers).flatMap(([name, l]) => Object.entries(pick(l)).map(([k, t]) => [`${name}.${k}`, t])));

/** The same scope, seen by the child `name`. */
export const child = (scope: Scope, name: string): Scope => ({
  ...scope,
  get: (own) => scope.get(`${name}.${own}`),
  update: (own, next) => scope.update(`${name}.${own}`, next),
});

/** What makes several layers together a coupled one. */
export const coupling = (layers: readonly Layer[]): { readonly coupled?: string } => {
  const found = layers.find((l) => l.coupled)?.coupled;
  return found === undefined ? {} : { coupled: found };
};

/** One layer after another. Parameters are named by position: `0.weight`, `2.bias`. */
export const sequential =
  (...specs: readonly LayerSpec[]): LayerSpec =>
  (inputShape, key) => {
    const layers: Layer[] = [];
    for (const [i, spec] of specs.entries()) layers.push(spec(layers.at(-1)?.outputShape ?? inputShape, fold(key, i)));
    const named = Object.fromEntries(layers.map((l, i) => [`${i}`, l]));
    return {
      name: "sequential",
      params: prefixed(named, (l) => l.params),
      buffers: prefixed(named, (l) => l.buffers),
      inputShape,
      outputShape: layers.at(-1)?.outputShape ?? inputShape,
      ...coupling(layers),
      apply: (scope, x) => layers.reduce((y, layer, i) => layer.apply(child(scope, `${i}`), y), x),
    };
  };

/** The sum of two ways: `main` and `shortcut` (default: the input as it is). Parameters are named `main.…`, `shortcut.…`. He et al. 2015, arXiv:1512.03385. */
export const residual =
  (main: LayerSpec, shortcut: LayerSpec = sequential()): LayerSpec =>
  (inputShape, key) => {
    const ways = { main: main(inputShape, fold(key, "main")), shortcut: shortcut(inputShape, fold(key, "shortcut")) };
    if (!sameShape(ways.main.outputShape, ways.shortcut.outputShape))
      fail({
        code: "layer-shape",
        expected: `both ways of a residual block to end alike, as [${ways.main.outputShape}]`,
        got: `[${ways.shortcut.outputShape}] by the shortcut`,
        mend: "give it a shortcut that changes the shape in the same way",
      });
    return {
      name: "residual",
      params: prefixed(ways, (l) => l.params),
      buffers: prefixed(ways, (l) => l.buffers),
      inputShape,
      outputShape: ways.main.outputShape,
      ...coupling(Object.values(ways)),
      apply: (scope, x) => scope.e.Add(ways.main.apply(child(scope, "main"), x), ways.shortcut.apply(child(scope, "shortcut"), x)),
    };
  };
