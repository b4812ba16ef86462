/** Reverse-mode differentiation as graph → graph. */
import { fail } from "../base/index.ts";
import { dependents, type Emit, type Node, order, type Value } from "../graph/index.ts";
import { zerosLike } from "../ops/algebra.ts";
import { ops } from "../ops/index.ts";
import { composed, isGap } from "../ops/op.ts";

export interface GradOptions {
  /**
   * Where the true gradient of an operator is zero or missing (rounding, comparing, quantising), pull back that of a smooth function
   * nearby, if its record has one: backward pass differentiable approximation. Athalye et al. 2018, arXiv:1802.00420, §4.1.2.
   * Default false: gradients are the true ones.
   */
  readonly surrogate?: boolean;
}

/** Pull cotangents back from `outputs` to `wrt`; null where nothing arrives. */
function backward(
  e: Emit,
  outputs: readonly Value[],
  cotangents: readonly (Value | null)[],
  wrt: readonly Value[],
  options: GradOptions,
): (Value | null)[] {
  const live = dependents(outputs, wrt);
  const cotangent = new Map<Value, Value>();
  const push = (v: Value, g: Value) => {
    const old = cotangent.get(v);
    cotangent.set(v, old ? e.Add(old, g) : g);
  };
  outputs.forEach((y, i) => {
    if (live.has(y) && cotangents[i]) push(y, cotangents[i]);
  });
  for (const node of order(outputs).reverse()) {
    if (!node.outputs.some((o) => live.has(o) && cotangent.has(o))) continue;
    const dy = node.outputs.map((o) => cotangent.get(o) ?? null);
    pullBack(e, node, dy, live, options).forEach((g, i) => {
      const x = node.inputs[i];
      if (g && x && live.has(x)) push(x, g);
    });
  }
  return wrt.map((x) => cotangent.get(x) ?? null);
}

/**
 * The cotangents of one node's inputs, of those in `live` at least; null where none arrives.
 * @throws operator-no-gradient
 */
export function pullBack(
  e: Emit,
  node: Node,
  dy: readonly (Value | null)[],
  live: ReadonlySet<Value>,
  options: GradOptions = {},
): readonly (Value | null)[] {
  const { vjp, surrogate, compose } = ops[node.op]!;
  const rule = options.surrogate ? (surrogate ?? vjp) : vjp;
  if (isGap(rule))
    fail({
      code: "operator-no-gradient",
      expected: "differentiable operators between the output and the input",
      got: `${node.op}${node.name ? ` (node "${node.name}")` : ""}: ${rule.gap}`,
      mend: "cut the model before this node, or use an attack that needs no gradient",
    });
  if (rule !== composed) return rule(e, node, dy);
  // a cut of each live input: one of them may be computed from another, and that way is not this node's
  const cut = node.inputs.map((x) => (x && live.has(x) ? e.node("Identity", [x])[0]! : x));
  const inner = compose!(e, { ...node, inputs: cut });
  const wrt = cut.filter((v, i): v is Value => v !== node.inputs[i]);
  const found = backward(e, inner, dy, wrt, options);
  return cut.map((v) => (v && wrt.includes(v) ? found[wrt.indexOf(v)]! : null));
}

/**
 * The gradient of Σᵢ ⟨cotangents[i], outputs[i]⟩ with respect to each of `wrt`: for a scalar loss,
 * `grad(e, [loss], [e.scalar(1, loss)], params)`. Its result is ordinary graph, so it can be differentiated again.
 * Where an output does not depend on a `wrt`, its gradient is a zero of that shape.
 * @throws operator-no-gradient where a path crosses an operator that has none.
 */
export const grad = (
  e: Emit,
  outputs: readonly Value[],
  cotangents: readonly Value[],
  wrt: readonly Value[],
  options: GradOptions = {},
): Value[] => backward(e, outputs, cotangents, wrt, options).map((g, i) => g ?? zerosLike(e, wrt[i]!));

/** Gradient of a scalar `loss`, times `scale`. */
export const gradOf = (e: Emit, loss: Value, wrt: readonly Value[], scale: Value = e.scalar(1, loss), options: GradOptions = {}): Value[] =>
  grad(e, [loss], [scale], wrt, options);
