/** Operators that bend: curves by their names, products, and what is composed of both. */
import { axisOf, size } from "../../base/index.ts";
import type { Emit, Node, Value } from "../../graph/index.ts";
import { int, ops, text } from "../../ops/index.ts";
import type { Curve } from "./curve/index.ts";
import * as curves from "./curve/index.ts";
import { productOf } from "./gates.ts";
import { selection } from "./linear.ts";
import { broadcastVertex, chosen, counted, put, type Reader, type Rule, spread, spreadPlaces } from "./maps.ts";

/** The vertex of a node that bends, added to the network; null where it is none that is known. */
export function bent(r: Reader, node: Node): number | null {
  const curve = CURVES[node.op]?.(node);
  if (curve) return curveOf(r, node, curve);
  return RULES[node.op]?.(r, node) ?? null;
}

const curveOf = (r: Reader, node: Node, curve: Curve): number | null => {
  const from = r.vertexOf(node.inputs[0]);
  return from === undefined ? null : added(r, from, curve);
};

const added = (r: Reader, from: number, curve: Curve): number => r.add({ kind: "curve", size: r.vertex(from).size, from, curve });

/** An attribute is a float32. */
const number = (node: Node, name: string, otherwise: number): number => Math.fround(int(node, name, otherwise));

const CURVES: Readonly<Record<string, (node: Node) => Curve | null>> = {
  Sigmoid: () => curves.sigmoid,
  Tanh: () => curves.tanh,
  Atan: () => curves.atan,
  Asinh: () => curves.asinh,
  Softsign: () => curves.softsign,
  Erf: () => curves.erf,
  Exp: () => curves.exp,
  Log: () => curves.log,
  Softplus: () => curves.softplus,
  Sinh: () => curves.sinh,
  Cosh: () => curves.cosh,
  Sqrt: () => curves.sqrt,
  Sin: () => curves.sin,
  Cos: () => curves.cos,
  HardSwish: () => curves.hardSwish,
  Gelu: (node) => (text(node, "approximate", "none") === "tanh" ? curves.geluTanh : curves.gelu),
  Elu: (node) => curves.exponentialUnit({ alpha: number(node, "alpha", 1) }),
  Selu: (node) =>
    curves.exponentialUnit({ scale: number(node, "gamma", 1.0507009873554805), alpha: number(node, "alpha", 1.6732632423543772) }),
  Celu: (node) => {
    const alpha = number(node, "alpha", 1);
    return alpha > 0 ? curves.exponentialUnit({ alpha, inner: alpha }) : null;
  },
};

const inverseRoot = curves.pow(-0.5);

/** 1/x; of a root at once, as each line gives something away. */
function inverse(r: Reader, at: number): number {
  const v = r.vertex(at);
  return v.kind === "curve" && v.curve === curves.sqrt ? added(r, v.from, inverseRoot) : added(r, at, curves.reciprocal);
}

const power: Rule = (r, node) => {
  const [x, exponent] = node.inputs;
  const [from, c] = [r.vertexOf(x), r.constantOf(exponent)];
  if (from === undefined || !c || size(node.outputs[0]!.type.shape) !== size(x!.type.shape)) return null;
  const p = Number(c.data[0]);
  if (!Array.from(c.data, Number).every((q) => q === p) || p === 0 || !(Math.abs(p) <= curves.LARGEST_POWER)) return null;
  if (p === 1) return from;
  if (p === -1) return inverse(r, from);
  return added(r, from, p === 0.5 ? curves.sqrt : curves.pow(p));
};

/**
 * Operators that are read as their `compose` graphs, which are the same functions in exact arithmetic: no constant of theirs is rounded,
 * and none of the caller's computed with.
 */
const COMPOSED: ReadonlySet<string> = new Set([
  "Clip",
  "ConvTranspose",
  "DepthToSpace",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "GroupNormalization",
  "HardSigmoid",
  "InstanceNormalization",
  "LayerNormalization",
  "LeakyRelu",
  "LogSoftmax",
  "MatMul",
  "Max",
  "Min",
  "Mish",
  "PRelu",
  "ReduceL1",
  "ReduceL2",
  "ReduceLogSum",
  "ReduceMin",
  "ReduceSumSquare",
  "Softmax",
  "SpaceToDepth",
]);

