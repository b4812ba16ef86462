/** Reverse-mode differentiation as graph → graph. */
import { fail, isFloat } from "../base/index.ts";
import { dependents, type Emit, type Node, order, type Value } from "../graph/index.ts";
import { zerosLike } from "../ops/algebra.ts";
import { ops } from "../ops/index.ts";
import { composed, isGap } from "../ops/op.ts";

export interface GradOptions {
  /**
   * Where the true gradient of an operator is zero or missing (rounding, comparing, quantising), pull back that of a smooth function
   * nearby, if its record has one: backward pass differentiable approximation. Athalye et al. 2018, arXiv:1802.00420, §4.1.2.
   * Where the true gradient tells of the same numbers it is left alone: of a choice of data, where(h > 0, h, h/10), and of a mask by the sign,
   * h·1[h > 0]. A thermometer code is passed, and a mask with steps (k-winners-take-all) has both. Default false: gradients are the true ones.
   */
  readonly surrogate?: boolean;
}

/**
 * The sign of numbers as a truth. A mask made of it, h·1[h > 0], has a kink at 0 and no step, which h's own gradient tells: that of a smooth step
 * would only add h·σ'(h). Beside another threshold t there is a step of height t, h·1[h > t], which nothing but the surrogate tells.
 */
const signs = (node: Node): boolean =>
  node.outputs.every((o) => o.type.dtype === "bool") &&
  node.inputs.some((v) => v && isFloat(v.type.dtype) && v.data && (v.data.data as Float32Array).every((c) => c === 0));

type Pull = (node: Node, dy: readonly (Value | null)[]) => readonly (Value | null)[];

/** What arrived at values, and what each node that was asked passed on to its inputs; a sign that was left out is not there. */
export interface Arrived {
  readonly cotangents: ReadonlyMap<Value, Value>;
  readonly passed: ReadonlyMap<Node, readonly (Value | null)[]>;
}

/** One way back. Where `shut`, a sign passes nothing, and a choice nothing to its condition if it does to its numbers. */
function sweep(
  e: Emit,
  outputs: readonly Value[],
  given: readonly (Value | null)[],
  live: ReadonlySet<Value>,
  shut: (node: Node) => boolean,
  pull: Pull,
): Arrived & { readonly closed: ReadonlySet<Node> } {
  const cotangents = new Map<Value, Value>();
  const passed = new Map<Node, readonly (Value | null)[]>();
  const closed = new Set<Node>();
  const push = (v: Value, g: Value) => {
    const old = cotangents.get(v);
    cotangents.set(v, old ? e.Add(old, g) : g);
  };
  outputs.forEach((y, i) => {
    if (live.has(y) && given[i]) push(y, given[i]);
  });
  for (const node of order(outputs).reverse()) {
    if (!node.outputs.some((o) => live.has(o) && cotangents.has(o))) continue;
    const closes = shut(node);
    if (closes && signs(node)) {
      closed.add(node);
      continue;
    }
    const dy = node.outputs.map((o) => cotangents.get(o) ?? null);
    let found = pull(node, dy);
    const reaches = (i: number) => found[i] && live.has(node.inputs[i]!);
    const truths = node.inputs.map((v, i) => v?.type.dtype === "bool" && reaches(i));
    if (closes && truths.some(Boolean) && node.inputs.some((_, i) => !truths[i] && reaches(i))) {
      closed.add(node);
      found = found.map((g, i) => (truths[i] ? null : g));
    }
    passed.set(node, found);
    found.forEach((g, i) => {
      const x = node.inputs[i];
      if (g && x && live.has(x)) push(x, g);
    });
  }
  return { cotangents, passed, closed };
}

/**
 * Pull cotangents back from `outputs` over `live`, which depends on `sources`. With surrogates, signs and conditions are shut at first; after each
 * sweep those are opened whose numbers nothing else tells of, until none is.
 * @param pull what one node makes of its outputs' cotangents
 */
export function arriving(
  e: Emit,
  outputs: readonly Value[],
  given: readonly (Value | null)[],
  sources: readonly Value[],
  live: ReadonlySet<Value>,
  surrogate: boolean,
  pull: Pull,
): Arrived {
  const open = new Set<Node>();
  for (;;) {
    const { cotangents, passed, closed } = sweep(e, outputs, given, live, (node) => surrogate && !open.has(node), pull);
    const before = open.size;
    /** From the inputs on: what a gradient leads back to them from. */
    const leads = new Set(sources);
    if (closed.size > 0)
      for (const node of order(outputs)) {
        const found = passed.get(node);
        const told = node.inputs.some((x, i) => x && x.type.dtype !== "bool" && leads.has(x) && (found ? found[i] : cotangents.has(x)));
        if (closed.has(node) && !told) open.add(node);
        // what was not asked may lead there
        const way = (i: number) => open.has(node) || (found ? found[i] : !closed.has(node));
        if (node.inputs.some((x, i) => x && leads.has(x) && way(i))) for (const o of node.outputs) leads.add(o);
      }
    if (open.size === before) return { cotangents, passed };
  }
}

/** Pull cotangents back from `outputs` to `wrt`; null where nothing arrives. */
function backward(
  e: Emit,
  outputs: readonly Value[],
  given: readonly (Value | null)[],
  wrt: readonly Value[],
  options: GradOptions,
): (Value | null)[] {
  const live = dependents(outputs, wrt);
  const pull = (node: Node, dy: readonly (Value | null)[]) => pullBack(e, node, dy, live, options);
  const { cotangents } = arriving(e, outputs, given, wrt, live, options.surrogate ?? false, pull);
  return wrt.map((x) => cotangents.get(x) ?? null);
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
