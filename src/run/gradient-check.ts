/** Is our gradient the file's? Directional derivatives of our graph against differences of the file itself. */
import { fold, type Key, seedKey, size, type Tensor, uniform, zeros } from "../base/index.ts";
import { type Graph, input, type Value } from "../graph/index.ts";
import { builder, grad } from "../pass/index.ts";
import { compile, type RunOptions } from "./compile.ts";
import type { FileProgram } from "./file.ts";

export interface GradientCheck {
  /** Median over the directions of |analytic − difference| / |analytic|. */
  readonly relativeError: number;
  readonly directions: number;
  /** Below this the two agree, given float32 and kinks. */
  readonly tolerance: number;
  readonly ok: boolean;
}

const DIRECTIONS = 8;
const STEP = 1e-3;
const TOLERANCE = 0.02;

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

/**
 * At random inputs of `range` and random weights c of the first output y: ⟨∇ₓ⟨c, y⟩, d⟩ against
 * (⟨c, y(x + hd)⟩ − ⟨c, y(x − hd)⟩) / 2h along d = sign ∇, where the derivative is largest and rounding least.
 */
export async function gradientCheck(
  graph: Graph,
  file: FileProgram,
  { seed = 0, range = [0, 1], ...run }: RunOptions & { seed?: number; range?: readonly [number, number] } = {},
): Promise<GradientCheck> {
  const e = builder();
  const y = graph.outputs[0]!;
  const at = graph.inputs.findIndex((v) => v.type.dtype === "float32");
  const x = graph.inputs[at]!;
  const weights = input("float32", y.type.shape, "weights");
  const [gradient] = grad(e, [y], [weights], [x] as Value[]);
  const program = await compile({ inputs: [...graph.inputs, weights], outputs: [gradient!] }, run);
  const errors: number[] = [];
  try {
    for (let k = 0; k < DIRECTIONS; k++) {
      const key = fold(fold(seedKey(seed), "gradient-check"), k);
      const feeds = graph.inputs.map((v, i) =>
        v.type.dtype === "float32" ? random(fold(key, i), v.type.shape, range[0], range[1]) : zeros(v.type.shape, v.type.dtype),
      );
      const c = random(fold(key, "weights"), y.type.shape, -1, 1);
      const [g] = await program.run([...feeds, c]);
      const direction = { ...g!, data: (g!.data as Float32Array).map(Math.sign) };
      const value = async (h: number) => {
        const moved = feeds.map((t, i) =>
          i === at ? { ...t, data: (t.data as Float32Array).map((v, j) => v + h * direction.data[j]!) } : t,
        );
        return dot(c, (await file.run(moved))[0]!);
      };
      const analytic = dot(g!, direction);
      const difference = ((await value(STEP)) - (await value(-STEP))) / (2 * STEP);
      errors.push(analytic === 0 && difference === 0 ? 0 : Math.abs(analytic - difference) / Math.max(Math.abs(analytic), 1e-12));
    }
  } finally {
    await program.release();
  }
  const relativeError = errors.sort((a, b) => a - b)[DIRECTIONS / 2]!;
  return { relativeError, directions: DIRECTIONS, tolerance: TOLERANCE, ok: relativeError <= TOLERANCE };
}