/** Compositions that the verifier makes itself. */
const PARTS: Readonly<Record<string, (e: Emit, node: Node) => readonly Value[] | null>> = {
  // a product of matrices of which one is turned over or scaled; beta·C would be rounded
  Gemm: (e, node) => (!node.inputs[2] || int(node, "beta", 1) === 1 ? ops.Gemm!.compose!(e, node) : null),
  ReduceLogSumExp: (e, node) => {
    const sum = e.node("ReduceSum", [e.Exp(node.inputs[0]!), node.inputs[1] ?? null], node.attrs);
    return [e.Log(sum[0]!)];
  },
  Split: (e, node) => {
    const [x] = node.inputs as [Value];
    const axis = axisOf(int(node, "axis", 0), x.type.shape.length);
    let end = 0;
    return node.outputs.map(({ type: { shape } }) => {
      end += shape[axis]!;
      return e.Slice(x, e.ints([end - shape[axis]!]), e.ints([end]), e.ints([axis]), e.ints([1]));
    });
  },
};

/** What a node is composed of; null where it is no composition. */
export const parts = (e: Emit, node: Node): readonly Value[] | null =>
  PARTS[node.op]?.(e, node) ?? (COMPOSED.has(node.op) ? ops[node.op]!.compose!(e, node) : null);

const rectified = (r: Reader, node: Node, slope: number): number | null => {
  const from = r.vertexOf(node.inputs[0])!;
  return slope >= 0 && slope <= 1 ? r.add({ kind: "rectifier", size: r.vertex(from).size, from, slope }) : null;
};

const RULES: Readonly<Record<string, Rule>> = {
  Relu: (r, node) => rectified(r, node, 0),
  LeakyRelu: (r, node) => rectified(r, node, number(node, "alpha", 0.01)),
  Pow: power,
  Reciprocal: (r, node) => inverse(r, r.vertexOf(node.inputs[0])!),
  Mul: (r, node) => {
    const [a, b] = node.inputs as [Value, Value];
    const { shape } = node.outputs[0]!.type;
    if (r.vertexOf(a) === undefined || r.vertexOf(b) === undefined) return null;
    return productOf(r, broadcastVertex(r, a, shape), broadcastVertex(r, b, shape));
  },
  // a·(1/b)
  Div: (r, node) => {
    const [a, b] = node.inputs as [Value, Value];
    const { shape } = node.outputs[0]!.type;
    const below = r.vertexOf(b);
    if (below === undefined) return null;
    const [root, places] = [inverse(r, below), spreadPlaces(b, shape)];
    if (r.vertexOf(a) !== undefined) return productOf(r, broadcastVertex(r, a, shape), chosen(r, root, places));
    const c = r.constantOf(a);
    return c && put(r, root, selection(r.vertex(root).size, places, spread(c, shape)), null);
  },
  // of one slope for all elements a rectifier, else composed of two
  PRelu: (r, node) => {
    const slopes = Array.from(r.constantOf(node.inputs[1])?.data ?? [], Number);
    return slopes.every((s) => s === slopes[0]) ? rectified(r, node, slopes[0] ?? Number.NaN) : null;
  },
  // relu(x) + relu(−x): a kink can be split, a curve not
  Abs: (r, node) => {
    const from = r.vertexOf(node.inputs[0])!;
    const { size: n } = r.vertex(from);
    const turned = put(r, from, selection(n, counted(n), -1), null);
    const halves = [from, turned].map((s) => r.add({ kind: "rectifier", size: n, from: s, slope: 0 }));
    return r.add({ kind: "sum", size: n, from: halves });
  },
};

/** Operators that {@link bent} and {@link parts} have answers for. */
export const BENT: readonly string[] = [...Object.keys(CURVES), ...Object.keys(RULES), ...COMPOSED, ...Object.keys(PARTS)];
