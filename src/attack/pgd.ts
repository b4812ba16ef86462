import { fail, type Tensor } from "../base/index.ts";
import { input } from "../graph/index.ts";
import { crossEntropy, sum } from "../nn/index.ts";
import { builder, gradOf, remap } from "../pass/index.ts";
import { compileStep, STRIDE } from "../run/index.ts";
import type { Attack } from "./attack.ts";
import { randomStarts } from "./norm.ts";

export interface PgdOptions {
  /** Default 40. */
  readonly steps?: number;
  /** Step length as a share of ε; default 2.5/steps, as in the CIFAR-10 challenge. */
  readonly relativeStep?: number;
  /** Start at a random point of the ball; default true. */
  readonly randomStart?: boolean;
}

/**
 * Projected gradient descent. Madry et al. 2017, "Towards Deep Learning Models Resistant to Adversarial Attacks",
 * arXiv:1706.06083, §2.1:  x ← Π(x + α·direction(∇ₓ J(x, y))).
 * Norms: L∞, L2. White box; targeted or not. Proposes the iterate of highest loss, then the last one.
 */
export const pgd =
  ({ steps = 40, relativeStep = 2.5 / steps, randomStart = true }: PgdOptions = {}): Attack =>
  async ({ graph, range, run }, { norm, epsilon, targeted }) => {
    if (!Number.isInteger(steps) || steps < 1)
      fail({ code: "attack-steps", expected: "a whole number of steps ≥ 1", got: `${steps}`, mend: "pass --steps 1 or more" });
    const e = builder();
    const type = graph.inputs[0]!.type;
    const x = input(type.dtype, type.shape, "x");
    const now = input(type.dtype, type.shape, "adversarial");
    const best = input(type.dtype, type.shape, "best");
    const labels = input("int64", [type.shape[0]!], "labels");
    const highest = input(type.dtype, [type.shape[0]!], "highest");

    const logits = remap(e, graph.outputs, new Map([[graph.inputs[0]!, now]])).get(graph.outputs[0]!)!;
    const entropy = crossEntropy(e, logits, labels);
    const loss = targeted ? e.Neg(entropy) : entropy;
    const [gradient] = gradOf(e, sum(e, loss), [now]);
    const better = e.Greater(loss, highest);
    const column = e.Reshape(better, e.ints([-1, ...type.shape.slice(1).map(() => 1)]));

    const moved = e.Add(now, e.Mul(norm.direction(e, gradient!), e.scalar(epsilon * relativeStep, x)));
    const next = norm.project(e, moved, x, e.scalar(epsilon, x), range);

    const stride = Math.min(STRIDE, steps);
    const blank = (shape: readonly number[]) => ({
      dtype: "float32" as const,
      shape,
      data: new Float32Array(shape.reduce((n, d) => n * d, 1)),
    });
    const program = await compileStep(
      {
        inputs: [],
        shared: [x, labels],
        outputs: [],
        state: [
          { value: now, next, initial: blank(type.shape) },
          { value: best, next: e.Where(column, now, best), initial: blank(type.shape) },
          { value: highest, next: e.Where(better, loss, highest), initial: blank([type.shape[0]!]) },
        ],
      },
      { ...run, stride },
    );
    return {
      gradientEvaluations: steps,
      release: program.release,
      async propose({ x: images, labels: y, keys }) {
        const start = randomStart ? randomStarts(images, keys, norm, epsilon, range) : images;
        const lowest = blank([images.shape[0]!]);
        lowest.data.fill(Number.NEGATIVE_INFINITY);
        program.load([start, start, lowest]);
        for (let k = 0; k < steps; ) {
          const count = k + stride <= steps ? stride : 1;
          await program.steps(new Array(count).fill([]), [images, y]);
          k += count;
        }
        const [last, worst] = program.read() as Tensor<"float32">[];
        // of a single step the iterate with a known loss is the start itself
        return steps === 1 ? [last!] : [worst!, last!];
      },
    };
  };
