/** What happens to an input between the attacker and the model, as a value: brightness, blur, a rotation, JPEG. */
import type { Key } from "../../base/index.ts";

/** One draw of a transformation, for samples of one shape. */
export interface Draw {
  /** The transformed sample; of the same length. */
  apply(x: Float32Array): Float32Array;
  /** Jᵀ·dy at `x`: the cotangent of the transformed sample pulled back. Rounding steps pass it straight through. */
  pullBack(x: Float32Array, dy: Float32Array): Float32Array;
}

export interface Transformation {
  readonly name: string;
  /**
   * @param shape of a sample, [C, H, W] for what is spatial
   * @param range least and largest valid value
   */
  draw(key: Key, shape: readonly number[], range: readonly [number, number]): Draw;
}
