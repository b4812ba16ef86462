/** Verify a file with a proof to show for `unsat`, and check such a proof. */
import { fail } from "../../base/index.ts";
import type { ModelFile } from "../../run/index.ts";
import { Clock } from "../clock.ts";
import type { Network } from "../net/network.ts";
import { type Readable, unroundedNetworkFrom, unroundedNetworkOf } from "../net/read.ts";
import { replayer } from "../replay.ts";
import { decide, MEMORY } from "../search/decide.ts";
import { planFor } from "../search/strategy.ts";
import { elements, type Query } from "../spec/index.ts";
import { asked, graphFor, unbounded, unlessOver, type Verification, type VerifyOptions } from "../verify.ts";
import { type Checking, check } from "./check.ts";
import { Bounds } from "./exact.ts";
import { FORMAT, type Proof } from "./proof.ts";
import { Prover } from "./prove.ts";

export interface Proven extends Verification {
  /** null where the verdict is not `unsat`. */
  readonly proof: Proof | null;
}

/**
 * As `verify`, in one thread, by splits that leave a proof.
 * @param property SHA-256 of its file
 * @throws proof-semantics, proof-network, and what `verify` throws
 */
export async function prove(file: ModelFile, query: Query, property: string, options: VerifyOptions = {}): Promise<Proven> {
  if (options.semantics === "float32")
    fail({
      code: "proof-semantics",
      expected: "semantics real for a proof",
      got: "float32",
      mend: "leave --semantics or --proof out: proofs speak of exact arithmetic",
    });
  const clock = new Clock(options);
  const graph = graphFor(file, query, options.sizes);
  const { specification } = query;
  const replay = await replayer(file, graph, specification);
  try {
    let proof: Proof | null = null;
    const ended = await unlessOver(clock, async () => {
      await clock.breath();
      const readable = await clock.along(unroundedNetworkFrom(graph, options.memory ?? MEMORY));
      if ("unread" in readable && readable.isTooLarge) return unbounded(clock, readable.unread);
      const network = rectifiersOnly(readable);
      const { split } = planFor({ network, rows: 0, disjuncts: [] }, options.split);
      const prover = new Prover(new Bounds(network), specification, split);
      const decision = await decide(network, specification, asked(replay), { ...options, search: prover }, clock);
      if (decision.verdict === "unsat")
        proof = { format: FORMAT, model: file.sha256, property, semantics: "real", regions: prover.regions };
      return decision;
    });
    return {
      ...ended,
      proof,
      semantics: "real",
      inputs: elements(query.inputs),
      outputs: elements(query.outputs),
      runtime: replay.runtime,
    };
  } finally {
    await replay.release();
  }
}

/**
 * Check a proof, step by step: each step yields how many leaves hold so far; what is returned is why it is no proof, or null.
 * @param proof what {@link readProof} returns
 * @param property SHA-256 of its file
 * @throws proof-network, and what `read` throws
 */
export function checkProof(
  proof: Readonly<Record<string, unknown>>,
  file: ModelFile,
  query: Query,
  property: string,
  sizes?: VerifyOptions["sizes"],
): Checking {
  const network = rectifiersOnly(unroundedNetworkOf(graphFor(file, query, sizes)));
  return check(new Bounds(network), proof, { specification: query.specification, model: file.sha256, property });
}

/** @throws proof-network */
function rectifiersOnly(network: Readable): Network {
  const refuse = (got: string) =>
    fail({
      code: "proof-network",
      expected: "a network of affine operators and rectifiers, of which there are proofs",
      got,
      mend: "verify it without a proof",
    });
  if ("unread" in network) return refuse(network.unread);
  const bent = network.vertices.find((v) => v.kind === "curve" || v.kind === "product");
  if (bent) return refuse(bent.kind === "curve" ? `the curve ${bent.curve.name}` : "a product of two values");
  return network;
}
