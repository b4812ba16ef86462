/** Recurrent layers: one step after another along axis 0 of [steps, batch, features]. Bounds and gradients unroll them. */
import { fail } from "../base/index.ts";
import type { Emit, Node, Value } from "../graph/index.ts";
import { squeeze, transposed, unsqueeze } from "./algebra.ts";
import { arg, type Call, composed, int, none, type Op, text } from "./op.ts";

type Activation = (e: Emit, x: Value) => Value;

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  sigmoid: (e, x) => e.Sigmoid(x),
  tanh: (e, x) => e.Tanh(x),
  relu: (e, x) => e.Relu(x),
  softsign: (e, x) => e.node("Softsign", [x])[0]!,
  softplus: (e, x) => e.node("Softplus", [x])[0]!,
};

const refuse = (call: Call, expected: string, got: string): never =>
  fail({ code: "operator-attribute", expected, got: `${got} in ${call.op}`, mend: "export the model without it" });

/** The activations of one direction, in ONNX's order. */
function activationsOf(call: Call, direction: number, defaults: readonly string[]): Activation[] {
  const given = (call.attrs.activations as readonly string[] | undefined) ?? [];
  const names = given.length > 0 ? given.slice(direction * defaults.length, (direction + 1) * defaults.length) : defaults;
  return names.map((name) => ACTIVATIONS[name.toLowerCase()] ?? refuse(call, `one of ${Object.keys(ACTIVATIONS).join(", ")}`, name));
}

const directionsOf = (call: Call): readonly ("forward" | "reverse")[] => {
  const direction = text(call, "direction", "forward");
  return direction === "bidirectional" ? ["forward", "reverse"] : [direction === "reverse" ? "reverse" : "forward"];
};

/** Forms that onnxruntime's CPU does not compute either, or whose steps differ from sample to sample. */
function check(call: Call, defaults: readonly string[]): void {
  if (int(call, "layout", 0) !== 0) refuse(call, "time as the first axis (layout 0)", "layout 1");
  if (call.attrs.clip !== undefined) refuse(call, "no clipping inside the cell", "clip");
  if (call.attrs.activation_alpha !== undefined || call.attrs.activation_beta !== undefined)
    refuse(call, "activations without parameters", "activation_alpha or activation_beta");
  for (const d of directionsOf(call).keys()) activationsOf(call, d, defaults);
  const lengths = call.inputs[4];
  const [steps] = arg(call, 0).type.shape;
  if (!lengths) return;
  const known = lengths.data ?? lengths.known;
  if (!known || Array.from(known.data as ArrayLike<number | bigint>, Number).some((n) => n !== steps))
    refuse(call, `every sequence_lens to be the constant ${steps}`, known ? `[${known.data}]` : "lengths computed from the data");
}

/** A term that is absent is zero. */
const plus = (e: Emit, a: Value, b: Value | null): Value => (b ? e.Add(a, b) : a);
const times = (e: Emit, a: Value, b: Value | null): Value | null => b && e.Mul(a, b);

/** One direction's weights and the states that its steps hand on; a state is null while it is still zero. */
interface Cell {
  readonly node: Node;
  readonly act: readonly Activation[];
  /** [hidden, gates·hidden] */
  readonly recurrence: Value;
  /** [gates·hidden] */
  readonly recurrenceBias: Value | null;
  readonly peepholes: readonly Value[] | null;
  /** [.., gates·hidden] cut into gates. */
  readonly gates: (v: Value, count: number) => readonly Value[];
}
type State = readonly (Value | null)[];
/** @param x the input's share of the gates at this step, [batch, gates·hidden] */
type Step = (e: Emit, cell: Cell, x: Value, state: State) => Value[];

/** Direction `d` of a [directions, …] input. */
const pick = (e: Emit, v: Value, d: number): Value =>
  squeeze(e, v.type.shape[0] === 1 ? v : e.Slice(v, e.ints([d]), e.ints([d + 1]), e.ints([0]), e.ints([1])), 0);

