/**
 * Backward linear bounds (CROWN), as graph → graph. Zhang et al. 2018, arXiv:1811.00866; for affine operators the
 * backward step is the operator's own vjp, as in jax_verify.
 *
 * The trap: a vjp sums over whatever broadcasting added, and its axis 0 is the batch. Rows of the specification must
 * therefore *be* the batch: `y` comes from a graph rebatched to the number of rows R, while the boxes have batch 1 and
 * broadcast over the rows. Mixing the two is silently unsound, so `linear` checks it on every value.
 */
import { CounterfoilError, fail, onnxType, sameShape } from "../base/index.ts";
import { dependents, type Emit, type Graph, type Interval, input, type Line, type Node, order, type Value } from "../graph/index.ts";
import { unbroadcast } from "../ops/algebra.ts";
import { ops } from "../ops/index.ts";
import { affine, composed, isGap, type Lines } from "../ops/op.ts";
import { builder } from "./build.ts";
import { remap } from "./expand.ts";
import { pullBack } from "./grad.ts";

/** rows·y ≥ Σ coefficients[x]·x + offset, for every x in the box. */
export interface LinearBound {
  /** By source, [R, …shape of the source]. */
  readonly coefficients: ReadonlyMap<Value, Value>;
  /** [R] */
  readonly offset: Value;
  /** Σ of the absolute values of what `offset` is the sum of, [R]. */
  readonly size: Value;
}

/** What changes when a source does. A value known from shapes does not, though it is computed from one. */
export function perturbed(roots: readonly Value[], sources: readonly Value[]): Set<Value> {
  const live = new Set<Value>(sources);
  for (const node of order(roots)) if (node.inputs.some((v) => v && live.has(v))) for (const o of node.outputs) if (!o.known) live.add(o);
  return live;
}

/** Rewrite `graph` until every operator that depends on its inputs has lines of its own. */
export function expandForLines(graph: Graph): Graph {
  const live = perturbed(graph.outputs, graph.inputs);
  const alive = new Set(live);
  const rewrite = (e: Emit, node: Node) => {
    // nodes made by a rewrite are met after their inputs, so liveness can be kept up to date here
    const moves = node.inputs.map((v) => v !== null && alive.has(v));
    if (!moves.some(Boolean)) return null;
    for (const o of node.outputs) if (!o.known) alive.add(o);
    const { lines, compose } = ops[node.op]!;
    if (lines === composed) return compose!(e, node);
    if (typeof lines !== "function") return null;
    const probe = node.inputs.map((v, i) => v && { lo: v, hi: moves[i] ? e.Mul(v, v) : v });
    return lines(e, node, probe) === composed ? compose!(e, node) : null;
  };
  const map = remap(builder(), graph.outputs, new Map(), rewrite);
  return { ...graph, outputs: graph.outputs.map((v) => map.get(v)!) };
}

/** The values whose enclosure the lines of `graph` read: inputs of its nonlinear operators, in order. */
export function relaxed(graph: Graph): Value[] {
  const live = perturbed(graph.outputs, graph.inputs);
  const found = new Set<Value>();
  for (const node of order(graph.outputs))
    if (typeof ops[node.op]!.lines === "function") {
      const alive = node.inputs.filter((v): v is Value => v !== null && live.has(v));
      // one perturbed input of a bilinear operator is affine, and reads no box
      const e = builder();
      const probe = node.inputs.map((v) => v && { lo: v, hi: live.has(v) ? e.Mul(v, v) : v });
      if (alive.length > 0 && (ops[node.op]!.lines as (...a: unknown[]) => unknown)(e, node, probe) !== affine)
        for (const v of alive) found.add(v);
    }
  return [...found];
}

/** Add the sum of each row of `v` to `total`, in its dtype: a Cast may lie between. */
const addRows = (e: Emit, total: Value, v: Value): Value => {
  const axes = v.type.shape.map((_, i) => i).slice(1);
  const sum = axes.length > 0 ? e.ReduceSum(v, e.ints(axes), { keepdims: 0 }) : v;
  return e.Add(total, sum.type.dtype === total.type.dtype ? sum : e.Cast(sum, { to: onnxType[total.type.dtype] }));
};

/**
 * Bound `rows`·`y` from below, linearly in `sources`.
 * @param y a value at batch R, of a graph that `expandForLines` has been over
 * @param rows [R, …shape of y without its batch]: the specification
 * @param box enclosure at batch 1 of each value that a line reads
 */
