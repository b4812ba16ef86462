/** Verify a file: does a specification's counterexample exist? `unsat` is proven, `sat` is replayed on the file itself. */
import { fail, size } from "../base/index.ts";
import type { Graph } from "../graph/index.ts";
import { read } from "../onnx/index.ts";
import { builder } from "../pass/index.ts";
import type { ModelFile } from "../run/index.ts";
import type { Semantics } from "./net/join.ts";
import { networkOf } from "./net/read.ts";
import { replayer } from "./replay.ts";
import { type DecideOptions, type Decision, decide } from "./search/decide.ts";
import { elements, type Query } from "./spec/index.ts";

export interface VerifyOptions extends DecideOptions {
  /** What `unsat` speaks of: the file's network in exact arithmetic (`real`, the default), or as a float32 machine computes it. */
  readonly semantics?: Semantics;
  /** Sizes of the file's free dimensions beyond the batch, by name. */
  readonly sizes?: Readonly<Record<string, number>>;
}

export interface Verification extends Decision {
  readonly semantics: Semantics;
  /** Elements of all inputs together, and of all outputs. */
  readonly inputs: number;
  readonly outputs: number;
  /** What the counterexample was replayed by. */
  readonly runtime: string;
}

/** A file's graph at batch 1, checked against what the specification speaks of. @throws verify-sizes, and what `read` throws */
export function graphFor({ bytes, external }: Pick<ModelFile, "bytes" | "external">, query: Query, sizes?: VerifyOptions["sizes"]): Graph {
  const graph = read(bytes, builder(), { sizes, external });
  for (const [what, declared, values] of [
    ["inputs", query.specification.inputs, graph.inputs],
    ["outputs", query.specification.outputs, graph.outputs],
  ] as const) {
    const own = values.reduce((n, v) => n + size(v.type.shape), 0);
    if (own !== declared)
      fail({
        code: "verify-sizes",
        expected: `a property over the ${own} ${what} of the model (${values.map((v) => `${v.name ?? what}[${v.type.shape}]`).join(", ")})`,
        got: `one over ${declared}`,
        mend: "take the property that was written for this model",
      });
  }
  return graph;
}

/**
 * Search for a counterexample of `query` on a model's file, until there is one, or none can be, or the time is up.
 * @throws verify-sizes, verify-inputs, and what `read` throws of files it cannot read; the signal's reason
 */
export async function verify(
  file: Pick<ModelFile, "bytes" | "external" | "path">,
  query: Query,
  options: VerifyOptions = {},
): Promise<Verification> {
  const graph = graphFor(file, query, options.sizes);
  const { semantics = "real" } = options;
  const network = networkOf(graph, semantics);
  const replay = await replayer(file, graph, query.specification);
  try {
    const about = {
      semantics,
      inputs: elements(query.inputs),
      outputs: elements(query.outputs),
      runtime: replay.runtime,
    } as const;
    if ("unread" in network) return { ...unread(network.unread), ...about };
    const asked = async (x: Float32Array) => {
      const { y, violated } = await replay.run(x);
      return violated ? y : null;
    };
    return { ...(await decide(network, query.specification, asked, options)), ...about };
  } finally {
    await replay.release();
  }
}

const unread = (what: string): Decision => ({
  verdict: "unknown",
  reason: `no bounds are known of ${what}; sampling would be no proof`,
  counterexample: null,
  plan: null,
  parts: 0,
  seconds: 0,
});
