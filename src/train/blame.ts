/** Where a NaN was born. */
import type { Tensor } from "../base/index.ts";
import { isFloat } from "../base/index.ts";
import { order, type Value } from "../graph/index.ts";
import { compile, type RunOptions, type StepProgram } from "../run/index.ts";

/** A step program and the graph of one step: its inputs are the feeds, then the state. */
interface Suspect {
  readonly program: StepProgram;
  readonly graph: { readonly inputs: readonly Value[]; readonly outputs: readonly Value[] };
}

/**
 * The first operator, in order of execution, whose output is not finite, at the last of the steps with these feeds. The
 * program is left where that step starts.
 */
export async function firstNonFinite(
  { program: steps, graph }: Suspect,
  each: readonly (readonly Tensor[])[],
  run: RunOptions = {},
): Promise<string> {
  steps.load(steps.before());
  for (const feeds of each.slice(0, -1)) await steps.steps([feeds]);
  const nodes = order(graph.outputs).filter((n) => isFloat(n.outputs[0]!.type.dtype));
  const program = await compile({ inputs: graph.inputs, outputs: nodes.map((n) => n.outputs[0]!) }, run);
  try {
    const values = await program.run([...each.at(-1)!, ...steps.read()]);
    const guilty = nodes.find((_, i) => !(values[i]!.data as Float32Array).every(Number.isFinite));
    return guilty
      ? `${guilty.op}${guilty.name ? ` (node "${guilty.name}")` : ""} → [${guilty.outputs[0]!.type.shape}]`
      : "no single operator: the sum overflowed";
  } finally {
    await program.release();
  }
}
