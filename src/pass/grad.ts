/** Reverse-mode differentiation as graph → graph. */
import { fail } from "../base/index.ts";
import { dependents, type Emit, order, type Value } from "../graph/index.ts";
import { zerosLike } from "../ops/algebra.ts";
import { ops } from "../ops/index.ts";
import { isGap } from "../ops/op.ts";

/**
 * The gradient of Σᵢ ⟨cotangents[i], outputs[i]⟩ with respect to each of `wrt`: for a scalar loss,
 * `grad(e, [loss], [e.scalar(1, loss)], params)`. Its result is ordinary graph, so it can be differentiated again.
 * Where an output does not depend on a `wrt`, its gradient is a zero of that shape.
 * @throws operator-no-gradient where a path crosses an operator that has none.
 */
export function grad(e: Emit, outputs: readonly Value[], cotangents: readonly Value[], wrt: readonly Value[]): Value[] {
  const live = dependents(outputs, wrt);
  const cotangent = new Map<Value, Value>();
  const push = (v: Value, g: Value) => {
    const old = cotangent.get(v);
    cotangent.set(v, old ? e.Add(old, g) : g);
  };
  outputs.forEach((y, i) => {
    if (live.has(y)) push(y, cotangents[i]!);
  });
  for (const node of order(outputs).reverse()) {
    if (!node.outputs.some((o) => live.has(o) && cotangent.has(o))) continue;
    const { vjp } = ops[node.op]!;
    if (isGap(vjp))
      fail({
        code: "operator-no-gradient",
        expected: "differentiable operators between the output and the input",
        got: `${node.op}${node.name ? ` (node "${node.name}")` : ""}: ${vjp.gap}`,
        mend: "cut the model before this node, or use an attack that needs no gradient",
      });
    const dy = node.outputs.map((o) => cotangent.get(o) ?? null);
    vjp(e, node, dy).forEach((g, i) => {
      const x = node.inputs[i];
      if (g && x && live.has(x)) push(x, g);
    });
  }
  return wrt.map((x) => cotangent.get(x) ?? zerosLike(e, x));
}

/** Gradient of a scalar `loss`, times `scale`. */
export const gradOf = (e: Emit, loss: Value, wrt: readonly Value[], scale: Value = e.scalar(1, loss)): Value[] =>
  grad(e, [loss], [scale], wrt);
