/** Where a NaN was born. */
import type { Tensor } from "../base/index.ts";
import { isFloat } from "../base/index.ts";
import { order, type Value } from "../graph/index.ts";
import { compile, type RunOptions } from "../run/index.ts";

/** The first operator, in order of execution, whose output is not finite although its inputs are. */
export async function firstNonFinite(
  graph: { inputs: readonly Value[]; outputs: readonly Value[] },
  feeds: readonly Tensor[],
  run: RunOptions = {},
): Promise<string> {
  const nodes = order(graph.outputs).filter((n) => isFloat(n.outputs[0]!.type.dtype));
  const program = await compile({ inputs: graph.inputs, outputs: nodes.map((n) => n.outputs[0]!) }, run);
  try {
    const values = await program.run(feeds);
    const guilty = nodes.find((_, i) => !(values[i]!.data as Float32Array).every(Number.isFinite));
    return guilty
      ? `${guilty.op}${guilty.name ? ` (node "${guilty.name}")` : ""} → [${guilty.outputs[0]!.type.shape}]`
      : "no single operator: the sum overflowed";
  } finally {
    await program.release();
  }
}
