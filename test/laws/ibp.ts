/** Interval bound propagation on a network's margins. Gowal et al. 2018, arXiv:1810.12715. */
import type { Tensor } from "../../src/base/index.ts";
import { type Graph, type Interval, input, type Value } from "../../src/graph/index.ts";
import { builder, intervals } from "../../src/pass/index.ts";
import { compile, type RunOptions } from "../../src/run/index.ts";

/** Enclosures [N, classes] of the logits over boxes [lo, hi] (each [N, …], N the batch of `graph`). */
export async function ibp(graph: Graph, run: RunOptions = {}) {
  const e = builder();
  const x = graph.inputs[0]!;
  const [lo, hi] = [input("float32", x.type.shape), input("float32", x.type.shape)];
  const box = intervals(e, graph.outputs, new Map<Value, Interval>([[x, { lo, hi }]]));
  const y = box.get(graph.outputs[0]!)!;
  const program = await compile({ inputs: [lo, hi], outputs: [y.lo, y.hi] }, run);
  return {
    enclose: async (low: Tensor<"float32">, high: Tensor<"float32">) =>
      (await program.run([low, high])) as [Tensor<"float32">, Tensor<"float32">],
    release: program.release,
  };
}
