/** Optimisers as gradient transformations that compose, each a pure init/update pair, after optax. They emit graph. */
import { full, type Tensor, zeros } from "../base/index.ts";
import type { Emit, Value } from "../graph/index.ts";

/** What a transformation sees; lists are in the order of the parameters. */
export interface Step {
  readonly params: readonly Value[];
  /** Gradients on the way in, updates on the way out. */
  readonly updates: readonly Value[];
  /** This transformation's own slots. */
  readonly slots: Readonly<Record<string, readonly Value[]>>;
  /** 1 at the first step, as a float scalar. */
  readonly count: Value;
}

export interface Transform {
  /** Names of the per-parameter tensors it keeps; all start at zero. */
  readonly slots: readonly string[];
  /** Whether updates of c·gradients are c·updates. */
  readonly linear?: boolean;
  update(e: Emit, step: Step): { readonly updates: readonly Value[]; readonly slots?: Readonly<Record<string, readonly Value[]>> };
}

/** One transformation after another. Slots are prefixed by position. */
export function chain(...parts: readonly Transform[]): Transform {
  return {
    slots: parts.flatMap((p, i) => p.slots.map((s) => `${i}.${s}`)),
    linear: parts.every((p) => p.linear),
    update(e, step) {
      let updates = step.updates;
      const slots: Record<string, readonly Value[]> = {};
      parts.forEach((part, i) => {
        const mine = Object.fromEntries(part.slots.map((s) => [s, step.slots[`${i}.${s}`]!]));
        const out = part.update(e, { ...step, updates, slots: mine });
        updates = out.updates;
        for (const [s, vs] of Object.entries(out.slots ?? {})) slots[`${i}.${s}`] = vs;
      });
      return { updates, slots };
    },
  };
}

/** Initial slot tensors for parameters of these shapes, by `slot/parameter`. */
export function initialSlots(transform: Transform, params: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const out: Record<string, Tensor> = { count: full([], 0) };
  for (const slot of transform.slots) for (const [name, t] of Object.entries(params)) out[`${slot}/${name}`] = zeros(t.shape, t.dtype);
  return out;
}

/**
 * The parameters and slots after one step: p ← p − rate·update. `state` holds what `initialSlots` named, `gradients` are those of
 * the loss times a scale. To scale the loss by the rate costs one product, to scale all updates one for each parameter: what is
 * linear does the former.
 */
export function applyTransform(
  e: Emit,
  transform: Transform,
  params: ReadonlyMap<string, Value>,
  gradients: (scale?: Value) => readonly Value[],
  state: ReadonlyMap<string, Value>,
  rate: Value,
): { params: Map<string, Value>; state: Map<string, Value> } {
  const names = [...params.keys()];
  const count = e.Add(state.get("count")!, e.scalar(1, rate));
  const slots = Object.fromEntries(transform.slots.map((s) => [s, names.map((n) => state.get(`${s}/${n}`)!)]));
  const updates = gradients(transform.linear ? rate : undefined);
  const out = transform.update(e, { params: [...params.values()], updates, slots, count });
  const moves = transform.linear ? out.updates : out.updates.map((u) => e.Mul(u, rate));
  const next = new Map<string, Value>([["count", count]]);
  for (const [s, vs] of Object.entries(out.slots ?? {})) for (const [i, v] of vs.entries()) next.set(`${s}/${names[i]}`, v);
  return { params: new Map(names.map((n, i) => [n, e.Sub(params.get(n)!, moves[i]!)])), state: next };
}