export function linear(e: Emit, y: Value, rows: Value, sources: readonly Value[], box: (v: Value) => Interval): LinearBound {
  const live = perturbed([y], sources);
  const sized = dependents([y], sources);
  const batch = rows.type.shape[0]!;
  const wider = atBatch(y, sources, batch + 1);
  const coefficient = new Map<Value, Value>([[y, rows]]);
  let offset = e.fill(0, [batch], rows.type.dtype);
  let total = offset;
  const add = (part: Value) => {
    offset = addRows(e, offset, part);
    total = addRows(e, total, e.Abs(part));
  };
  const push = (v: Value, a: Value) => {
    const old = coefficient.get(v);
    coefficient.set(v, old ? e.Add(old, a) : a);
  };
  const stop = new Set(sources);
  for (const node of order([y]).reverse()) {
    const out = node.outputs.find((o) => coefficient.has(o) && live.has(o) && !stop.has(o));
    if (!out) continue;
    const a = coefficient.get(out)!;
    const other = wider(out).type.shape;
    if (
      !sameShape(a.type.shape, out.type.shape) ||
      out.type.shape[0] !== batch ||
      !sameShape(other, [batch + 1, ...out.type.shape.slice(1)])
    )
      fail({
        code: "linear-batch",
        expected: `a value with one sample a row, [${batch}, …]`,
        got: `[${out.type.shape}] from ${node.op}${node.name ? ` (node "${node.name}")` : ""}`,
        mend: "keep the batch as axis 0 throughout the model, or use interval bounds",
      });
    const answer = linesOf(e, node, live, box);
    if (answer === affine) {
      const dy = node.outputs.map((o) => coefficient.get(o) ?? null);
      pullBack(e, node, dy, live).forEach((g, i) => {
        const x = node.inputs[i];
        if (!x || !live.has(x)) return;
        // no gradient is not no influence: an index that depends on the data chooses what is summed
        if (!g)
          fail({
            code: "operator-no-lines",
            expected: `input ${i} of ${node.op} not to depend on what is perturbed`,
            got: node.name ?? "a node where it does",
            mend: "use interval bounds (--method ibp), or cut the model before this node",
          });
        else push(x, g);
      });
      // a·f(0): at batch 1 it broadcasts over the rows, unless another input was sized by the batch
      const rowsToo = node.inputs.some((v) => v && sized.has(v) && !live.has(v));
      const zeroOf = (v: Value) =>
        rowsToo ? e.Expand(e.scalar(0, v), e.ints(v.type.shape)) : e.fill(0, [1, ...v.type.shape.slice(1)], v.type.dtype);
      const atZero = e.node(
        node.op,
        node.inputs.map((v) => (v && live.has(v) ? zeroOf(v) : v)),
        node.attrs,
      );
      node.outputs.forEach((o, i) => {
        const c = coefficient.get(o);
        if (c) add(e.Mul(c, atZero[i]!));
      });
    } else {
      const zero = e.scalar(0, a);
      const up = e.Max(a, zero);
      const down = e.Min(a, zero);
      node.inputs.forEach((x, i) => {
        if (!x || !live.has(x)) return;
        const [low, high] = [answer.lower.slopes[i] ?? null, answer.upper.slopes[i] ?? null];
        const parts = [low && e.Mul(up, low), high && e.Mul(down, high)].filter((p): p is Value => p !== null);
        if (parts.length > 0)
          push(
            x,
            unbroadcast(
              e,
              parts.reduce((p, q) => e.Add(p, q)),
              x,
            ),
          );
      });
      add(e.Add(times(e, up, answer.lower), times(e, down, answer.upper)));
    }
  }
  const coefficients = new Map(sources.map((x) => [x, coefficient.get(x) ?? e.fill(0, [batch, ...x.type.shape.slice(1)], x.type.dtype)]));
  return { coefficients, offset, size: total };
}

/** c·offset; −∞ where there is no line and c asks for one. */
function times(e: Emit, c: Value, { offset, open }: Line): Value {
  const product = e.Mul(c, offset);
  if (!open) return product;
  const asked = e.And(open, e.Not(e.Equal(c, e.scalar(0, c))));
  return e.Where(asked, e.scalar(Number.NEGATIVE_INFINITY, c), product);
}

function linesOf(e: Emit, node: Node, live: ReadonlySet<Value>, box: (v: Value) => Interval): Lines | typeof affine {
  const { lines } = ops[node.op]!;
  const refuse = (why: string): never =>
    fail({
      code: "operator-no-lines",
      expected: "operators that can be bounded linearly",
      got: `${node.op}${node.name ? ` (node "${node.name}")` : ""}: ${why}`,
      mend: "use interval bounds (--method ibp), or cut the model before this node",
    });
  if (isGap(lines)) return refuse(lines.gap);
  if (lines === affine) return affine;
  if (lines === composed) return refuse("it has not been expanded");
  // bilinear rules only ask which side is perturbed: a probe is enough to tell, and no box is needed then
  const perturbed = node.inputs.map((v) => v !== null && live.has(v));
  const answer = lines(
    e,
    node,
    node.inputs.map((v, i) => v && (perturbed[i] ? box(v) : { lo: v, hi: v })),
  );
  return answer === composed ? refuse("it has not been expanded") : answer;
}

/** What each value under `y` is with sources of another batch: the sizes of one batch alone may agree by accident. */
function atBatch(y: Value, sources: readonly Value[], batch: number): (v: Value) => Value {
  const swap = new Map(sources.map((v) => [v, input(v.type.dtype, [batch, ...v.type.shape.slice(1)])]));
  try {
    const map = remap(builder(), [y], swap);
    return (v) => map.get(v) ?? v;
  } catch (cause) {
    if (!(cause instanceof CounterfoilError)) throw cause;
    return fail({
      code: "linear-batch",
      expected: "a graph that takes any batch",
      got: cause.message,
      mend: "keep the batch as axis 0 throughout the model, or use interval bounds",
      cause,
    });
  }
}

/** The least value of the bound over the box, [R]. */
export function concretize(e: Emit, bound: LinearBound, box: (v: Value) => Interval): Value {
  let least = bound.offset;
  for (const [x, a] of bound.coefficients) {
    const { lo, hi } = box(x);
    const zero = e.scalar(0, a);
    least = addRows(e, least, e.Add(e.Mul(e.Max(a, zero), lo), e.Mul(e.Min(a, zero), hi)));
  }
  return least;
}

/** Σ |coefficients|·max |x| + Σ |parts of the offset| over the box, [R]: what the rounding of a bound is a small share of. */
export function magnitude(e: Emit, bound: LinearBound, box: (v: Value) => Interval): Value {
  let total = bound.size;
  for (const [x, a] of bound.coefficients) {
    const { lo, hi } = box(x);
    total = addRows(e, total, e.Mul(e.Abs(a), e.Max(e.Abs(lo), e.Abs(hi))));
  }
  return total;
}
