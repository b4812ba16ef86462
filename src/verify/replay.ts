/** Replay: what a file itself computes at a point, and whether that is a counterexample. At zero tolerance, in exact arithmetic on the numbers as they are. */
import { type DType, fail, size, type Tensor } from "../base/index.ts";
import type { Graph } from "../graph/index.ts";
import { type ModelFile, openFile } from "../run/index.ts";
import { holds, type Specification, type Violation } from "./spec/index.ts";

/** Element types of inputs that are verified: a counterexample is a point that the file itself takes. */
export const INPUT_TYPES: readonly DType[] = ["float32"];

export interface Replayed {
  /** All outputs of the file, one after the other, unrounded: some may be float64. */
  readonly y: Float64Array;
  /** The region and disjunct of which it is a counterexample; null where it is none. */
  readonly violated: Violation | null;
}

export interface Replayer {
  readonly runtime: string;
  /** @param x all inputs, one after the other */
  run(x: Float32Array): Promise<Replayed>;
  release(): Promise<void>;
}

/**
 * Open the file as it is: onnxruntime, one thread, no reading of ours in between.
 * @throws verify-inputs, runtime-refused
 */
export async function replayer(
  { bytes, external, path }: Pick<ModelFile, "bytes" | "external" | "path">,
  graph: Graph,
  specification: Specification,
): Promise<Replayer> {
  for (const v of graph.inputs)
    if (!INPUT_TYPES.includes(v.fileDType ?? v.type.dtype))
      fail({
        code: "verify-inputs",
        expected: `a model that takes ${INPUT_TYPES.join(" or ")}`,
        got: `${v.fileDType ?? v.type.dtype} for “${v.name}”`,
        mend: "export it in float32: a counterexample is a point that the file itself takes",
      });
  const file = await openFile(external ? path : bytes, { threads: 1 });
  return {
    runtime: file.runtime,
    async run(x) {
      let at = 0;
      const feeds = graph.inputs.map((v): Tensor => {
        const n = size(v.type.shape);
        at += n;
        return { dtype: "float32", shape: v.type.shape, data: x.slice(at - n, at) };
      });
      const results = await file.run(feeds);
      const y = new Float64Array(specification.outputs);
      let to = 0;
      for (const { data } of results.slice(0, graph.outputs.length)) for (const v of data) y[to++] = Number(v);
      return { y, violated: holds(specification, x, y) };
    },
    release: () => file.release(),
  };
}
