/** Where a gradient passes and where it stops, node by node: asked of the records, nothing is run. */
import { CounterfoilError, isFloat } from "../base/index.ts";
import { type Emit, type Graph, type Node, order, type Value } from "../graph/index.ts";
import { cotangentType } from "../ops/algebra.ts";
import { isGap, ops } from "../ops/index.ts";
import { builder } from "./build.ts";
import { arriving, pullBack } from "./grad.ts";
import { perturbed } from "./linear.ts";

export interface NodeFlow {
  readonly node: Node;
  readonly op: string;
  readonly name?: string;
  /**
   * `differentiable`: a true gradient passes to an input that depends on the graph's. `straight-through`: part of the gradient that arrives at the
   * graph's inputs with `surrogate: true` is here a surrogate's. `stops`: what is asked of it goes no further.
   */
  readonly flow: "differentiable" | "straight-through" | "stops";
  /** Why the true gradient does not pass. */
  readonly reason?: string;
  /** Arithmetic on quantised numbers: it rounds because of its number format, not because the function has steps. */
  readonly quantises?: true;
}

const none: ReadonlySet<number> = new Set();

/** The live inputs that a cotangent of the outputs `dy` reaches, by their numbers. */
function reachedBy(e: Emit, node: Node, dy: readonly (Value | null)[], live: ReadonlySet<Value>, surrogate: boolean): ReadonlySet<number> {
  try {
    const found = pullBack(e, node, dy, live, { surrogate });
    return new Set(found.flatMap((g, i) => (g !== null && live.has(node.inputs[i]!) ? [i] : [])));
  } catch (error) {
    if (!(error instanceof CounterfoilError)) throw error;
    return none;
  }
}

function reasonOf(e: Emit, node: Node, dy: readonly (Value | null)[], live: ReadonlySet<Value>): string {
  const { vjp } = ops[node.op]!;
  if (isGap(vjp)) return vjp.gap;
  try {
    pullBack(e, node, dy, live);
  } catch (error) {
    if (error instanceof CounterfoilError) return error.got;
    throw error;
  }
  return "its gradient is zero almost everywhere";
}

/** What the gradient with surrogates does: which cotangents arrive, and what every node that is asked passes on. A gap passes nothing. */
function swept(e: Emit, { inputs, outputs }: Graph) {
  const sources = inputs.filter((v) => isFloat(v.type.dtype));
  const live = perturbed(outputs, sources);
  const ones = outputs.map((y) => e.fill(1, y.type.shape, cotangentType(y)));
  const arrived = arriving(e, outputs, ones, sources, live, true, (node, dy) => {
    try {
      return pullBack(e, node, dy, live, { surrogate: true });
    } catch (error) {
      if (!(error instanceof CounterfoilError)) throw error;
      return node.inputs.map(() => null);
    }
  });
  const to = new Map(
    [...arrived.passed].map(([node, found]) => [node, new Set(found.flatMap((g, i) => (g && live.has(node.inputs[i]!) ? [i] : [])))]),
  );
  /** Values that pass a gradient back to one of the sources. */
  const carries = new Set<Value>(sources);
  for (const node of order(outputs))
    if ([...(to.get(node) ?? none)].some((i) => carries.has(node.inputs[i]!))) for (const o of node.outputs) carries.add(o);
  return { sources, live, cotangents: arrived.cotangents, to, carries };
}

/** Whether a gradient, a surrogate's where the true one is zero, arrives at the graph's inputs. */
export function gradientArrives(graph: Graph): boolean {
  const { sources, cotangents } = swept(builder(), graph);
  return sources.some((x) => cotangents.has(x));
}

/** Values that are whole numbers made by a quantiser, and by nothing that rounds after it. */
function quantisedValues(nodes: readonly Node[], live: ReadonlySet<Value>): ReadonlySet<Value> {
  const found = new Set<Value>();
  const wholes = new Map<Value, boolean>();
  /** Of what does not depend on the graph's inputs: weights. */
  const isWhole = (v: Value): boolean => {
    const known = wholes.get(v);
    if (known !== undefined) return known;
    const whole =
      !isFloat(v.type.dtype) ||
      (v.data
        ? (v.data.data as Float32Array).every(Number.isInteger)
        : Boolean(v.node && ops[v.node.op]!.whole && v.node.inputs.every((x) => !x || isWhole(x))));
    wholes.set(v, whole);
    return whole;
  };
  for (const node of nodes) {
    const { quantises, whole } = ops[node.op]!;
    const kept = () => node.inputs.every((x) => !x || (live.has(x) ? found.has(x) : whole ? isWhole(x) : true));
    for (const o of node.outputs)
      if (live.has(o) && (quantises ? !isFloat(o.type.dtype) : (whole || !isFloat(o.type.dtype)) && kept())) found.add(o);
  }
  return found;
}

/**
 * What the gradient of the outputs meets on its way to the graph's float inputs, in order. Not listed: nodes that no gradient asks (the condition
 * of a choice of data, what follows from shapes alone), signs left out because the true gradient tells of their numbers, and nodes whose surrogate
 * leads nowhere. Behind a node that stops it, those that would stop it too are named.
 */
export function gradientFlow(graph: Graph): NodeFlow[] {
  const e = builder();
  const { live, cotangents, to, carries } = swept(e, graph);
  const nodes = order(graph.outputs).filter((node) => node.outputs.some((o) => live.has(o)));
  const quantised = quantisedValues(nodes, live);
  /** Values behind a stop: a gradient would be asked of them if it passed. */
  const behind = new Set<Value>();
  const follow = (node: Node, inputs: Iterable<number>) => {
    for (const i of inputs) behind.add(node.inputs[i]!);
  };
  const told: NodeFlow[] = [];
  for (const node of [...nodes].reverse()) {
    const asked = node.outputs.some((o) => cotangents.has(o) && live.has(o));
    if (asked ? !to.has(node) : !node.outputs.some((o) => behind.has(o))) continue;
    // one output at a time: of several one may pass truly, and another not
    const ways = node.outputs
      .filter((o) => live.has(o) && (asked ? cotangents.has(o) : behind.has(o)))
      .map((o) => node.outputs.map((p) => (p === o ? (cotangents.get(o) ?? e.fill(1, o.type.shape, cotangentType(o))) : null)));
    const truly = ways.map((dy) => reachedBy(e, node, dy, live, false));
    const used = ways.map((dy) => reachedBy(e, node, dy, live, true));
    const onward = asked ? to.get(node)! : new Set(used.flatMap((way) => [...way]));
    const replaced = used.some((way, k) => [...way].some((i) => onward.has(i) && carries.has(node.inputs[i]!) && !truly[k]!.has(i)));
    const flow =
      onward.size === 0 ? "stops" : asked && replaced ? "straight-through" : truly.some((way) => way.size > 0) ? "differentiable" : null;
    if (flow === "stops")
      follow(
        node,
        node.inputs.flatMap((x, i) => (x && live.has(x) ? [i] : [])),
      );
    else if (!asked) follow(node, onward);
    if (flow === null) continue;
    const format = ops[node.op]!.quantises || (flow !== "stops" && node.outputs.every((o) => quantised.has(o)));
    told.push({
      node,
      op: node.op,
      ...(node.name && { name: node.name }),
      flow,
      ...(flow !== "differentiable" && { reason: reasonOf(e, node, ways[0]!, live) }),
      ...(format && { quantises: true as const }),
    });
  }
  return told.reverse();
}
