import { sameShape, type Tensor } from "../base/index.ts";
import type { Layer } from "./layer.ts";

/** (x − shift)/scale, both of the shape of a sample or scalars. */
export interface Scaling {
  readonly shift: Tensor<"float32">;
  readonly scale: Tensor<"float32">;
}

const changesNothing = ({ shift, scale }: Scaling): boolean => sameShape(shift.shape, []) && shift.data[0] === 0 && scale.data[0] === 1;

/** `layer` on scaled inputs: what is exported takes the data as it is. */
export const preprocessed = (layer: Layer, scaling: Scaling): Layer =>
  changesNothing(scaling)
    ? layer
    : {
        ...layer,
        apply: (scope, x) =>
          layer.apply(scope, scope.e.Div(scope.e.Sub(x, scope.e.constant(scaling.shift)), scope.e.constant(scaling.scale))),
      };

/** `layer` with its outputs scaled back: what is exported gives data as it was. */
export const postprocessed = (layer: Layer, scaling: Scaling): Layer =>
  changesNothing(scaling)
    ? layer
    : {
        ...layer,
        apply: (scope, x) =>
          scope.e.Add(scope.e.Mul(layer.apply(scope, x), scope.e.constant(scaling.scale)), scope.e.constant(scaling.shift)),
      };