const unrolled =
  (defaults: readonly string[], states: number, step: Step) =>
  (e: Emit, node: Node): Value[] => {
    const [x, w, r, b, , h0, c0, p] = node.inputs;
    const hidden = r!.type.shape[2]!;
    const split = (v: Value, n: number) => e.node("Split", [v, e.ints(Array.from({ length: n }, () => hidden))], { axis: -1 });
    const done = directionsOf(node).map((direction, d) => {
      const count = w!.type.shape[1]! / hidden;
      const bias = b ? split(pick(e, b, d), 2 * count) : null;
      const join = (parts: readonly Value[]) => (parts.length === 1 ? parts[0]! : e.Concat(...(parts as [Value]), { axis: -1 }));
      const cell: Cell = {
        node,
        act: activationsOf(node, d, defaults),
        recurrence: transposed(e, pick(e, r!, d)),
        recurrenceBias: bias && join(bias.slice(count)),
        peepholes: p ? split(pick(e, p, d), 3) : null,
        gates: split,
      };
      // every step's share of the input in one product
      const shares = plus(e, e.MatMul(x!, transposed(e, pick(e, w!, d))), bias && join(bias.slice(0, count)));
      const order = Array.from({ length: x!.type.shape[0]! }, (_, t) => t);
      if (direction === "reverse") order.reverse();
      let state: State = [h0, c0].slice(0, states).map((v) => (v ? pick(e, v, d) : null));
      const seen: Value[] = [];
      for (const t of order) {
        const share = squeeze(e, e.Slice(shares, e.ints([t]), e.ints([t + 1]), e.ints([0]), e.ints([1])), 0);
        state = step(e, cell, share, state);
        seen[t] = unsqueeze(e, state[0]!, 0);
      }
      return { all: unsqueeze(e, e.Concat(...(seen as [Value]), { axis: 0 }), 1), last: state.map((v) => unsqueeze(e, v!, 0)) };
    });
    const beside = (parts: readonly Value[], axis: number) => (parts.length === 1 ? parts[0]! : e.Concat(...(parts as [Value]), { axis }));
    return [
      beside(
        done.map((d) => d.all),
        1,
      ),
      ...Array.from({ length: states }, (_, k) =>
        beside(
          done.map((d) => d.last[k]!),
          0,
        ),
      ),
    ];
  };

const recurrent = (defaults: readonly string[], states: number, step: Step): Op => ({
  infer: (call) => {
    check(call, defaults);
    const { dtype, shape } = arg(call, 0).type;
    const [steps, batch] = shape as [number, number];
    const hidden = arg(call, 2).type.shape[2]!;
    const d = directionsOf(call).length;
    return [{ dtype, shape: [steps, d, batch, hidden] }, ...Array.from({ length: states }, () => ({ dtype, shape: [d, batch, hidden] }))];
  },
  vjp: composed,
  interval: composed,
  lines: none("its axis 0 is time, where linear bounds keep their rows"),
  noFloat64: true,
  compose: unrolled(defaults, states, step),
});

/** H = f(x + H·Rᵀ). Elman 1990. */
export const RNN: Op = recurrent(["Tanh"], 1, (e, { act, recurrence, recurrenceBias }, x, [h]) => [
  act[0]!(e, plus(e, plus(e, x, h ? e.MatMul(h, recurrence) : null), recurrenceBias)),
]);

/** z, r, and h̃ = g(x + (r⊙H)·Rᵀ), or with `linear_before_reset` g(x + r⊙(H·Rᵀ + b)); H = (1 − z)⊙h̃ + z⊙H. Cho et al. 2014, arXiv:1406.1078. */
export const GRU: Op = recurrent(["Sigmoid", "Tanh"], 1, (e, cell, x, [h]) => {
  const { act, gates, recurrence, recurrenceBias: bias } = cell;
  const [xz, xr, xh] = gates(x, 3) as [Value, Value, Value];
  const [bz, br, bh] = bias ? gates(bias, 3) : [null, null, null];
  const [Rz, Rr, Rh] = gates(recurrence, 3) as [Value, Value, Value];
  const from = (v: Value | null | undefined, R: Value) => (v ? e.MatMul(v, R) : null);
  const z = act[0]!(e, plus(e, plus(e, xz, from(h, Rz)), bz!));
  const r = act[0]!(e, plus(e, plus(e, xr, from(h, Rr)), br!));
  const before = int(cell.node, "linear_before_reset", 0) !== 0;
  const recurred = before ? times(e, r, h ? plus(e, e.MatMul(h, Rh), bh!) : bh!) : h ? plus(e, e.MatMul(e.Mul(r, h), Rh), bh!) : bh!;
  const candidate = act[1]!(e, plus(e, xh, recurred));
  return [plus(e, e.Mul(e.Sub(e.scalar(1, z), z), candidate), times(e, z, h ?? null))];
});

/**
 * i, o, f and c̃; C = f⊙C + i⊙c̃, H = o⊙h(C), with peepholes from C into the gates. Hochreiter & Schmidhuber 1997; Gers et al. 2000.
 */
export const LSTM: Op = recurrent(["Sigmoid", "Tanh", "Tanh"], 2, (e, cell, x, [h, c]) => {
  const { act, gates, recurrence, recurrenceBias, peepholes } = cell;
  const [xi, xo, xf, xc] = gates(plus(e, plus(e, x, h ? e.MatMul(h, recurrence) : null), recurrenceBias), 4) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const peep = (k: number, state: Value | null | undefined) => (peepholes ? times(e, peepholes[k]!, state ?? null) : null);
  const i = act[0]!(e, plus(e, xi, peep(0, c)));
  const f = int(cell.node, "input_forget", 0) !== 0 ? e.Sub(e.scalar(1, i), i) : act[0]!(e, plus(e, xf, peep(2, c)));
  const next = plus(e, e.Mul(i, act[1]!(e, xc)), times(e, f, c ?? null));
  const o = act[0]!(e, plus(e, xo, peep(1, next)));
  return [e.Mul(o, act[2]!(e, next)), next];
});
