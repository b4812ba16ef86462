/** Verify a file: does a specification's counterexample exist? `unsat` is proven, `sat` is replayed on the file itself. */
import { fail, isOutOfMemory, size } from "../base/index.ts";
import type { Graph } from "../graph/index.ts";
import { read } from "../onnx/index.ts";
import { builder } from "../pass/index.ts";
import type { ModelFile } from "../run/index.ts";
import { Clock, TimeUp } from "./clock.ts";
import type { Semantics } from "./net/join.ts";
import { networkFrom } from "./net/read.ts";
import { type Replayer, replayer } from "./replay.ts";
import { type DecideOptions, type Decision, decide, MEMORY, type Replay } from "./search/decide.ts";
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
  const clock = new Clock(options);
  const graph = graphFor(file, query, options.sizes);
  const { semantics = "real", memory = MEMORY } = options;
  const replay = await replayer(file, graph, query.specification);
  try {
    const about = {
      semantics,
      inputs: elements(query.inputs),
      outputs: elements(query.outputs),
      runtime: replay.runtime,
    } as const;
    const ended = await unlessOver(clock, async (): Promise<Decision> => {
      await clock.breath();
      const network = await clock.along(networkFrom(graph, semantics, memory));
      if ("unread" in network) return unbounded(clock, network.unread);
      return decide(network, query.specification, asked(replay), options, clock);
    });
    return { ...ended, ...about };
  } finally {
    await replay.release();
  }
}

/** What the file itself says of a point, as a search asks it. */
export const asked =
  (replay: Replayer): Replay =>
  async (x) => {
    const { y, violated } = await replay.run(x);
    return violated ? y : null;
  };

/** Without a verdict: the time is up, or there is a reason. */
const undecided = (clock: Clock, reason: string | null): Decision => ({
  verdict: reason === null ? "timeout" : "unknown",
  reason,
  counterexample: null,
  plan: null,
  parts: 0,
  seconds: clock.seconds,
});

/** Of a network that cannot be bounded. */
export const unbounded = (clock: Clock, unread: string): Decision =>
  undecided(clock, `no bounds are known of ${unread}; sampling would be no proof`);

/** Where time or memory run out at whatever place, that is the verdict. */
export async function unlessOver<D extends Decision>(clock: Clock, work: () => Promise<D>): Promise<D | Decision> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TimeUp) return undecided(clock, null);
    if (isOutOfMemory(error)) return undecided(clock, "there is no memory left for it");
    throw error;
  }
}
