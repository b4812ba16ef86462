/** Is our gradient the file's? Directional derivatives of our graph against differences of the file itself. */
import { CounterfoilError, type DType, fold, type Key, seedKey, size, type Tensor, tensor, uniform, zeros } from "../base/index.ts";
import { constants, type Graph, input, type Value } from "../graph/index.ts";
import { builder, grad, remap } from "../pass/index.ts";
import { compile, type RunOptions } from "./compile.ts";
import type { FileProgram } from "./file.ts";

/** At one random point, along one direction. */
export interface GradientPoint {
  /** By our graph. */
  readonly analytic: number;
  /** By the file. */
  readonly difference: number;
  /** |analytic − difference| / |analytic| */
  readonly relativeError: number;
}

export interface GradientCheck {
  /** Median over the points. */
  readonly relativeError: number;
  /** Random points, each with the direction of its own gradient. */
  readonly directions: number;
  /** Of the differences, in the input's units. */
  readonly step: number;
  /** Below this the two agree, given float32 and kinks. */
  readonly tolerance: number;
  readonly ok: boolean;
  readonly points: readonly GradientPoint[];
  /**
   * Largest difference between our gradient in float32 and in float64, as a share of its largest element: what rounding alone does to it.
   * null where the graph has operators that are only there in float32, or is large.
   */
  readonly precision: number | null;
}

export interface GradientCheckOptions extends RunOptions {
  readonly seed?: number;
  /** Where the points are drawn; default [0, 1]. */
  readonly range?: readonly [number, number];
}

const DIRECTIONS = 8;
/** Of the width of the range. */
const STEP = 1e-3;
const TOLERANCE = 0.02;
/** Weights of a graph that is also differentiated in float64. */
const LARGEST = 2 ** 22;

const random = (key: Key, shape: readonly number[], low: number, high: number): Tensor<"float32"> => ({
  dtype: "float32",
  shape,
  data: uniform(key, size(shape), low, high),
});

const dot = (a: Tensor, b: Tensor): number => {
  let s = 0;
  for (let i = 0; i < a.data.length; i++) s += Number(a.data[i]) * Number(b.data[i]);
  return s;
};

const double = (t: Tensor): Tensor => (t.dtype === "float32" ? tensor(t.data, t.shape, "float64") : t);

/** The graph with every float32 input and constant in float64. */
function inFloat64(graph: Graph): Graph {
  const e = builder();
  const wide = new Map<Value, Value>();
  for (const c of constants(graph)) if (c.type.dtype === "float32") wide.set(c, e.constant(double(c.data!)));
  const inputs = graph.inputs.map((v) => {
    if (v.type.dtype !== "float32") return v;
    const w = input("float64", v.type.shape, v.name);
    wide.set(v, w);
    return w;
  });
  const map = remap(e, graph.outputs, wide);
  return { inputs, outputs: graph.outputs.map((v) => map.get(v)!) };
}

interface Gradient {
  /** ∇ₓ⟨c, y⟩ at the feeds. */
  run(feeds: readonly Tensor[], c: Tensor): Promise<Tensor>;
  release(): Promise<void>;
}

/** The gradient of the first output of a graph by its input number `at`. */
async function gradientOf(graph: Graph, at: number, options: RunOptions): Promise<Gradient> {
  const e = builder();
  const y = graph.outputs[0]!;
  const weights = input(y.type.dtype as DType, y.type.shape, "weights");
  const [gradient] = grad(e, [y], [weights], [graph.inputs[at]!]);
  const program = await compile({ inputs: [...graph.inputs, weights], outputs: [gradient!] }, options);
  // a file may end in a Cast: its output has a type of its own
  const like = (c: Tensor) => (y.type.dtype === "float64" ? double(c) : c);
  return { run: async (feeds, c) => (await program.run([...feeds, like(c)]))[0]!, release: program.release };
}

/** The same in float64; null where that cannot be. */
async function doubleGradientOf(graph: Graph, at: number, options: RunOptions): Promise<Gradient | null> {
  if (constants(graph).reduce((n, c) => n + c.data!.data.length, 0) > LARGEST) return null;
  try {
    const gradient = await gradientOf(inFloat64(graph), at, options);
    return { ...gradient, run: (feeds, c) => gradient.run(feeds.map(double), c) };
  } catch (error) {
    if (error instanceof CounterfoilError) return null;
    throw error;
  }
}

/**
 * At random inputs of `range` and random weights c of the first output y: ⟨∇ₓ⟨c, y⟩, d⟩ against
 * (⟨c, y(x + hd)⟩ − ⟨c, y(x − hd)⟩) / 2h along d = sign ∇, where the derivative is largest and rounding least.
 * @param file answers what the graph computes, first of all its first output
 */
export async function gradientCheck(
  graph: Graph,
  file: Pick<FileProgram, "run">,
  { seed = 0, range = [0, 1], ...run }: GradientCheckOptions = {},
): Promise<GradientCheck> {
  const y = graph.outputs[0]!;
  const at = graph.inputs.findIndex((v) => v.type.dtype === "float32");
  const step = STEP * (range[1] - range[0]);
  const single = await gradientOf(graph, at, run);
  const twice = await doubleGradientOf(graph, at, run);
  const points: GradientPoint[] = [];
  let precision = 0;
  try {
    for (let k = 0; k < DIRECTIONS; k++) {
      const key = fold(fold(seedKey(seed), "gradient-check"), k);
      const feeds = graph.inputs.map((v, i) =>
        v.type.dtype === "float32" ? random(fold(key, i), v.type.shape, range[0], range[1]) : zeros(v.type.shape, v.type.dtype),
      );
      const c = random(fold(key, "weights"), y.type.shape, -1, 1);
      const g = await single.run(feeds, c);
      if (twice) precision = Math.max(precision, apart(g, await twice.run(feeds, c)));
      const direction = (g.data as Float32Array).map(Math.sign);
      const value = async (h: number) => {
        const moved = feeds.map((t, i) => (i === at ? { ...t, data: (t.data as Float32Array).map((v, j) => v + h * direction[j]!) } : t));
        return dot(c, (await file.run(moved))[0]!);
      };
      const analytic = dot(g, { ...g, data: direction });
      const difference = ((await value(step)) - (await value(-step))) / (2 * step);
      const relativeError = analytic === 0 && difference === 0 ? 0 : Math.abs(analytic - difference) / Math.max(Math.abs(analytic), 1e-12);
      points.push({ analytic, difference, relativeError });
    }
  } finally {
    await single.release();
    await twice?.release();
  }
  const relativeError = points.map((p) => p.relativeError).sort((a, b) => a - b)[DIRECTIONS / 2]!;
  const ok = relativeError <= TOLERANCE;
  return { relativeError, directions: DIRECTIONS, step, tolerance: TOLERANCE, ok, points, precision: twice && precision };
}

/** max |a − b| / max |b| */
function apart(a: Tensor, b: Tensor): number {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < b.data.length; i++) {
    worst = Math.max(worst, Math.abs(Number(a.data[i]) - Number(b.data[i])));
    largest = Math.max(largest, Math.abs(Number(b.data[i])));
  }
  return largest === 0 ? 0 : worst / largest;
}
